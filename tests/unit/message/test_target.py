"""Request targets: the normal form of paths, what is refused, what a rewrite may put together, and authorities."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vizgate.errors import BadRequest, Stage
from vizgate.message.target import (
    BadPath,
    check_rewritten,
    decode_segment,
    drop_segments,
    is_plain_path,
    is_valid_authority,
    normalize_path,
    parse_authority,
    quote_path,
    quote_segment,
    split_absolute,
    split_target,
    strip_prefix,
)

# Pieces that make every rule of the policy likely to be met.
PIECES = [
    *(b"/", b"a", b"B", b".", b"..", b";", b"+", b"@", b":", b"~", b"-", b"!", b"\\", b"\xff", b"%", b"%zz"),
    *(b"%2e", b"%2E", b"%2F", b"%2f", b"%25", b"%61", b"%5c", b"%00", b"%0a", b"%3b", b"%20", b"%C3%A9", b"%ff"),
    *(b"%3F", b"%23"),
]
raw_paths = st.lists(st.sampled_from(PIECES), max_size=12).map(lambda pieces: b"/" + b"".join(pieces))
any_text = st.text(st.characters(exclude_categories=["Cs"])) | st.binary().map(
    lambda raw: raw.decode("utf-8", "surrogateescape")
)


def is_refused(raw: bytes) -> bool:
    try:
        normalize_path(raw)
    except BadPath:
        return True
    return False


def test_split_target_query_is_what_follows_the_first_question_mark() -> None:
    """The query begins behind the first ``?`` and may hold others."""
    assert split_target(b"/a?b?c") == (b"/a", b"b?c")
    assert split_target(b"/a") == (b"/a", b"")


@pytest.mark.parametrize(
    ("raw", "normal"),
    [
        (b"/", "/"),
        (b"/a/b", "/a/b"),
        (b"/a/", "/a/"),
        (b"//a///b//", "/a/b/"),
        (b"//", "/"),
        (b"/./a/./b/.", "/a/b/"),
        (b"/a/../b", "/b"),
        (b"/a/b/..", "/a/"),
        (b"/a/..", "/"),
        (b"/%61", "/a"),
        (b"/a%2e%2E/b", "/a../b"),
        (b"/a/%2e%2E/b", "/b"),
        (b"/a/%2e./b", "/b"),
        (b"/a%2fb", "/a%2Fb"),
        (b"/a%252Fb", "/a%252Fb"),
        (b"/%2561", "/%2561"),
        (b"/100%25", "/100%25"),
        (b"/caf%C3%A9", "/caf\u00e9"),
        (b"/caf\xc3\xa9", "/caf\u00e9"),
        (b"/%ff", "/\udcff"),
        (b"/\xff", "/\udcff"),
        (b"/%C0%AE%C0%AE/", "/\udcc0\udcae\udcc0\udcae/"),
        (b"/a+b%20c", "/a+b c"),
        (b"/a;v=1/b", "/a;v=1/b"),
        (b"/a%3Bb", "/a;b"),
        (b"/..a/...", "/..a/..."),
        (b"/.well-known/x", "/.well-known/x"),
        (b"/ADMIN", "/ADMIN"),
        (b"/admin%20", "/admin "),
        (b"/a%3Fb%23c", "/a?b#c"),
    ],
)
def test_normalize_path_accepted_has_one_normal_form(raw: bytes, normal: str) -> None:
    """Each rule of the policy gives the documented text."""
    assert normalize_path(raw) == normal


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"a",
        b"*",
        b"/..",
        b"/a/../..",
        b"/%2e%2e/a",
        b"/..%2fadmin",
        b"/a/..%2fadmin",
        b"/%2e%2e%2fadmin",
        b"/a%2f..",
        b"/a%2f%2e%2e%2fb",
        b"/a%2F./b",
        b"/.%2fa",
        b"/..%5cadmin",
        b"/..\\admin",
        b"/a\\b",
        b"/a%5Cb",
        b"/..;/admin",
        b"/a/..;x=1/b",
        b"/.;/a",
        b"/%2e%2e;/a",
        b"/..%3b/a",
        b"/a%2f..;/b",
        b"/%00",
        b"/a%0d%0ab",
        b"/a\x00",
        b"/a\x1fb",
        b"/%7F",
        b"/\x7f",
        b"/%",
        b"/%4",
        b"/%zz",
        b"/a%",
        b"/%+1",
    ],
)
def test_normalize_path_of_two_meanings_is_refused(raw: bytes) -> None:
    """What different readers read differently, or is no path, is a 400 of the routing stage."""
    with pytest.raises(BadPath) as caught:
        normalize_path(raw)
    assert isinstance(caught.value, BadRequest)
    assert (caught.value.status, caught.value.stage) == (400, Stage.ROUTE)


@given(raw_paths)
def test_normalize_path_result_has_no_empty_or_dot_segment(raw: bytes) -> None:
    """A normal form begins with one slash and has nothing left to merge or resolve, encoded or hidden."""
    if is_refused(raw):
        return
    normal = normalize_path(raw)
    assert normal[0] == "/"
    assert "" not in normal.split("/")[1:-1]
    for piece in re.split("/|%2F", normal):
        assert piece.partition(";")[0] not in {".", ".."} or not piece
    assert "\\" not in normal
    assert re.search("[\x00-\x1f\x7f]", normal) is None
    assert re.search("%(?!2F|25)", normal) is None


@given(raw_paths)
def test_normalize_path_quoted_again_is_itself(raw: bytes) -> None:
    """``quote_path`` undoes ``normalize_path``: no two different paths share a normal form."""
    if not is_refused(raw):
        normal = normalize_path(raw)
        assert normalize_path(quote_path(normal).encode("ascii")) == normal


@given(raw_paths | st.binary().map(lambda raw: b"/" + raw))
def test_is_plain_path_says_that_the_long_way_changes_nothing(raw: bytes) -> None:
    """The fast answer and the long way agree wherever the fast one answers."""
    if is_plain_path(raw):
        # An encoded letter in front forces the long way.
        assert normalize_path(b"/%61" + raw)[2:] == raw.decode("ascii") == normalize_path(raw)


@pytest.mark.parametrize("raw", [b"/", b"/a", b"/a/", b"/a/b-c_d~1.x", b"/.a", b"/a:b@c;d=e,f", b"/a.b/c"])
def test_is_plain_path_ordinary_paths_take_the_fast_way(raw: bytes) -> None:
    """What most requests ask for needs no normalising."""
    assert is_plain_path(raw)


@pytest.mark.parametrize(
    "raw", [b"", b"a", b"//", b"/a//b", b"/..", b"/./", b"/.", b"/a%20", b"/\xff", b"/ ", b"/.;", b"/a?b"]
)
def test_is_plain_path_anything_odd_takes_the_long_way(raw: bytes) -> None:
    """The fast way never takes what might need a rule of the policy."""
    assert not is_plain_path(raw)


@pytest.mark.parametrize(
    "piece", [b"a", b"a/", b"%61", b"%61/", b"./", b"/", b"%2e/", b"%2F.", b".%2F", b"%2Fa", b"%", b".;/"]
)
def test_normalize_path_100_kib_of_anything_takes_little_time(piece: bytes) -> None:
    """The cost grows with the length, not with what stands there; the bound is far above what it takes."""
    raw = b"/" + piece * (102_400 // len(piece))
    began = time.process_time()
    is_refused(raw)
    assert time.process_time() - began < 0.1


@given(any_text)
def test_quote_segment_decoded_is_what_went_in(text: str) -> None:
    """A value comes back out of the path it was put in, and stays inside its segment."""
    try:
        quoted = quote_segment(text)
    except BadPath:
        return
    assert "/" not in quoted
    assert re.fullmatch(r"[A-Za-z0-9\-._~!$&'()*+,;=:@%]*", quoted)
    if not re.search("[\x00-\x1f\x7f\\\\]", text):
        assert decode_segment(normalize_path(b"/x" + quoted.encode("ascii"))[2:]) == text


@pytest.mark.parametrize("text", [".", "..", "../x", "a/..", "a/./b", "..;x", "/.."])
def test_quote_segment_dot_segment_is_refused(text: str) -> None:
    """No encoding hides a dot segment from the service, so it is not forwarded at all."""
    with pytest.raises(BadPath):
        quote_segment(text)


def test_quote_path_keeps_slashes_and_encodes_the_rest() -> None:
    """Segments stay segments; an encoded slash stays encoded, a bare percent sign becomes one."""
    assert quote_path("a/b c/d%2Fe/f%25/100%") == "a/b%20c/d%2Fe/f%25/100%25"


@pytest.mark.parametrize("normal", ["..", "a/../b", ".", "a%2F..", "..;/a"])
def test_quote_path_dot_segment_is_refused(normal: str) -> None:
    """As for a single segment."""
    with pytest.raises(BadPath):
        quote_path(normal)


@pytest.mark.parametrize(
    ("raw", "prefix", "stripped"),
    [
        (b"/api/users", "/api", b"/users"),
        (b"/api/users", "/api/", b"/users"),
        (b"/api", "/api", b"/"),
        (b"/api/", "/api", b"/"),
        (b"/api/users", "/", b"/api/users"),
        (b"/api/users", "", b"/api/users"),
        (b"/api//evil.example/x", "/api", b"/evil.example/x"),
        (b"//api///evil.example", "/api", b"/evil.example"),
        (b"/api/users@evil.example/x", "/api", b"/users@evil.example/x"),
        (b"/%61pi/us%65rs/%2F", "/api", b"/us%65rs/%2F"),
        (b"/x/../api/a%3Bb", "/api", b"/a%3Bb"),
        (b"/caf%C3%A9/x", "/caf\u00e9", b"/x"),
    ],
)
def test_strip_prefix_leaves_the_rest_as_it_came(raw: bytes, prefix: str, stripped: bytes) -> None:
    """What remains keeps its encoding and begins with exactly one slash."""
    assert strip_prefix(raw, prefix) == stripped


@pytest.mark.parametrize("raw", [b"/apix", b"/apix/a", b"/ap", b"/", b"/api/..", b"/..", b"/api%2Fusers"])
def test_strip_prefix_of_another_path_is_refused(raw: bytes) -> None:
    """Only whole segments count as the prefix."""
    with pytest.raises(BadPath):
        strip_prefix(raw, "/api")


@given(raw_paths, st.integers(0, 4))
def test_drop_segments_result_is_the_rest_of_the_normal_form(raw: bytes, count: int) -> None:
    """Dropping from the path as it came and from its normal form come to the same; never ``//``, never another host."""
    try:
        dropped = drop_segments(raw, count)
    except BadPath:
        return
    assert dropped[:1] == b"/"
    assert dropped[1:2] != b"/"
    assert normalize_path(dropped) == "/" + "/".join(normalize_path(raw).split("/")[1 + count :])


