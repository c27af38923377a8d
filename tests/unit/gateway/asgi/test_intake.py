"""``read_head``: what of an ASGI scope may become a request."""

from __future__ import annotations

from typing import Any

import pytest

from vizgate.errors import BadRequest, ExpectationFailed, HeadTooLarge, MethodNotImplemented, TargetTooLong
from vizgate.gateway.asgi.intake import read_head, target_of
from vizgate.gateway.plan import ServerPlan
from vizgate.message.forwarding import ASSERTED
from vizgate.message.heads import CHUNKED, NO_BODY, BodyKind, Framing
from vizgate.wire.choice import choose_codec
from vizgate.wire.fields import FieldSorter
from vizgate.wire.limits import WireLimits

HOST = (b"host", b"a.example")
SERVER = ServerPlan(
    codec=choose_codec("h11"),
    sorter=FieldSorter(ASSERTED, drop_underscored=True),
    limits=WireLimits(head_bytes=1024, fields=10),
)


def scope(**parts: Any) -> dict[str, Any]:
    path = parts.get("path", "/x")
    defaults = {"type": "http", "http_version": "1.1", "method": "GET", "path": path, "headers": [HOST]}
    return {**defaults, "raw_path": path.encode(), "query_string": b"", "root_path": "", **parts}


@pytest.mark.parametrize(
    ("parts", "target"),
    [
        ({"path": "/a b", "raw_path": b"/a%20b", "query_string": b"q=%2F"}, b"/a%20b?q=%2F"),
        ({"path": "/a b/ä%", "raw_path": None}, b"/a%20b/%C3%A4%25"),
        ({"path": "/x", "raw_path": b"/x?q=1", "query_string": b"q=1"}, b"/x?q=1"),
        ({"path": "/api/x", "root_path": "/api"}, b"/x"),
        ({"path": "/api/x", "root_path": "/api/"}, b"/x"),
        ({"path": "/api", "root_path": "/api"}, b"/"),
        ({"path": "/api/api/x", "root_path": "/api"}, b"/api/x"),
        ({"path": "/x", "root_path": "/api"}, b"/x"),
        ({"path": "/apix", "root_path": "/api"}, b"/apix"),
        ({"path": "/a/b", "raw_path": b"/%61/b%2Fc", "root_path": "/a"}, b"/b%2Fc"),
        ({"path": "/50%/x", "raw_path": b"/50%25/x", "root_path": "/50%"}, b"/x"),
    ],
)
def test_target_is_what_came_below_the_mount(parts: dict[str, Any], target: bytes) -> None:
    """The encoding stays as it came, and the mount's own path goes once, whichever way a server tells of it."""
    assert target == target_of(scope(**parts))


@pytest.mark.parametrize("raw", [b"/a b", b"/a\r\nx", b"/a#b", b"/\xc3\xa4"])
def test_target_with_what_no_target_holds_is_refused(raw: bytes) -> None:
    """Bytes that could end a request line never come into one."""
    with pytest.raises(BadRequest):
        target_of(scope(raw_path=raw))


@pytest.mark.parametrize("raw", [b"/api/../x", b"/api/%2e%2e/x", b"/api/..;/x", b"/api\\x"])
def test_target_that_leaves_the_mount_is_refused(raw: bytes) -> None:
    """A path is below a mount when its normal form is."""
    with pytest.raises(BadRequest):
        target_of(scope(path="/api/x", raw_path=raw, root_path="/api"))


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "FROB", "get", "GÉT"])
def test_method_that_is_never_forwarded_is_refused(method: str) -> None:
    """A server that lets every token be a method does not widen what is forwarded."""
    with pytest.raises(MethodNotImplemented):
        read_head(scope(method=method), SERVER)


@pytest.mark.parametrize("hosts", [[], [HOST, HOST], [(b"host", b"u@a")], [(b"host", b"a b")], [(b"Host", b"")]])
def test_host_must_be_there_once_and_valid(hosts: list[tuple[bytes, bytes]]) -> None:
    """RFC 9112 3.2 holds whoever parsed the head."""
    with pytest.raises(BadRequest):
        read_head(scope(headers=hosts), SERVER)


def test_host_may_be_missing_over_http_1_0() -> None:
    """HTTP/1.0 knows requests without Host."""
    shape = read_head(scope(http_version="1.0", headers=[]), SERVER).shape
    assert (0, b"") == (shape.minor, shape.authority)


