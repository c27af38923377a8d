"""How parameters are written, by style and explode."""

from __future__ import annotations

import pytest

from vizgate.validation.parameters.pairs import (
    Malformed,
    cookie_pairs,
    decode,
    field_values,
    header_key,
    query_pairs,
)
from vizgate.validation.parameters.styles import Form, Style

COLORS = ("R", "G", "B")


def query(text: str, style: str, form: Form, *, explode: bool) -> object:
    return Style("query", "color", style, explode, COLORS).reader(form)(query_pairs(text))


@pytest.mark.parametrize(
    ("text", "style", "form", "explode", "expected"),
    [
        ("color=blue", "form", Form.TEXT, True, "blue"),
        ("color=", "form", Form.TEXT, True, ""),
        ("color", "form", Form.TEXT, False, ""),
        ("color=a%20b+c", "form", Form.TEXT, True, "a b c"),
        ("other=1", "form", Form.TEXT, True, None),
        ("color=blue&color=black", "form", Form.LIST, True, ["blue", "black"]),
        ("color=blue", "form", Form.LIST, True, ["blue"]),
        ("color=blue,black", "form", Form.LIST, True, ["blue,black"]),
        ("color=blue,black", "form", Form.LIST, False, ["blue", "black"]),
        ("color=a%2Cb,c", "form", Form.LIST, False, ["a,b", "c"]),
        ("color=", "form", Form.LIST, False, []),
        ("R=100&G=200&X=1", "form", Form.MAPPING, True, {"R": "100", "G": "200"}),
        ("X=1", "form", Form.MAPPING, True, None),
        ("color=R,100,G,200", "form", Form.MAPPING, False, {"R": "100", "G": "200"}),
        ("color=blue%20black%20brown", "spaceDelimited", Form.LIST, False, ["blue", "black", "brown"]),
        ("color=blue+black", "spaceDelimited", Form.LIST, False, ["blue", "black"]),
        ("color=R%20100%20G%20200", "spaceDelimited", Form.MAPPING, False, {"R": "100", "G": "200"}),
        ("color=blue|black", "pipeDelimited", Form.LIST, False, ["blue", "black"]),
        ("color=blue%7Cblack", "pipeDelimited", Form.LIST, False, ["blue", "black"]),
        ("color=a&color=b", "pipeDelimited", Form.LIST, True, ["a", "b"]),
        ("color=R|100|G|200", "pipeDelimited", Form.MAPPING, False, {"R": "100", "G": "200"}),
        ("color[R]=100&color[G]=200", "deepObject", Form.MAPPING, True, {"R": "100", "G": "200"}),
        ("color%5BR%5D=100", "deepObject", Form.MAPPING, True, {"R": "100"}),
        ("color[R]=1&color[R]=2", "deepObject", Form.MAPPING, True, {"R": ["1", "2"]}),
        ("colors[R]=1", "deepObject", Form.MAPPING, True, None),
    ],
)  # fmt: skip
def test_query_style_is_read(text: str, style: str, form: Form, explode: bool, expected: object) -> None:
    """Every style of the query reads as the table of OpenAPI says; delimiters that are encoded are data."""
    assert expected == query(text, style, form, explode=explode)


@pytest.mark.parametrize(
    ("text", "style", "form", "explode", "reason"),
    [
        ("color=a&color=b", "form", Form.TEXT, True, "more than once"),
        ("color=a&color=b", "form", Form.LIST, False, "more than once"),
        ("color=R,100,G", "form", Form.MAPPING, False, "pairs"),
        ("color=R,1,R,2", "form", Form.MAPPING, False, "twice"),
        ("color[a][b]=1", "deepObject", Form.MAPPING, True, "not written as"),
        ("color[]=1", "deepObject", Form.MAPPING, True, "not written as"),
        ("color[a=1", "deepObject", Form.MAPPING, True, "not written as"),
        ("color=%zz", "form", Form.TEXT, True, "percent-encoding"),
        ("color=%", "form", Form.TEXT, True, "percent-encoding"),
        ("color=%ff", "form", Form.TEXT, True, "UTF-8"),
        ("color=\xff", "form", Form.TEXT, True, "UTF-8"),
    ],
)
def test_query_that_readers_take_differently_is_malformed(
    text: str, style: str, form: Form, explode: bool, reason: str
) -> None:
    """What could be read in two ways is refused, without showing it."""
    with pytest.raises(Malformed, match=reason):
        query(text, style, form, explode=explode)


