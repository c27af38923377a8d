"""The rules of ``RequestReader``, each with both codecs, whole and byte by byte."""

from __future__ import annotations

import pytest

from tests.unit.wire.conftest import ReadRequest
from vizgate.errors import (
    BadRequest,
    DownstreamError,
    ExpectationFailed,
    HeadTooLarge,
    MethodNotImplemented,
    TargetTooLong,
    VersionNotSupported,
)
from vizgate.message.heads import CHUNKED, NO_BODY, BodyKind, Framing
from vizgate.wire.codec import HeadCodec
from vizgate.wire.fields import FieldSorter
from vizgate.wire.grammar import METHODS
from vizgate.wire.limits import WireLimits
from vizgate.wire.request import RequestReader

HOST = b"Host: a.example\r\n"


def _get(
    lines: bytes = b"", target: bytes = b"/", host: bytes = HOST, version: bytes = b"1.1", method: bytes = b"GET"
) -> bytes:
    return method + b" " + target + b" HTTP/" + version + b"\r\n" + host + lines + b"\r\n"


def test_feed_plain_request_is_understood(read_request: ReadRequest) -> None:
    """Method, target as it came, version, end-to-end fields in order, authority; no body, and the connection stays."""
    head, rest = read_request(_get(b"X-A:  1 \r\nx-a: 2\r\nConnection: x-a\r\nAccept: */*\r\n", b"/a%20b//c?d=%zz&e"))
    shape = head.shape
    assert ("GET", b"/a%20b//c?d=%zz&e", 1, b"") == (head.method, head.target, shape.minor, rest)
    assert shape.fields == [(b"Host", b"a.example"), (b"Accept", b"*/*")]
    assert (b"a.example", NO_BODY, True, False, b"", ()) == (
        shape.authority,
        shape.framing,
        shape.keep_alive,
        shape.expects_continue,
        shape.upgrade,
        shape.asserted,
    )


@pytest.mark.parametrize("method", sorted(METHODS))
def test_feed_every_known_method_is_read(read_request: ReadRequest, method: bytes) -> None:
    """All methods of the registry that can be forwarded are; names are case-sensitive (RFC 9110 9.1)."""
    assert read_request(_get(method=method))[0].method == method.decode()


@pytest.mark.parametrize("method", [b"CONNECT", b"TRACE", b"PRI", b"FROB", b"get", b"SOURCE", b"A" * 100])
def test_feed_other_method_is_not_implemented(read_request: ReadRequest, method: bytes) -> None:
    """CONNECT would tunnel, TRACE would tell (RFC 9110 9.3.6, 9.3.8); what is unknown is 501 (15.6.2)."""
    with pytest.raises(MethodNotImplemented):
        read_request(_get(method=method))


@pytest.mark.parametrize("version", [b"2.0", b"3.0", b"1.2", b"0.9", b"9.9"])
def test_feed_other_version_is_not_supported(read_request: ReadRequest, version: bytes) -> None:
    """A version that is well-formed but not 1.0 or 1.1 is 505 (RFC 9110 15.6.6)."""
    with pytest.raises(VersionNotSupported):
        read_request(_get(version=version))