@pytest.mark.parametrize("version", ["1.1", "2", "3"])
def test_later_versions_count_as_1_1(version: str) -> None:
    """What an upstream is told is told in the words of HTTP/1.1."""
    assert 1 == read_head(scope(http_version=version), SERVER).shape.minor


@pytest.mark.parametrize(
    "field",
    [(b"x y", b"1"), (b"", b"1"), (b":path", b"/"), (b"x", b"a\r\nb: c"), (b"x", b"a\nb"), (b"x", b"\x00")],
)
def test_field_that_could_split_a_message_is_refused(field: tuple[bytes, bytes]) -> None:
    """CR, LF and NUL never get from a scope into a message."""
    with pytest.raises(BadRequest):
        read_head(scope(headers=[HOST, field]), SERVER)


def test_fields_of_this_hop_are_dropped() -> None:
    """Hop-by-hop fields, those named in Connection and underscore twins stay here; assertions are put aside."""
    fields = [
        HOST,
        (b"connection", b"x-hop, x-forwarded-for"),
        (b"x-hop", b"1"),
        (b"te", b"trailers"),
        (b"x_user", b"root"),
        (b"x-forwarded-for", b"9.9.9.9"),
        (b"x-kept", b" 1 "),
    ]
    shape = read_head(scope(headers=fields), SERVER).shape
    assert [HOST, (b"x-kept", b"1")] == shape.fields
    assert ((b"x-forwarded-for", b"9.9.9.9"),) == shape.asserted


@pytest.mark.parametrize(
    ("fields", "framing"),
    [
        ([], NO_BODY),
        ([(b"content-length", b"0")], NO_BODY),
        ([(b"content-length", b"7")], Framing(BodyKind.LENGTH, 7)),
        ([(b"transfer-encoding", b"chunked")], CHUNKED),
    ],
)
def test_framing_is_read_from_the_fields(fields: list[tuple[bytes, bytes]], framing: Framing) -> None:
    """The framing towards the upstream is decided by the rules that sockets have."""
    assert framing == read_head(scope(headers=[HOST, *fields]), SERVER).shape.framing


@pytest.mark.parametrize(
    "fields",
    [
        [(b"content-length", b"1"), (b"transfer-encoding", b"chunked")],
        [(b"content-length", b"1"), (b"content-length", b"2")],
        [(b"content-length", b"+1")],
        [(b"transfer-encoding", b"gzip, chunked")],
    ],
)
def test_ambiguous_framing_is_refused(fields: list[tuple[bytes, bytes]]) -> None:
    """What could mean two bodies means none."""
    with pytest.raises(BadRequest):
        read_head(scope(method="POST", headers=[HOST, *fields]), SERVER)


def test_limits_hold() -> None:
    """``limits.head`` and ``limits.headers`` mean what they mean on a socket."""
    with pytest.raises(TargetTooLong):
        read_head(scope(path="/" + "x" * 1024), SERVER)
    with pytest.raises(HeadTooLarge, match="1024 bytes"):
        read_head(scope(headers=[HOST, (b"x", b"x" * 1020)]), SERVER)
    with pytest.raises(HeadTooLarge, match="10 fields"):
        read_head(scope(headers=[HOST, *[(b"x", b"1")] * 10]), SERVER)


def test_only_100_continue_can_be_expected() -> None:
    """An expectation travels on with a body; any other value is refused."""
    body = [HOST, (b"content-length", b"1"), (b"expect", b"100-Continue")]
    assert read_head(scope(method="PUT", headers=body), SERVER).shape.expects_continue
    assert not read_head(scope(headers=[HOST, (b"expect", b"100-continue")]), SERVER).shape.expects_continue
    with pytest.raises(ExpectationFailed):
        read_head(scope(headers=[HOST, (b"expect", b"a miracle")]), SERVER)


def test_asterisk_is_for_options() -> None:
    """``*`` is a target for OPTIONS alone; nothing else may begin without a slash."""
    assert b"*" == read_head(scope(method="OPTIONS", path="*"), SERVER).target
    for path in ("*", "x", "http://a.example/"):
        with pytest.raises(BadRequest):
            read_head(scope(path=path), SERVER)


def test_websocket_is_a_get_that_upgrades() -> None:
    """A WebSocket scope, which has no method, becomes the handshake it stands for."""
    fields = [HOST, (b"upgrade", b"websocket"), (b"connection", b"upgrade"), (b"content-length", b"5")]
    head = read_head({"type": "websocket", "http_version": "1.1", "path": "/c", "headers": fields}, SERVER)
    assert ("GET", b"/c", b"websocket", NO_BODY) == (head.method, head.target, head.shape.upgrade, head.shape.framing)