def test_drop_segments_too_few_are_refused() -> None:
    """The empty end of a path is no segment to drop."""
    assert drop_segments(b"/a/b", 2) == b"/"
    for raw in (b"/a", b"/a/"):
        with pytest.raises(BadPath):
            drop_segments(raw, 2)


@pytest.mark.parametrize(
    ("raw", "checked"),
    [
        (b"/a/b", b"/a/b"),
        (b"a", b"/a"),
        (b"", b"/"),
        (b"//evil.example/x", b"/evil.example/x"),
        (b"/a//b", b"/a//b"),
        (b"/a%20b/%2F", b"/a%20b/%2F"),
    ],
)
def test_check_rewritten_begins_with_exactly_one_slash(raw: bytes, checked: bytes) -> None:
    """A rewrite can never make a network-path reference (RFC 3986 4.2)."""
    assert check_rewritten(raw) == checked


@pytest.mark.parametrize(
    "raw", [b"/a/../b", b"/..", b"/a/%2e%2e/b", b"/a/.", b"/..%2fa", b"/a\\b", b"/%00", b"/%", b"/..;/x"]
)
def test_check_rewritten_what_a_client_may_not_send_is_refused(raw: bytes) -> None:
    """A template and its values may not come together as a dot segment."""
    with pytest.raises(BadPath):
        check_rewritten(raw)