def test_feed_http2_preface_is_not_supported(read_request: ReadRequest) -> None:
    """The preface of HTTP/2 with prior knowledge is no HTTP/1.1 request (RFC 9113 3.4)."""
    with pytest.raises(VersionNotSupported):
        read_request(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")


@pytest.mark.parametrize(
    "head",
    [
        b"GET /t\r\n\r\n",
        b"GET  / HTTP/1.1\r\n" + HOST + b"\r\n",
        b"GET /  HTTP/1.1\r\n" + HOST + b"\r\n",
        b"GET\t/ HTTP/1.1\r\n" + HOST + b"\r\n",
        b" GET / HTTP/1.1\r\n" + HOST + b"\r\n",
        b"GET / HTTP/1.1 \r\n" + HOST + b"\r\n",
        b"GET / HTTP/11\r\n" + HOST + b"\r\n",
        b"GET / HTTP/1.10\r\n" + HOST + b"\r\n",
        b"GET / http/1.1\r\n" + HOST + b"\r\n",
        b"GET / HTTP/x.1\r\n" + HOST + b"\r\n",
        b"GET / x HTTP/1.1\r\n" + HOST + b"\r\n",
        b"G@T / HTTP/1.1\r\n" + HOST + b"\r\n",
        b"GET / HTTP/1.1\n" + HOST + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: a\n\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\n\n\r\n\r\n",
        b"GET / HTTP/1.1\rHost: a\r\n\r\n",
        b"GET /\r HTTP/1.1\r\n" + HOST + b"\r\n",
        b"\nGET / HTTP/1.1\r\n" + HOST + b"\r\n",
        b"\0GET / HTTP/1.1\r\n" + HOST + b"\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    ],
)
def test_feed_malformed_request_line_is_refused(read_request: ReadRequest, head: bytes) -> None:
    """One space between three parts, CRLF at the end, nothing else (RFC 9112 2.2, 3); TLS on a plain port neither."""
    with pytest.raises(BadRequest):
        read_request(head)


@pytest.mark.parametrize(
    "lines",
    [
        b"X : 1\r\n", b"X\t: 1\r\n", b" X: 1\r\n", b"X: 1\r\n 2\r\n", b"X: 1\r\n\t2\r\n", b"X\r\n",
        b": 1\r\n", b"X Y: 1\r\n",
        b"X@: 1\r\n", b"X: a\0b\r\n", b"X: a\rb\r\n", b"X: a\nb\r\n", b"X: a\n\r\n", b"X: \x01\r\n", b"X: \x7f\r\n",
        b"X: \x0b\r\n", b"\xc3\xa9: 1\r\n", b"X\0: 1\r\n", b"X: 1\r\r\n",
    ],
)  # fmt: skip
def test_feed_malformed_field_line_is_refused(read_request: ReadRequest, lines: bytes) -> None:
    """Space before the colon, obs-fold, bare CR or LF, NUL, control bytes: 400 (RFC 9112 5.1, 5.2; RFC 9110 5.5)."""
    with pytest.raises(BadRequest):
        read_request(_get(lines))
    with pytest.raises(BadRequest):
        read_request(_get(HOST, host=lines))


@pytest.mark.parametrize("target", [b"/a#b", b"/\x7f", b"/\xc3\xa9", b"/a\tb", b"/a\0b", b"#"])
def test_feed_target_with_bad_byte_is_refused(read_request: ReadRequest, target: bytes) -> None:
    """A target is visible ASCII without a fragment (RFC 9112 3.2; RFC 3986 3.5)."""
    with pytest.raises(BadRequest):
        read_request(_get(target=target))


@pytest.mark.parametrize(
    "target", [b"a", b"*", b"?x", b"a.example:80", b"http://", b"ftp://a/", b"http://u@a/", b"http:/a"]
)
def test_feed_target_of_no_form_is_refused(read_request: ReadRequest, target: bytes) -> None:
    """Origin form, absolute http(s) form, or "*" for OPTIONS; no user information (RFC 9112 3.2, 9110 4.2.4)."""
    with pytest.raises(BadRequest):
        read_request(_get(target=target))


def test_feed_asterisk_is_for_options(read_request: ReadRequest) -> None:
    """Asterisk-form is only for a server-wide OPTIONS (RFC 9112 3.2.4)."""
    head, _ = read_request(_get(target=b"*", method=b"OPTIONS"))
    assert (b"*", b"a.example") == (head.target, head.shape.authority)


@pytest.mark.parametrize(
    ("target", "origin", "authority"),
    [
        (b"http://b.example/x?y", b"/x?y", b"b.example"),
        (b"HTTPS://b.example:8443", b"/", b"b.example:8443"),
        (b"http://b.example?y", b"/?y", b"b.example"),
        (b"http://[::1]/", b"/", b"[::1]"),
    ],
)
def test_feed_absolute_form_replaces_host(
    read_request: ReadRequest, target: bytes, origin: bytes, authority: bytes
) -> None:
    """A proxy "MUST ignore the received Host header field" and replace it by the target's (RFC 9112 3.2.2)."""
    head, _ = read_request(_get(b"A: 1\r\n", target=target))
    assert (origin, authority) == (head.target, head.shape.authority)
    assert head.shape.fields == [(b"Host", authority), (b"A", b"1")]
    head, _ = read_request(_get(target=target, host=b"", version=b"1.0"))
    assert head.shape.fields == [(b"Host", authority)]


@pytest.mark.parametrize(
    "host",
    [
        b"", HOST + HOST, HOST + b"host: b\r\n", b"Host:\r\n", b"Host: a b\r\n", b"Host: u@a\r\n", b"Host: a/b\r\n",
        b"Host: a:x\r\n", b"Host: a:99999\r\n", b"Host: [::1\r\n", b"Host: a?b\r\n", b"Host: a\\b\r\n",
        b"Host: \xff\r\n", b"Host: http://a\r\n",
    ],
)  # fmt: skip
def test_feed_not_exactly_one_valid_host_is_refused(read_request: ReadRequest, host: bytes) -> None:
    """No Host, two, or an invalid one: "A server MUST respond with a 400" (RFC 9112 3.2)."""
    with pytest.raises(BadRequest):
        read_request(_get(host=host))


@pytest.mark.parametrize("target", [b"/", b"http://b.example/"])
def test_feed_invalid_host_is_refused_on_http10_and_absolute_form_too(read_request: ReadRequest, target: bytes) -> None:
    """The 400 for an invalid Host is for any request message (RFC 9112 3.2)."""
    for version in (b"1.0", b"1.1"):
        with pytest.raises(BadRequest):
            read_request(_get(target=target, host=b"Host: a b\r\n", version=version))


def test_feed_http10_without_host_is_read(read_request: ReadRequest) -> None:
    """HTTP/1.0 knows no Host; such a request ends its connection unless it asks otherwise (RFC 9112 9.3, C.2.2)."""
    head, _ = read_request(_get(host=b"", version=b"1.0"))
    assert (0, b"", False) == (head.shape.minor, head.shape.authority, head.shape.keep_alive)


@pytest.mark.parametrize(
    ("version", "connection", "keep_alive"),
    [
        (b"1.1", b"", True),
        (b"1.1", b"Connection: Close\r\n", False),
        (b"1.1", b"Connection: x, close\r\nConnection: y\r\n", False),
        (b"1.1", b"Connection: keep-alive, close\r\n", False),
        (b"1.0", b"Connection: Keep-Alive\r\n", True),
        (b"1.0", b"Connection: keep-alive, close\r\n", False),
    ],
)
def test_feed_keep_alive_follows_version_and_connection(
    read_request: ReadRequest, version: bytes, connection: bytes, *, keep_alive: bool
) -> None:
    """Close ends it; else 1.1 persists, and 1.0 if it says keep-alive (RFC 9112 9.3)."""
    assert read_request(_get(connection, version=version))[0].shape.keep_alive is keep_alive


@pytest.mark.parametrize(
    ("lines", "framing"),
    [
        (b"Content-Length: 0\r\n", NO_BODY),
        (b"Content-Length: 5\r\n", Framing(BodyKind.LENGTH, 5)),
        (b"content-length:5 \r\n", Framing(BodyKind.LENGTH, 5)),
        (b"Transfer-Encoding: chunked\r\n", CHUNKED),
        (b"TRANSFER-ENCODING: Chunked \r\n", CHUNKED),
    ],
)
@pytest.mark.parametrize("method", [b"GET", b"POST", b"DELETE", b"HEAD"])
def test_feed_body_is_framed_whatever_the_method(
    read_request: ReadRequest, method: bytes, lines: bytes, framing: Framing
) -> None:
    """A body is where the framing fields say, on GET too; its bytes are never a request (RFC 9112 6, CVE-2025-4366)."""
    head, rest = read_request(_get(lines, method=method) + b"GET /smuggled")
    assert (framing, b"GET /smuggled") == (head.shape.framing, rest)
    assert head.shape.fields == [(b"Host", b"a.example")]


@pytest.mark.parametrize(
    "lines",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        b"Content-Length: 5\r\nContent-Length: 5\r\n",
        b"Content-Length: 5\r\ncontent-length: 6\r\n",
        b"Content-Length: 5, 5\r\n",
        b"Content-Length: -5\r\n",
        b"Content-Length: +5\r\n",
        b"Content-Length: 0x5\r\n",
        b"Content-Length: 5 5\r\n",
        b"Content-Length:\r\n",
        b"Content-Length: 99999999999999999999\r\n",
        b"Content-Length: 18446744073709551621\r\n",
        b"Transfer-Encoding: gzip, chunked\r\n",
        b"Transfer-Encoding: chunked, gzip\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Transfer-Encoding: chunked;a=b\r\n",
        b"Transfer-Encoding: ,chunked\r\n",
        b"Transfer-Encoding: identity\r\n",
        b"Transfer-Encoding:\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
    ],
)
def test_feed_ambiguous_framing_is_refused(read_request: ReadRequest, lines: bytes) -> None:
    """Whatever two readers could frame in two ways is 400 (RFC 9112 6.1, 6.3; request smuggling)."""
    with pytest.raises(BadRequest):
        read_request(_get(lines, method=b"POST"))


def test_feed_transfer_encoding_on_http10_is_refused(read_request: ReadRequest) -> None:
    """Transfer-Encoding in HTTP/1.0 MUST be treated as faulty framing (RFC 9112 6.1)."""
    with pytest.raises(BadRequest):
        read_request(_get(b"Transfer-Encoding: chunked\r\n", version=b"1.0", method=b"POST"))


def test_feed_expect_continue_is_noticed_and_not_forwarded(read_request: ReadRequest) -> None:
    """100-continue is understood, without case, where a body follows (RFC 9110 10.1.1)."""
    shape = read_request(_get(b"Expect: 100-Continue\r\nContent-Length: 5\r\n", method=b"POST"))[0].shape
    assert (True, [(b"Host", b"a.example")]) == (shape.expects_continue, shape.fields)
    assert not read_request(_get(b"Expect: 100-continue\r\n"))[0].shape.expects_continue


def test_feed_expect_on_http10_is_ignored(read_request: ReadRequest) -> None:
    """A server "MUST ignore" a 100-continue expectation in an HTTP/1.0 request (RFC 9110 10.1.1)."""
    shape = read_request(_get(b"Expect: 100-continue\r\nContent-Length: 5\r\n", version=b"1.0", method=b"POST"))[
        0
    ].shape
    assert not shape.expects_continue


@pytest.mark.parametrize("value", [b"200-ok", b"100-continue, x", b"", b"100-continue;a=b"])
def test_feed_other_expectation_fails(read_request: ReadRequest, value: bytes) -> None:
    """An expectation that cannot be met is answered 417 (RFC 9110 10.1.1)."""
    with pytest.raises(ExpectationFailed):
        read_request(_get(b"Expect: " + value + b"\r\nContent-Length: 5\r\n", method=b"POST"))


@pytest.mark.parametrize(
    ("lines", "upgrade"),
    [
        (b"Connection: Upgrade\r\nUpgrade: websocket\r\n", b"websocket"),
        (b"Upgrade: a\r\nUpgrade: b\r\nConnection: keep-alive, upgrade\r\n", b"a, b"),
        (b"Upgrade: websocket\r\n", b""),
        (b"Connection: upgrade\r\n", b""),
        (b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n", b""),
        (b"Connection: upgrade\r\nUpgrade: websocket, H2C\r\n", b""),
        (b"Connection: upgrade\r\nUpgrade: HTTP/2.0\r\n", b""),
        (b"Connection: upgrade\r\nUpgrade: TLS/1.2\r\n", b""),
        (b"Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 5\r\n", b""),
    ],
)
def test_feed_upgrade_is_wanted_only_when_asked_right(read_request: ReadRequest, lines: bytes, upgrade: bytes) -> None:
    """Upgrade counts with Connection: upgrade and no body; h2c and TLS are never passed on (RFC 9110 7.8, RFC 9931)."""
    shape = read_request(_get(lines))[0].shape
    assert (upgrade, [(b"Host", b"a.example")]) == (shape.upgrade, shape.fields)


def test_feed_upgrade_on_http10_is_ignored(read_request: ReadRequest) -> None:
    """A server "MUST ignore an Upgrade header field that is received in an HTTP/1.0 request" (RFC 9110 7.8)."""
    head, _ = read_request(_get(b"Connection: upgrade\r\nUpgrade: websocket\r\n", version=b"1.0"))
    assert head.shape.upgrade == b""


def test_feed_asserted_fields_are_put_aside(read_request: ReadRequest) -> None:
    """What a client claims about its way, and twins with underscores, are not among the fields that travel on."""
    shape = read_request(_get(b"X-forwarded-for: 1.2.3.4\r\nX_Forwarded_For: 1.2.3.4\r\nA: 1\r\n"))[0].shape
    assert [(b"Host", b"a.example"), (b"A", b"1")] == shape.fields
    assert shape.asserted == ((b"X-forwarded-for", b"1.2.3.4"),)


def test_feed_head_at_its_limit_is_read(read_request: ReadRequest) -> None:
    """The limit of the head is the last size that is accepted, its end included."""
    block = _get(b"X: " + b"x" * 100 + b"\r\n")
    assert read_request(block + b"body", WireLimits(head_bytes=len(block)))[1] == b"body"


def test_feed_head_over_its_limit_is_too_large(read_request: ReadRequest) -> None:
    """A head over ``limits.head`` is 431 (RFC 6585 5), whether its end is there or not."""
    block = _get(b"X: " + b"x" * 100 + b"\r\n")
    for data in (block, block[:-4]):
        with pytest.raises(HeadTooLarge):
            read_request(data, WireLimits(head_bytes=len(block) - 5))


def test_feed_target_over_the_limit_is_too_long(read_request: ReadRequest) -> None:
    """A request line that is too long by itself is 414 (RFC 9110 15.5.15), whether its end is there or not."""
    block = _get(target=b"/" + b"x" * 200)
    for data in (block, block[:150]):
        with pytest.raises(TargetTooLong):
            read_request(data, WireLimits(head_bytes=100))


def test_feed_too_many_fields_is_too_large(read_request: ReadRequest) -> None:
    """More fields than ``limits.headers`` is 431 (RFC 6585 5)."""
    assert read_request(_get(b"X: 1\r\n" * 4), WireLimits(fields=5))
    with pytest.raises(HeadTooLarge):
        read_request(_get(b"X: 1\r\n" * 5), WireLimits(fields=5))


def test_feed_few_empty_lines_are_ignored(read_request: ReadRequest) -> None:
    """A server SHOULD ignore at least one empty line before the request line (RFC 9112 2.2)."""
    for count in (1, 2, 8):
        assert read_request(b"\r\n" * count + _get())[0].target == b"/"


def test_feed_many_empty_lines_are_refused(read_request: ReadRequest) -> None:
    """A stream of empty lines is no request, and does not keep a connection busy for ever."""
    with pytest.raises(BadRequest):
        read_request(b"\r\n" * 20 + _get())


def test_feed_unfinished_head_waits(read_request: ReadRequest) -> None:
    """Any beginning of a valid head is waited for."""
    block = _get(b"Accept: */*\r\nX:\ty\r\n", b"/a?b")
    for size in range(len(block)):
        with pytest.raises(EOFError):
            read_request(block[:size])


@pytest.mark.parametrize(
    "start",
    [
        b"GET /\n",
        b"GET / HTTP/2.0\r\n",
        b"GET / X",
        b"\x16",
        b"GET / HTTP/1.1\r\nX : 1\r\n",
        b"GET / HTTP/1.1\r\nHost: a\n",
        b"GET / HTTP/1.1\r\nA: 1\r\nX\0",
    ],
)
def test_feed_hopeless_beginning_is_refused_at_once(read_request: ReadRequest, start: bytes) -> None:
    """What can never become a head is answered without waiting for its end."""
    with pytest.raises(DownstreamError):
        read_request(start)


def test_feed_pipelined_requests_come_one_by_one(codec: HeadCodec) -> None:
    """``rest`` of one head is what the next is read from (RFC 9112 9.3.2)."""
    reader = RequestReader(codec, WireLimits(), FieldSorter())
    targets, data = [], _get(target=b"/1") + _get(target=b"/2") + _get(b"A: 1\r\n", b"/3") + b"GET"
    while (head := reader.feed(data)) is not None:
        targets.append(head.target)
        data = reader.rest
    assert [b"/1", b"/2", b"/3"] == targets
    assert not reader.is_empty
