"""The rules that both codecs keep alike: splitting whole heads into fields."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vizgate.errors import VizgateError
from vizgate.message.headers import Field
from vizgate.wire.choice import choose_codec
from vizgate.wire.codec import CodecRejected, HeadCodec
from vizgate.wire.codec_h11 import H11Codec
from vizgate.wire.codec_httptools import HttptoolsCodec
from vizgate.wire.grammar import METHODS, REQUEST_HEAD, RESPONSE_HEAD

GET = b"GET / HTTP/1.1\r\nHost: a\r\n"
OK = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture
def without_httptools(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vizgate.wire.choice.find_spec", lambda name: None)


def test_choose_codec_auto_prefers_httptools() -> None:
    """``server.http: auto`` takes the fast codec where it is installed."""
    assert [choose_codec().name, choose_codec("httptools").name, choose_codec("h11").name] == [
        "httptools",
        "httptools",
        "h11",
    ]


def test_choose_codec_without_httptools_takes_h11(without_httptools: None) -> None:
    """Where httptools is missing, ``auto`` is the portable codec, and asking for httptools an error with a remedy."""
    assert choose_codec("auto").name == "h11"
    with pytest.raises(VizgateError, match="use h11 or install httptools"):
        choose_codec("httptools")


def test_choose_codec_unknown_name_is_refused() -> None:
    """A name that no codec has is a mistake of the caller; the message lists those that exist."""
    with pytest.raises(VizgateError, match="auto, httptools and h11"):
        choose_codec("http-parser")


@pytest.mark.parametrize("method", sorted(METHODS))
def test_request_fields_every_method_is_readable(codec: HeadCodec, method: bytes) -> None:
    """What the gateway forwards does not depend on the codec."""
    assert codec.request_fields(method + GET[3:] + b"\r\n") == [(b"Host", b"a")]


def test_request_fields_come_in_order_as_spelled(codec: HeadCodec) -> None:
    """Names keep their case, lines their order; values lose outer white space only (RFC 9110 5.3, 5.5)."""
    head = GET + b"X-B:1\r\nx-a:\t a \t b\t \r\nX-B: 2\r\nE:\r\nF: \r\n\r\n"
    expected = [(b"Host", b"a"), (b"X-B", b"1"), (b"x-a", b"a \t b"), (b"X-B", b"2"), (b"E", b""), (b"F", b"")]
    assert codec.request_fields(head) == expected


def test_response_fields_come_in_order_as_spelled(codec: HeadCodec) -> None:
    """As in requests; Set-Cookie lines are never merged (RFC 9110 5.3)."""
    head = OK + b"Set-Cookie: a=1\r\nSet-Cookie: b=2 \r\n\r\n"
    assert codec.response_fields(head) == [(b"Set-Cookie", b"a=1"), (b"Set-Cookie", b"b=2")]


@pytest.mark.parametrize(
    "status", [b"100 Continue", b"103 Early Hints", b"200", b"200 ", b"204 No", b"304 N", b"599 \xff"]
)
def test_response_fields_every_status_is_readable(codec: HeadCodec, status: bytes) -> None:
    """1xx, bodiless answers, and those without reason phrase are heads like any other (RFC 9112 4)."""
    assert codec.response_fields(b"HTTP/1.1 " + status + b"\r\nX: 1\r\n\r\n") == [(b"X", b"1")]


def test_fields_of_an_upgrade_are_readable(codec: HeadCodec) -> None:
    """A request for an upgrade and the 101 that grants it are whole heads (RFC 9110 7.8)."""
    lines = b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
    fields = [(b"Connection", b"Upgrade"), (b"Upgrade", b"websocket")]
    assert codec.request_fields(GET + lines + b"\r\n") == [(b"Host", b"a"), *fields]
    assert codec.response_fields(b"HTTP/1.1 101 Switching Protocols\r\n" + lines + b"\r\n") == fields


@pytest.mark.parametrize(
    "lines", [b"Content-Length: 5\r\nContent-Length: 5\r\n", b"Content-Length: 5, 5\r\n", b"content-length: x\r\n"]
)
def test_fields_repeated_length_is_refused(codec: HeadCodec, lines: bytes) -> None:
    """Both codecs refuse lengths that one of them would merge (RFC 9112 6.3 allows either)."""
    with pytest.raises(CodecRejected):
        codec.request_fields(GET + lines + b"\r\n")
    with pytest.raises(CodecRejected):
        codec.response_fields(OK + lines + b"\r\n")


def test_fields_not_a_head_is_refused(codec: HeadCodec) -> None:
    """What is no head to the codec is refused by one error, whatever library found it."""
    for block in (b"\0\r\n\r\n", b"GET\r\n\r\n"):
        with pytest.raises(CodecRejected):
            codec.request_fields(block)
        with pytest.raises(CodecRejected):
            codec.response_fields(block)


def test_h11_unfinished_head_is_refused() -> None:
    """A codec is asked about whole heads only; a part of one is a fault, not a reason to wait."""
    with pytest.raises(CodecRejected, match="incomplete"):
        H11Codec().request_fields(GET)


_token = st.text("aZ-_!#$%&'*+.^`|~09", min_size=1, max_size=8).map(str.encode)
_text = st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"]) | st.just("\t"), max_size=12).map(
    lambda text: text.encode("latin-1")
)
_fields = st.lists(st.tuples(_token.map(lambda name: b"x" + name), _text), max_size=6)
_targets = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="#"), max_size=20).map(
    lambda text: b"/" + text.encode()
)
relaxed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@relaxed
@given(_targets, _fields)
def test_request_fields_any_valid_head_codecs_agree(target: bytes, fields: list[Field]) -> None:
    """What the strict grammar lets through, both codecs read, and read alike."""
    head = b"GET " + target + b" HTTP/1.1\r\nHost: a\r\n" + b"".join(b"%b:%b\r\n" % field for field in fields) + b"\r\n"
    assert REQUEST_HEAD.fullmatch(head)
    expected = [(b"Host", b"a"), *[(name, value.strip(b" \t")) for name, value in fields]]
    assert expected == HttptoolsCodec().request_fields(head)
    assert expected == H11Codec().request_fields(head)


@relaxed
@given(st.integers(100, 599).filter(lambda status: status != 101), _text, _fields)
def test_response_fields_any_valid_head_codecs_agree(status: int, reason: bytes, fields: list[Field]) -> None:
    """As for requests."""
    head = b"HTTP/1.1 %d %b\r\n%b\r\n" % (status, reason, b"".join(b"%b:%b\r\n" % field for field in fields))
    assert RESPONSE_HEAD.fullmatch(head)
    expected = [(name, value.strip(b" \t")) for name, value in fields]
    assert expected == HttptoolsCodec().response_fields(head)
    assert expected == H11Codec().response_fields(head)
