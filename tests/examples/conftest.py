"""The files that examples name and that no repository should hold: certificates, with their keys."""

from __future__ import annotations

import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import trustme

PACKAGES = sorted((Path(__file__).parents[2] / "examples").glob("plugin-*"))


@pytest.fixture(scope="session")
def announcements(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that says of every example package what an installation of it would say."""
    folder = tmp_path_factory.mktemp("announcements")
    for package in PACKAGES:
        project = tomllib.loads((package / "pyproject.toml").read_text("utf-8"))["project"]
        name, version = project["name"], project["version"]
        info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", "utf-8")
        groups = [
            "\n".join([f"[{group}]", *(f"{short} = {place}" for short, place in points.items()), ""])
            for group, points in project["entry-points"].items()
        ]
        (info / "entry_points.txt").write_text("\n".join(groups), "utf-8")
    return folder


@pytest.fixture(autouse=True)
def packages(announcements: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Every example package is there, whether ``make`` has installed them or not; gives their folders."""
    for folder in (announcements, *(package / "src" for package in PACKAGES)):
        monkeypatch.syspath_prepend(str(folder))
    return PACKAGES


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(autouse=True)
def certificates(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """``TLS_CERT``, ``TLS_KEY`` and ``CLIENTS_CA`` name good files; gives their folder."""
    issued = authority.issue_cert("localhost", "127.0.0.1")
    issued.private_key_pem.write_to_path(tmp_path / "key.pem")
    (tmp_path / "cert.pem").write_bytes(b"".join(pem.bytes() for pem in issued.cert_chain_pems))
    authority.cert_pem.write_to_path(tmp_path / "clients.pem")
    for name, file in (("TLS_CERT", "cert.pem"), ("TLS_KEY", "key.pem"), ("CLIENTS_CA", "clients.pem")):
        monkeypatch.setenv(name, str(tmp_path / file))
    return tmp_path


@pytest.fixture
def run_folder(monkeypatch: pytest.MonkeyPatch):
    """``RUN_FOLDER``, with a short name: the kernel has room for 107 bytes."""
    with TemporaryDirectory(prefix="vg") as name:
        monkeypatch.setenv("RUN_FOLDER", name)
        yield Path(name)
