"""Hop-by-hop fields end at the proxy, both ways, and cannot strip what the proxy itself sets (RFC 9110 7.6.1)."""

from __future__ import annotations

import pytest

from tests.conformance.harness import RigFactory, get, post
from vizgate.testing.steps import answer

HOP_BY_HOP = [
    "Keep-Alive: timeout=5",
    "Proxy-Connection: keep-alive",
    "TE: trailers",
    "TE: gzip;q=0.5",
    "Upgrade: foo/2",
    "Upgrade: h2c",
    "Proxy-Authenticate: Basic",
    "HTTP2-Settings: AAMAAABkAAQAAP__",
]

CONNECTION = [
    ("one", ["Connection: X-A", "X-A: evil"], [b"x-a"]),
    ("other-case", ["Connection: x-a", "X-A: evil"], [b"x-a"]),
    ("upper-case", ["CONNECTION: X-A", "x-a: evil"], [b"x-a"]),
    ("listed-behind", ["X-A: evil", "Connection: X-A"], [b"x-a"]),
    ("with-close", ["Connection: close, X-A", "X-A: evil"], [b"x-a"]),
    ("with-keep-alive", ["Connection: keep-alive, X-A", "X-A: evil"], [b"x-a"]),
    ("no-space", ["Connection: keep-alive,X-A", "X-A: evil"], [b"x-a"]),
    ("tabs", ["Connection: keep-alive\t,\tX-A", "X-A: evil"], [b"x-a"]),
    ("empty-elements", ["Connection: ,, X-A ,,", "X-A: evil"], [b"x-a"]),
    ("two", ["Connection: X-A, X-B", "X-A: evil", "X-B: evil"], [b"x-a", b"x-b"]),
    ("two-lines", ["Connection: X-A", "Connection: X-B", "X-A: evil", "X-B: evil"], [b"x-a", b"x-b"]),
    ("field-twice", ["Connection: X-A", "X-A: evil", "X-A: evil"], [b"x-a"]),
    ("absent-field", ["Connection: X-A"], [b"x-a"]),
    ("cookie", ["Connection: X-A, Cookie-X", "Cookie-X: evil"], [b"cookie-x"]),
    ("proxy-connection-named", ["Connection: Proxy-Connection", "Proxy-Connection: evil"], [b"proxy-connection"]),
    ("keep-alive-named", ["Connection: Keep-Alive", "Keep-Alive: evil"], [b"keep-alive"]),
    ("te-named", ["Connection: TE", "TE: evil"], []),
]


@pytest.mark.parametrize(("name", "lines", "gone"), CONNECTION, ids=[row[0] for row in CONNECTION])
async def test_request_field_named_in_connection_is_removed(
    rig: RigFactory, name: str, lines: list[str], gone: list[bytes]
) -> None:
    """RFC 9110 7.6.1: "for each connection-option in this field, remove any header or trailer fields" of that name."""
    async with rig() as running:
        await running.ask(get("X-Keep: 1", *lines))
        request = running.upstream.requests[0]
        assert b"evil" not in running.upstream.received[0]
        assert [[]] * len(gone) == [request.get_all(field) for field in gone]
        assert [b"1"] == request.get_all(b"x-keep")
        assert not any(b"x-" in value.lower() for value in request.get_all(b"connection"))


@pytest.mark.parametrize("line", HOP_BY_HOP)
@pytest.mark.parametrize("listed", [True, False], ids=["named", "not-named"])
async def test_request_hop_by_hop_field_is_removed(rig: RigFactory, line: str, listed: bool) -> None:
    """The fields that old specifications call hop-by-hop end here even when Connection does not name them."""
    name = line.split(":", maxsplit=1)[0]
    async with rig() as running:
        await running.ask(get(line, *([f"Connection: {name}"] if listed and name != "Upgrade" else [])))
        values = running.upstream.requests[0].get_all(name.encode())
        # A proxy may well speak of its own next hop: `TE: trailers` is true of one that relays trailers.
        assert values == [] or (name == "TE" and values == [b"trailers"]), running.upstream.received


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Host", b"a.example"),
        ("host", b"a.example"),
        ("X-Forwarded-For", b"127.0.0.1"),
        ("x-forwarded-for", b"127.0.0.1"),
        ("X-Forwarded-Proto", b"http"),
        ("X-Forwarded-Host", b"a.example"),
        ("Content-Length", b"5"),
    ],
)
@pytest.mark.parametrize("form", ["alone", "with-close", "second-line"])
async def test_connection_cannot_strip_what_the_proxy_sets(
    rig: RigFactory, name: str, expected: bytes, form: str
) -> None:
    """CVE-2022-31813, CVE-2024-45410: what the upstream relies on cannot be named away by a client."""
    lines = {
        "alone": [f"Connection: {name}"],
        "with-close": [f"Connection: close, {name}"],
        "second-line": ["Connection: X-A", f"Connection: {name}"],
    }[form]
    async with rig() as running:
        seen = await running.play(post("Content-Length: 5", *lines, body="hello"))
        if seen.statuses[0] == 400:
            assert not running.upstream.received
            return
        request = seen.requests[0]
        assert b"hello" == request.body
        assert [expected] == request.get_all(name.encode()) or (name == "Content-Length" and request.is_chunked)
        assert not request.problems