@pytest.mark.parametrize(
    ("lines", "form", "explode", "expected"),
    [
        ([b"blue"], Form.TEXT, False, "blue"),
        ([b"blue, black ,brown"], Form.LIST, False, ["blue", "black", "brown"]),
        ([b"blue", b"black"], Form.LIST, False, ["blue", "black"]),
        ([b"R,100,G,200"], Form.MAPPING, False, {"R": "100", "G": "200"}),
        ([b"R=100,G=200"], Form.MAPPING, True, {"R": "100", "G": "200"}),
        ([b"a%20b"], Form.TEXT, False, "a%20b"),
        ([], Form.TEXT, False, None),
    ],
)
def test_header_style_is_read(lines: list[bytes], form: Form, explode: bool, expected: object) -> None:
    """Headers are lists with commas, over one line or several; percent-encoding is no part of them."""
    raw = field_values([(b"X-Color", line) for line in lines])
    assert expected == Style("header", header_key("x-COLOR"), "simple", explode).reader(form)(raw)


def test_header_given_twice_is_no_single_text() -> None:
    """Two lines of a header that is one value are refused."""
    raw = field_values([(b"X-Color", b"a"), (b"x-color", b"b")])
    with pytest.raises(Malformed, match="more than once"):
        Style("header", header_key("X-Color"), "simple", explode=False).reader(Form.TEXT)(raw)


def test_header_mapping_without_names_is_malformed() -> None:
    """An exploded mapping has a name in every piece."""
    raw = field_values([(b"X-Color", b"R=1,2")])
    with pytest.raises(Malformed, match="NAME=VALUE"):
        Style("header", header_key("X-Color"), "simple", explode=True).reader(Form.MAPPING)(raw)


@pytest.mark.parametrize(
    ("value", "form", "explode", "expected"),
    [
        (b"a=1; id=5", Form.TEXT, True, "5"),
        (b"id=3%2C4+5", Form.TEXT, True, "3,4+5"),
        (b"id=3,4", Form.LIST, False, ["3", "4"]),
        (b"id=3; id=4", Form.LIST, True, ["3", "4"]),
        (b"junk; =x; other=1", Form.TEXT, True, None),
    ],
)
def test_cookie_style_is_read(value: bytes, form: Form, explode: bool, expected: object) -> None:
    """Cookies are read by name; a plus in one is a plus."""
    raw = cookie_pairs([(b"Accept", b"x"), (b"Cookie", value)])
    assert expected == Style("cookie", "id", "form", explode).reader(form)(raw)


@pytest.mark.parametrize(
    ("text", "form", "explode", "expected"),
    [
        ("blue", Form.TEXT, False, "blue"),
        ("3,4,5", Form.LIST, False, ["3", "4", "5"]),
        ("R,100,G,200", Form.MAPPING, False, {"R": "100", "G": "200"}),
        ("R=100,G=200", Form.MAPPING, True, {"R": "100", "G": "200"}),
        ("caf\xe9", Form.TEXT, False, "caf\xe9"),
    ],
)
def test_path_style_is_read(text: str, form: Form, explode: bool, expected: object) -> None:
    """Values of the path are decoded already."""
    assert expected == Style("path", "color", "simple", explode).reader(form)({"color": [text]})


def test_path_value_that_is_no_text_is_malformed() -> None:
    """Bytes that are not UTF-8 are lone surrogates in a normal form, and no text."""
    with pytest.raises(Malformed, match="UTF-8"):
        Style("path", "color", "simple", explode=False).reader(Form.TEXT)({"color": ["\udcff"]})


def test_query_names_are_decoded() -> None:
    """A name means what it decodes to, so that an encoded twin cannot slip by."""
    assert {"limit": ["1", "2"], "": ["x"]} == query_pairs("limit=1&l%69mit=2&&=x")
    with pytest.raises(Malformed):
        query_pairs("%zz=1")


def test_decode_is_done_once() -> None:
    """What was encoded twice is still encoded."""
    assert "%41" == decode("%2541")