@pytest.mark.parametrize(
    ("raw", "parsed"),
    [
        (b"example.com", ("example.com", None)),
        (b"API.Example.COM:8080", ("api.example.com", 8080)),
        (b"example.com:", ("example.com", None)),
        (b"example.com.", ("example.com.", None)),
        (b"127.0.0.1:80", ("127.0.0.1", 80)),
        (b"[::1]", ("[::1]", None)),
        (b"[2001:DB8:0:0::1]:443", ("[2001:db8::1]", 443)),
        (b"my_service", ("my_service", None)),
        (b"a%41", ("a%41", None)),
        (b"a:65535", ("a", 65535)),
        (b"a:080", ("a", 80)),
    ],
)
def test_parse_authority_valid_gives_host_and_port(raw: bytes, parsed: tuple[str, int | None]) -> None:
    """Hosts come in lower case, IPv6 in its shortest form (RFC 3986 3.2.2)."""
    assert parse_authority(raw) == parsed
    assert is_valid_authority(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b":80",
        b"a b",
        b" a",
        b"a ",
        b"user@a",
        b"user:pass@a",
        b"a/b",
        b"a?b",
        b"a#b",
        b"a\\b",
        b"a:b",
        b"a:80:80",
        b"a:65536",
        b"a:0",
        b"a:-1",
        b"a:+1",
        b"a: 80",
        b"::1",
        b"[::1",
        b"[]",
        b"[:::1]",
        b"[::1]x",
        b"[1.2.3.4]",
        b"[fe80::1%25eth0]",
        b"[v1.x]",
        b"a%zz",
        b"a,b c",
        b"\xff",
        b"a\x00",
        b"a\n",
        b"a" * 256,
        b"a:" + b"1" * 100,
        b"http://a",
    ],
)
def test_parse_authority_invalid_gives_none(raw: bytes) -> None:
    """What is not ``host`` or ``host:port`` is never forwarded as Host."""
    assert parse_authority(raw) is None
    assert not is_valid_authority(raw)


@given(st.binary(max_size=30))
def test_is_valid_authority_agrees_with_parse_authority(raw: bytes) -> None:
    """The quick check and the parser have one opinion."""
    assert is_valid_authority(raw) == (parse_authority(raw) is not None)


@pytest.mark.parametrize(
    ("target", "parts"),
    [
        (b"http://a/b?c", (b"a", b"/b?c")),
        (b"HTTPS://A:8443", (b"A:8443", b"/")),
        (b"http://a?x=1", (b"a", b"/?x=1")),
        (b"http://a//b", (b"a", b"//b")),
    ],
)
def test_split_absolute_valid_gives_authority_and_origin_form(target: bytes, parts: tuple[bytes, bytes]) -> None:
    """An empty path becomes a slash (RFC 9112 3.2.1)."""
    assert split_absolute(target) == parts


@pytest.mark.parametrize(
    "target",
    [b"/a", b"http:///a", b"http://", b"http://u@a/", b"ftp://a/", b"http:/a", b"http://a b/", b"http://a/#f", b"*"],
)
def test_split_absolute_invalid_gives_none(target: bytes) -> None:
    """Without a valid authority a target in absolute form means nothing."""
    assert split_absolute(target) is None
