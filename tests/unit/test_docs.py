"""The documentation says what is: its samples load, its names exist, its generated pages are up to date."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import re
from pathlib import Path

import pytest
import yaml

from vizgate.config import load_text

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), ROOT / "README.md", *(ROOT / "examples").rglob("README.md")])
_FENCE = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_DOTTED = re.compile(r"`(vizgate(?:\.\w+)+)`")
_LINK = re.compile(r"\]\((?!https?://)([^)#\s]+)(#[^)\s]*)?\)")


def fences(language: str) -> list[tuple[str, str]]:
    """Every code block in *language*, with where it stands."""
    found = []
    for page in PAGES:
        text = page.read_text("utf-8")
        blocks = [match for match in _FENCE.finditer(text) if match[1] == language]
        found += [
            (f"{page.relative_to(ROOT)}:{text.count(chr(10), 0, block.start()) + 1}", block[2]) for block in blocks
        ]
    return found


def ids(samples: list[tuple[str, str]]) -> list[str]:
    return [where for where, _ in samples]


CONFIGS = [(where, text) for where, text in fences("yaml") if re.search(r"^version: 1$", text, re.MULTILINE)]
PROGRAMS = fences("python")
FRAGMENTS = fences("yaml")


@pytest.mark.parametrize(("where", "text"), CONFIGS, ids=ids(CONFIGS))
def test_configuration_in_docs_loads(where: str, text: str) -> None:
    """A whole configuration in the documentation is one that the loader takes."""
    # Here are the files that samples name.
    load_text(text, where, base=ROOT / "examples" / "openapi-validation", environment={})


@pytest.mark.parametrize(("where", "text"), FRAGMENTS, ids=ids(FRAGMENTS))
def test_fragment_in_docs_is_yaml(where: str, text: str) -> None:
    """A part of a configuration in the documentation is YAML."""
    assert yaml.safe_load(text) is not None or text.startswith("#"), where


@pytest.mark.parametrize(("where", "text"), PROGRAMS, ids=ids(PROGRAMS))
def test_program_in_docs_imports_what_exists(where: str, text: str) -> None:
    """A program in the documentation is Python, and everything it takes from vizgate is there."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "vizgate":
            module = importlib.import_module(node.module or "")
            missing = [alias.name for alias in node.names if not hasattr(module, alias.name)]
            assert [] == missing, where


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    """A relative link leads to a file of the repository, on a disk as on the web."""
    missing = [path for path, _ in _LINK.findall(page.read_text("utf-8")) if not (page.parent / path).exists()]
    assert [] == missing


def test_every_page_is_in_the_navigation() -> None:
    """A page that nobody can get to does not exist; decisions are reached through their list."""
    navigation = (ROOT / ".mkdocs.yml").read_text("utf-8")
    decisions = (DOCS / "adr" / "index.md").read_text("utf-8")
    for page in DOCS.rglob("*.md"):
        name = str(page.relative_to(DOCS))
        assert f": {name}\n" in navigation or f"]({page.name})" in decisions, f"{name} is in no list"


def test_navigation_leads_to_pages() -> None:
    """Every entry of the navigation has its page."""
    pages = re.findall(r": ([\w/-]+\.md)$", (ROOT / ".mkdocs.yml").read_text("utf-8"), re.MULTILINE)
    assert [] == [page for page in pages if not (DOCS / page).is_file()]


def test_generated_pages_are_up_to_date() -> None:
    """The pages made from the models are what the models make now; if not: ``make docs-pages``."""
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    stale = [path for path, text in module.pages().items() if path.read_text("utf-8") != text]
    assert [] == stale


def test_life_of_a_request_has_the_steps_of_its_line() -> None:
    """The headings are the steps, in the order of the line at the top."""
    text = (DOCS / "life-of-a-request.md").read_text("utf-8")
    line = " ".join(part.strip() for part in re.findall(r"^    (.+)$", text, re.MULTILINE))
    assert [step.strip() for step in line.split("->")] == re.findall(r"^## (.+)$", text, re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_dotted_names_in_docs_exist(page: Path) -> None:
    """A name such as ``vizgate.router.Router.match`` in the text is a module, a class, a function or a method."""
    missing = [name for name in _DOTTED.findall(page.read_text("utf-8")) if not exists(name)]
    assert [] == missing


def exists(dotted: str) -> bool:
    """Whether *dotted* is a module or something in one; an entry-point group and a file only look like one."""
    if dotted in {"vizgate.commands", "vizgate.plugins", "vizgate.service", "vizgate.socket", "vizgate.yaml"}:
        return True
    parts = dotted.split(".")
    for split in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:split]))
        except ModuleNotFoundError:
            continue
        for part in parts[split:]:
            found = getattr(found, part, None)
            if found is None:
                return False
        return True
    return False
