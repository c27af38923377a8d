"""Which path of a document is meant."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vizgate.message.target import normalize_path
from vizgate.validation.openapi.paths import BadTemplate, PathTable
from vizgate.validation.openapi.servers import prefixes_of

TEMPLATES = [
    "/",
    "/pets",
    "/pets/",
    "/pets/mine",
    "/pets/{pet-id}",
    "/pets/{petId}/toys/{toy}",
    "/pets/mine/hats",
    "/files/{name}.{ext}",
    "/files/report-{n}.pdf",
    "/range/{a}..{b}",
    "/caf\xe9",
]


@pytest.fixture
def table() -> PathTable[str]:
    found: PathTable[str] = PathTable()
    for template in TEMPLATES:
        found.add("", template, template)
    return found


@pytest.mark.parametrize(
    ("path", "template", "values"),
    [
        ("/", "/", {}),
        ("/pets", "/pets", {}),
        ("/pets/", "/pets/", {}),
        ("/pets/mine", "/pets/mine", {}),
        ("/p%65ts/m%69ne", "/pets/mine", {}),
        ("/pets/7", "/pets/{pet-id}", {"pet-id": ["7"]}),
        ("/pets/a%2Fb", "/pets/{pet-id}", {"pet-id": ["a/b"]}),
        ("/pets/mine/toys/1", "/pets/{petId}/toys/{toy}", {"petId": ["mine"], "toy": ["1"]}),
        ("/pets/mine/hats", "/pets/mine/hats", {}),
        ("/files/a.b.c", "/files/{name}.{ext}", {"name": ["a"], "ext": ["b.c"]}),
        ("/files/report-7.pdf", "/files/report-{n}.pdf", {"n": ["7"]}),
        ("/range/1..2", "/range/{a}..{b}", {"a": ["1"], "b": ["2"]}),
        ("/caf%C3%A9", "/caf\xe9", {}),
    ],
)
def test_path_is_found(table: PathTable[str], path: str, template: str, values: dict[str, list[str]]) -> None:
    """Fixed text wins over parameters, and values are decoded."""
    assert (template, values) == table.find(normalize_path(path.encode()))


@pytest.mark.parametrize("path", ["/pet", "/pets/1/toys", "/pets/1/", "/files/.x", "/files/x.", "/range/..2", "/PETS"])
def test_other_paths_are_not_found(table: PathTable[str], path: str) -> None:
    """A parameter is never empty; case and slashes matter."""
    assert table.find(path) is None


def test_long_segment_takes_linear_time(table: PathTable[str]) -> None:
    """A segment as long as a head can be is matched in a moment."""
    before = time.process_time()
    assert table.find("/range/" + "." * 60_000) is not None
    assert table.find("/files/" + "a" * 60_000) is None
    assert time.process_time() - before < 1.0


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("pets", "slash"),
        ("/a?b", "query"),
        ("/{a}{b}", "side by side"),
        ("/{a", "brace"),
        ("/{}", "brace"),
        ("/pets/{other}", "same paths"),
        ("/a/..", "cannot be matched"),
        ("/a\\b", "cannot be matched"),
    ],
)
def test_bad_template_says_why(table: PathTable[str], template: str, reason: str) -> None:
    """A template that cannot be read, or is there already, is an error."""
    with pytest.raises(BadTemplate, match=reason):
        table.add("", template, "x")


def test_parameters_of_a_prefix_take_any_segment() -> None:
    """Their values are not given out."""
    table: PathTable[int] = PathTable()
    table.add("/api/v{version:int}", "/pets/{id}", 1)
    assert (1, {"id": ["7"]}) == table.find("/api/v2/pets/7")
    assert table.find("/pets/7") is None


@given(st.lists(st.text(st.characters(codec="ascii", exclude_characters="/"), max_size=6), max_size=5))
def test_any_path_is_found_or_not(segments: list[str]) -> None:
    """Looking never raises."""
    table: PathTable[str] = PathTable()
    for template in TEMPLATES:
        table.add("", template, template)
    table.find("/" + "/".join(segments))


@pytest.mark.parametrize(
    ("servers", "expected"),
    [
        (None, ("",)),
        ([], ("",)),
        ([{"url": "https://api.example.com/v1/"}], ("/v1",)),
        ([{"url": "/"}], ("",)),
        ([{"url": "https://a/v1"}, {"url": "https://b/v1"}, {"url": "/v2"}], ("/v1", "/v2")),
        ([{"url": "//{h}/{v}", "variables": {"h": {"default": "x"}, "v": {"enum": ["v1", "v2"]}}}], ("/v1", "/v2")),
        ([{"url": "/{v}", "variables": {"v": {"default": "v9"}}}], ("/v9",)),
    ],
)  # fmt: skip
def test_servers_give_prefixes(servers: object, expected: tuple[str, ...]) -> None:
    """The paths of all servers, variables filled in."""
    assert expected == prefixes_of(servers)


@pytest.mark.parametrize(
    "servers",
    [
        {"url": "/"},
        ["/"],
        [{"description": "x"}],
        [{"url": "/{v}"}],
        [{"url": "/{v}", "variables": {"v": {"enum": [str(n) for n in range(60)]}}}],
    ],
)
def test_bad_servers_say_why(servers: object) -> None:
    """A mistake in servers is an error."""
    with pytest.raises(ValueError, match="server"):
        prefixes_of(servers)