async def test_connection_cannot_strip_chunked_framing(rig: RigFactory) -> None:
    """`Connection: Transfer-Encoding` does not turn a body into the next request."""
    async with rig() as running:
        seen = await running.play(
            post("Transfer-Encoding: chunked", "Connection: Transfer-Encoding", body="5\r\nhello\r\n0\r\n\r\n")
        )
        if seen.statuses[0] != 400:
            assert [b"hello"] == [request.body for request in seen.requests]
            assert not seen.requests[0].problems


@pytest.mark.parametrize(
    "method_line", ["Authorization: Bearer x", "Cookie: a=b", "Content-Type: text/x", "Accept: */*"]
)
async def test_end_to_end_field_is_forwarded(rig: RigFactory, method_line: str) -> None:
    """What is not hop-by-hop reaches the upstream unchanged."""
    name, value = method_line.encode().split(b": ")
    async with rig() as running:
        await running.ask(get(method_line))
        assert [value] == running.upstream.requests[0].get_all(name)


async def test_via_tells_of_the_proxy_or_stays_away(rig: RigFactory) -> None:
    """RFC 9110 7.6.3: what a client wrote into Via is kept in front of what this proxy adds."""
    async with rig() as running:
        await running.ask(get("Via: 1.0 fred"))
        assert b",".join(running.upstream.requests[0].get_all(b"via")).startswith(b"1.0 fred")


RESPONSE_LINES = [
    ("keep-alive", ["Keep-Alive: timeout=9"], [b"keep-alive"]),
    ("proxy-connection", ["Proxy-Connection: evil"], [b"proxy-connection"]),
    ("te", ["TE: evil"], [b"te"]),
    ("upgrade", ["Upgrade: h2c"], [b"upgrade"]),
    ("named", ["Connection: X-A", "X-A: evil"], [b"x-a"]),
    ("named-other-case", ["connection: x-a", "X-A: evil"], [b"x-a"]),
    ("named-behind", ["X-A: evil", "Connection: X-A"], [b"x-a"]),
    ("named-with-close", ["Connection: close, X-A", "X-A: evil"], [b"x-a"]),
    ("named-two-lines", ["Connection: X-A", "Connection: X-B", "X-A: evil", "X-B: evil"], [b"x-a", b"x-b"]),
    ("named-twice", ["Connection: X-A", "X-A: evil", "x-a: evil"], [b"x-a"]),
    ("named-with-keep-alive", ["Connection: keep-alive, X-A", "X-A: evil"], [b"x-a"]),
]


@pytest.mark.parametrize(("name", "lines", "gone"), RESPONSE_LINES, ids=[row[0] for row in RESPONSE_LINES])
async def test_response_hop_by_hop_field_is_removed(
    rig: RigFactory, name: str, lines: list[str], gone: list[bytes]
) -> None:
    """The rule holds for responses too; end-to-end fields of the same response stay."""
    raw = "\r\n".join(["HTTP/1.1 200 OK", *lines, "X-Keep: 1", "Content-Length: 2", "", "ok"]).encode()
    async with rig([answer(raw)]) as running:
        response = await running.ask(get())
        assert (200, b"ok", [b"1"]) == (response.status, response.body, response.get_all(b"x-keep"))
        assert [[]] * len(gone) == [response.get_all(field) for field in gone], response


@pytest.mark.parametrize("named", ["Content-Length", "Set-Cookie", "Content-Type", "Transfer-Encoding"])
async def test_response_connection_cannot_break_framing(rig: RigFactory, named: str) -> None:
    """An upstream that names framing in Connection cannot make the client lose the end of the body."""
    raw = f"HTTP/1.1 200 OK\r\nConnection: {named}\r\nContent-Type: text/x\r\nContent-Length: 2\r\n\r\nok".encode()
    async with rig([answer(raw)]) as running:
        seen = await running.play(get())
        assert not seen.malformed
        assert seen.statuses[0] == 502 or seen.responses[0].body == b"ok"


async def test_response_connection_close_of_upstream_does_not_travel(rig: RigFactory) -> None:
    """The upstream's wish to close is about the upstream's connection."""
    async with (
        rig([answer(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")]) as running,
        running.client() as client,
    ):
        for _ in range(2):
            await client.send(get())
            response = await client.read_response()
            assert (200, False) == (response.status, response.says_close)


async def test_response_set_cookie_lines_are_never_merged(rig: RigFactory) -> None:
    """RFC 9110 5.3: Set-Cookie cannot be combined into one line."""
    raw = (
        b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2; Expires=Wed, 21 Oct 2026 07:28:00 GMT\r\n"
        b"X-A: 1\r\nX-A: 2\r\n"
    )
    async with rig([answer(raw + b"Content-Length: 2\r\n\r\nok")]) as running:
        response = await running.ask(get())
        assert [b"a=1", b"b=2; Expires=Wed, 21 Oct 2026 07:28:00 GMT"] == response.get_all(b"set-cookie")
        assert [b"1", b"2"] == response.get_all(b"x-a")
