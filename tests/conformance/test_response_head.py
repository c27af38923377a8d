"""Heads from the upstream: what cannot be relayed safely is 502; no raw CR, LF or NUL reaches the client (RFC 9112)."""

from __future__ import annotations

import pytest

from tests.conformance.harness import PROBE, RigFactory, Transcript, check_sane, get, is_problem_json, wire
from vizgate.testing.steps import answer, close, read_request, send, stall
from vizgate.testing.upstream_connection import End

OK_HEAD = "HTTP/1.1 200 OK\r\n"


def ok(*lines: str, body: str = "ok") -> bytes:
    """A 200 with *lines* before a plain Content-Length."""
    return wire("HTTP/1.1 200 OK", *lines, f"Content-Length: {len(body)}", body=body)


def status(line: str) -> bytes:
    """A response of status line *line*."""
    return wire(line, "Content-Length: 2", body="ok")


# No client may get any of these; all are 502.
UNUSABLE = [
    ("garbage", b"hello there\r\n\r\n"),
    ("garbage-no-line-end", b"hello there"),
    ("garbage-binary", bytes(range(128, 256)) + b"\r\n\r\n"),
    ("nul-bytes", b"\x00" * 64 + b"\r\n\r\n"),
    ("empty-lines", b"\r\n\r\n\r\n\r\n"),
    ("request", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("html", b"<html>hello</html>\r\n\r\n"),
    ("tls-alert", b"\x15\x03\x01\x00\x02\x02\x46"),
    ("nothing", b""),
    ("cut-status-line", b"HTTP/1.1 200"),
    ("cut-head", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"),
    ("cut-field", b"HTTP/1.1 200 OK\r\nContent-Le"),
    ("one-digit", status("HTTP/1.1 2 OK")),
    ("two-digits", status("HTTP/1.1 20 OK")),
    ("four-digits", status("HTTP/1.1 2000 OK")),
    ("no-status", status("HTTP/1.1")),
    ("no-status-space", status("HTTP/1.1 ")),
    ("no-status-reason", status("HTTP/1.1 OK")),
    ("letter-in-status", status("HTTP/1.1 2x0 OK")),
    ("hex-status", status("HTTP/1.1 0xc8 OK")),
    ("signed-status", status("HTTP/1.1 +200 OK")),
    ("negative-status", status("HTTP/1.1 -200 OK")),
    ("status-000", status("HTTP/1.1 000 OK")),
    ("status-099", status("HTTP/1.1 099 OK")),
    ("status-fraction", status("HTTP/1.1 200.1 OK")),
    ("status-superscript", status("HTTP/1.1 20\xb2 OK")),
    ("status-glued-reason", status("HTTP/1.1 200OK")),
    ("version-2.0", status("HTTP/2.0 200 OK")),
    ("version-2", status("HTTP/2 200 OK")),
    ("version-3.0", status("HTTP/3.0 200 OK")),
    ("version-0.9", status("HTTP/0.9 200 OK")),
    ("version-9.9", status("HTTP/9.9 200 OK")),
    ("version-11", status("HTTP/11 200 OK")),
    ("version-1", status("HTTP/1 200 OK")),
    ("version-text", status("HTTP/x.y 200 OK")),
    ("version-two-digits", status("HTTP/1.10 200 OK")),
    ("version-leading-zero", status("HTTP/01.1 200 OK")),
    ("version-none", status("HTTP 200 OK")),
    ("lower-case-protocol", status("http/1.1 200 OK")),
    ("other-protocol", status("HTTPS/1.1 200 OK")),
    ("icy", status("ICY 200 OK")),
    ("rtsp", status("RTSP/1.0 200 OK")),
    ("space-first", status(" HTTP/1.1 200 OK")),
    ("byte-order-mark", b"\xef\xbb\xbf" + status("HTTP/1.1 200 OK")),
    ("garbage-first", b"x\r\n" + status("HTTP/1.1 200 OK")),
    ("field-first", b"X-A: b\r\n" + status("HTTP/1.1 200 OK")),
    ("reason-nul", status("HTTP/1.1 200 O\x00K")),
    ("reason-cr", status("HTTP/1.1 200 O\rK")),
    ("reason-control-byte", status("HTTP/1.1 200 O\x01K")),
    ("field-no-colon", ok("X-A")),
    ("field-text", ok("what is this")),
    ("field-empty-name", ok(": b")),
    ("field-name-space", ok("X A: b")),
    ("field-name-nul", ok("X\x00A: b")),
    ("field-name-cr", ok("X\rA: b")),
    ("field-name-high-byte", ok("X\xc4A: b")),
    ("field-name-parentheses", ok("X(A): b")),
    ("field-name-control-byte", ok("X\x01A: b")),
    ("value-nul", ok("X-A: b\x00c")),
    ("value-cr", ok("X-A: b\rc")),
    ("value-cr-field", ok("X-A: b\rSet-Cookie: evil=1")),
    ("value-control-byte", ok("X-A: b\x01c")),
    ("value-delete", ok("X-A: b\x7fc")),
    ("length-text", wire("HTTP/1.1 200 OK", "Content-Length: abc", body="ok")),
    ("length-plus", wire("HTTP/1.1 200 OK", "Content-Length: +2", body="ok")),
    ("length-minus", wire("HTTP/1.1 200 OK", "Content-Length: -1", body="ok")),
    ("length-hex", wire("HTTP/1.1 200 OK", "Content-Length: 0x2", body="ok")),
    ("length-underscore", wire("HTTP/1.1 200 OK", "Content-Length: 2_0", body="ok")),
    ("length-fraction", wire("HTTP/1.1 200 OK", "Content-Length: 2.0", body="ok")),
    ("length-empty", wire("HTTP/1.1 200 OK", "Content-Length:", body="ok")),
    ("length-inner-space", wire("HTTP/1.1 200 OK", "Content-Length: 2 2", body="ok")),
    ("length-superscript", wire("HTTP/1.1 200 OK", "Content-Length: \xb2", body="ok")),
    ("length-2^64+2", wire("HTTP/1.1 200 OK", f"Content-Length: {2**64 + 2}", body="ok")),
    ("length-many-nines", wire("HTTP/1.1 200 OK", "Content-Length: " + "9" * 40, body="ok")),
    ("length-5000-digits", wire("HTTP/1.1 200 OK", "Content-Length: " + "9" * 5000, body="ok")),
    ("length-list-differing", wire("HTTP/1.1 200 OK", "Content-Length: 2, 3", body="ok")),
    ("length-list-empty", wire("HTTP/1.1 200 OK", "Content-Length: 2,", body="ok")),
    ("length-twice-differing", wire("HTTP/1.1 200 OK", "Content-Length: 2", "Content-Length: 3", body="ok")),
    ("length-twice-zero", wire("HTTP/1.1 200 OK", "Content-Length: 0", "Content-Length: 2", body="ok")),
    ("length-twice-one-bad", wire("HTTP/1.1 200 OK", "Content-Length: 2", "Content-Length: x", body="ok")),
    ("head-too-long", ok("X-A: " + "b" * 100_000)),
    ("head-too-long-many-fields", wire("HTTP/1.1 200 OK", *(["X-A: " + "b" * 900] * 100),
                                       "Content-Length: 2", body="ok")),
    ("head-never-ends", (OK_HEAD + "X-A: b\r\n" * 20_000).encode()),
    ("status-line-too-long", status("HTTP/1.1 200 " + "O" * 100_000)),
    ("status-line-never-ends", b"HTTP/1.1 200 " + b"O" * 100_000),
    ("field-never-ends", (OK_HEAD + "X-A: " + "b" * 100_000).encode()),
    ("coding-unknown", wire("HTTP/1.1 200 OK", "Transfer-Encoding: cow", body="ok")),
    ("coding-xchunked", wire("HTTP/1.1 200 OK", "Transfer-Encoding: xchunked", body="2\r\nok\r\n0\r\n\r\n")),
    ("coding-chunked-gzip", wire("HTTP/1.1 200 OK", "Transfer-Encoding: chunked, gzip", body="2\r\nok\r\n0\r\n\r\n")),
    ("coding-twice", wire("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked",
                          body="2\r\nok\r\n0\r\n\r\n")),
    ("coding-empty", wire("HTTP/1.1 200 OK", "Transfer-Encoding:", "Content-Length: 2", body="ok")),
    ("unasked-101", wire("HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", "Upgrade: websocket")),
    ("unasked-101-with-bytes", wire("HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", "Upgrade: websocket",
                                    body=OK_HEAD + "\r\n")),
    ("unasked-101-bare", wire("HTTP/1.1 101 Switching Protocols")),
    ("interim-then-nothing", wire("HTTP/1.1 100 Continue")),
    ("interim-103-then-nothing", wire("HTTP/1.1 103 Early Hints", "Link: </a>")),
    ("interim-then-garbage", wire("HTTP/1.1 100 Continue", body="garbage\r\n\r\n")),
    ("interim-head-too-long", wire("HTTP/1.1 103 Early Hints", "Link: " + "a" * 100_000)),
    ("interim-bad-field", wire("HTTP/1.1 103 Early Hints", "X A: b", body=ok().decode())),
]  # fmt: skip

# Faults that RFC 9112 lets a recipient mend (2.2, 5.1, 5.2, 6.3): 502, or mended so that none of it shows.
MENDABLE = [
    ("space-before-colon", ok("X-A : b")),
    ("tab-before-colon", ok("X-A\t: b")),
    ("length-space-before-colon", wire("HTTP/1.1 200 OK", "Content-Length : 2", body="ok")),
    ("fold", ok("X-A: b\r\n c")),
    ("fold-tab", ok("X-A: b\r\n\tc")),
    ("fold-like-a-field", ok("X-A: b\r\n Set-Cookie: evil=1")),
    ("fold-first", wire("HTTP/1.1 200 OK", " X-A: b", "Content-Length: 2", body="ok")),
    ("lf-status-line", b"HTTP/1.1 200 OK\nContent-Length: 2\r\n\r\nok"),
    ("lf-field", b"HTTP/1.1 200 OK\r\nX-A: b\nContent-Length: 2\r\n\r\nok"),
    ("lf-everywhere", b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok"),
    ("lf-end", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\nok"),
    ("cr-cr-lf", b"HTTP/1.1 200 OK\r\r\nContent-Length: 2\r\r\n\r\r\nok"),
    ("two-spaces", status("HTTP/1.1  200 OK")),
    ("two-spaces-before-reason", status("HTTP/1.1 200  OK")),
    ("tab-separated", status("HTTP/1.1\t200\tOK")),
    ("no-reason-no-space", status("HTTP/1.1 200")),
    ("empty-line-first", b"\r\n" + ok()),
    ("version-1.2", status("HTTP/1.2 200 OK")),
    ("length-twice-equal", wire("HTTP/1.1 200 OK", "Content-Length: 2", "Content-Length: 2", body="ok")),
    ("length-list-equal", wire("HTTP/1.1 200 OK", "Content-Length: 2, 2", body="ok")),
    ("length-leading-zero", wire("HTTP/1.1 200 OK", "Content-Length: 02", body="ok")),
    ("length-and-chunked", wire("HTTP/1.1 200 OK", "Content-Length: 7", "Transfer-Encoding: chunked",
                                body="2\r\nok\r\n0\r\n\r\n")),
    ("chunked-and-length", wire("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "Content-Length: 0",
                                body="2\r\nok\r\n0\r\n\r\n")),
    ("chunked-and-bad-length", wire("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "Content-Length: x",
                                    body="2\r\nok\r\n0\r\n\r\n")),
    ("chunked-on-1.0", wire("HTTP/1.0 200 OK", "Transfer-Encoding: chunked", body="2\r\nok\r\n0\r\n\r\n")),
    ("vertical-tab-in-value", ok("X-A: b\x0bc")),
    ("connection-never", ok("Connection:")),
]  # fmt: skip

# Valid, if unusual: relayed.
USABLE = [
    ("plain", ok(), 200),
    ("no-reason", status("HTTP/1.1 200 "), 200),
    ("long-reason", status("HTTP/1.1 200 All Is Well, Thanks For Asking"), 200),
    ("reason-obs-text", status("HTTP/1.1 200 \xc3\xa4"), 200),
    ("reason-tab", status("HTTP/1.1 200 O\tK"), 200),
    ("unknown-2xx", status("HTTP/1.1 299 Odd"), 299),
    ("teapot", status("HTTP/1.1 418 I'm a teapot"), 418),
    ("unknown-5xx", status("HTTP/1.1 599 Odd"), 599),
    ("not-found", status("HTTP/1.1 404 Not Found"), 404),
    ("redirect", wire("HTTP/1.1 302 Found", "Location: http://x.example/%0d%0a", "Content-Length: 2", body="ok"), 302),
    ("http-1.0-length", status("HTTP/1.0 200 OK"), 200),
    ("value-obs-text", ok("X-A: \xe4"), 200),
    ("value-empty", ok("X-A:"), 200),
    ("chunked", wire("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", body="2\r\nok\r\n0\r\n\r\n"), 200),
    ("chunked-upper-case", wire("HTTP/1.1 200 OK", "Transfer-Encoding: CHUNKED", body="2\r\nok\r\n0\r\n\r\n"), 200),
    ("chunk-extension", wire("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", body="2;a=b\r\nok\r\n0\r\n\r\n"), 200),
    ("interim-100", wire("HTTP/1.1 100 Continue", body=ok().decode()), 200),
    ("interim-102", wire("HTTP/1.1 102 Processing", body=ok().decode()), 200),
    ("interim-103", wire("HTTP/1.1 103 Early Hints", "Link: </a>; rel=preload", body=ok().decode()), 200),
    ("interim-199", wire("HTTP/1.1 199 Odd", body=ok().decode()), 200),
    ("interim-two", wire("HTTP/1.1 103 Early Hints", "Link: </a>", body=wire("HTTP/1.1 103 Early Hints").decode() +
                         ok().decode()), 200),
]  # fmt: skip


def check_one_502(seen: Transcript) -> None:
    """502 and nothing else: no byte of what the upstream said."""
    check_sane(seen)
    assert seen.statuses[:1] == [502], seen
    assert len(seen.responses) <= 2, seen
    assert b"evil" not in b"".join(value for r in seen.responses for _, value in r.fields), seen


@pytest.mark.parametrize("raw", [row[1] for row in UNUSABLE], ids=[row[0] for row in UNUSABLE])
async def test_response_head_unusable_is_502(rig: RigFactory, raw: bytes) -> None:
    """What is not a valid response is answered with 502; the client sees none of it."""
    bad = [read_request(), send(raw), close()]
    async with rig(bad, bad, bad, bad) as running:
        check_one_502(await running.play(get()))


@pytest.mark.parametrize("name", ["garbage", "value-nul", "length-twice-differing", "unasked-101"])
async def test_response_head_unusable_is_502_while_upstream_stays_open(rig: RigFactory, name: str) -> None:
    """The fault alone is reason enough: the proxy does not wait for the upstream to close, and does not reuse it."""
    raw = dict(UNUSABLE)[name]
    async with rig([read_request(), send(raw), stall()]) as running:
        seen = await running.play(get(), probe=False)
        check_one_502(seen)
        await running.upstream.wait_for(lambda: not any(c.is_open for c in running.upstream.connections), 1.0)


async def test_response_head_unusable_answer_shows_no_inner_detail(rig: RigFactory, is_peer: bool) -> None:
    """A local answer is problem+json (RFC 9457) with the request id and without addresses or traces."""
    if is_peer:
        pytest.skip("what the body says is each proxy's own")
    async with rig([read_request(), send(b"garbage\r\n\r\n"), close()]) as running:
        assert is_problem_json(await running.ask(get()))


@pytest.mark.parametrize("raw", [row[1] for row in MENDABLE], ids=[row[0] for row in MENDABLE])
async def test_response_head_mendable_is_mended_or_502(rig: RigFactory, raw: bytes) -> None:
    """A fault that the RFC lets a recipient mend never reaches the client as it was."""
    async with rig([read_request(), send(raw), close()]) as running:
        seen = await running.play(get(), probe=False)
        check_sane(seen)
        if seen.statuses != [502]:
            assert [200] == seen.statuses, seen
            assert b"ok" == seen.responses[0].body, seen
            assert not seen.responses[0].get_all(b"set-cookie"), seen


@pytest.mark.parametrize(("raw", "expected"), [row[1:] for row in USABLE], ids=[row[0] for row in USABLE])
async def test_response_head_usable_is_relayed(rig: RigFactory, raw: bytes, expected: int) -> None:
    """A valid response arrives with its status and body, and the connection goes on."""
    async with rig([answer(raw)]) as running:
        seen = await running.play(get())
        check_sane(seen)
        assert (expected, b"ok") == (seen.responses[0].status, seen.responses[0].body), seen
        assert 2 == len(seen.responses), seen


@pytest.mark.parametrize("code", ["600", "700", "999"])
async def test_response_status_outside_1xx_to_5xx_is_not_taken_for_success(rig: RigFactory, code: str) -> None:
    """RFC 9110 15: a client "SHOULD process the response as if it had a 5xx status code"; relayed or 502."""
    async with rig([answer(status(f"HTTP/1.1 {code} Odd"))]) as running:
        seen = await running.play(get())
        check_sane(seen)
        assert seen.statuses[0] in (502, int(code))


@pytest.mark.parametrize("cut", range(1, len(ok("X-A: b"))))
async def test_response_in_two_packets_is_the_same(rig: RigFactory, cut: int) -> None:
    """Where the network cuts a response means nothing."""
    raw = ok("X-A: b")
    async with rig([read_request(), send(raw[:cut], raw[cut:]), stall()]) as running:
        response = await running.ask(get())
        assert (200, b"ok", [b"b"]) == (response.status, response.body, response.get_all(b"x-a"))


async def test_response_too_many_fields_is_502_or_relayed(rig: RigFactory) -> None:
    """The number of fields is bounded by the size of the head at the least."""
    async with rig([answer(ok(*["X: y"] * 500))]) as running:
        seen = await running.play(get())
        check_sane(seen)
        assert seen.statuses[0] in (200, 502)


async def test_interim_flood_is_bounded(rig: RigFactory) -> None:
    """An upstream that never stops with 1xx is given up or at least not remembered: the client is not kept for ever."""
    flood = wire("HTTP/1.1 103 Early Hints", "Link: </a>") * 5000
    async with rig([read_request(), send(flood), close()]) as running:
        seen = await running.play(get())
        assert not seen.malformed
        assert seen.statuses[:1] == [502] or (not seen.responses and seen.end is not End.OPEN), seen


@pytest.mark.parametrize("interim", ["100 Continue", "102 Processing", "103 Early Hints"])
async def test_interim_response_never_reaches_http_1_0_client(rig: RigFactory, interim: str) -> None:
    """RFC 9110 15.2: "A server MUST NOT send a 1xx response to an HTTP/1.0 client"."""
    raw = wire(f"HTTP/1.1 {interim}", "Link: </a>", body=ok().decode())
    async with rig([answer(raw)]) as running:
        async with running.client() as client:
            await client.send(wire("GET /x HTTP/1.0", "Host: a.example"))
            data = await client.read_to_end()
        assert data.startswith((b"HTTP/1.1 200", b"HTTP/1.0 200")), data
        assert data.endswith(b"\r\n\r\nok"), data


async def test_interim_103_reaches_http_1_1_client_whole_or_not_at_all(rig: RigFactory) -> None:
    """RFC 9110 15.2: a proxy MUST forward 1xx unless it asked for it itself; Link goes with it."""
    raw = wire("HTTP/1.1 103 Early Hints", "Link: </a>; rel=preload", body=ok().decode())
    async with rig([answer(raw)]) as running:
        async with running.client() as client:
            await client.send(get())
            head = await client.read_until(b"\r\n\r\n")
        assert head.startswith((b"HTTP/1.1 103", b"HTTP/1.1 200"))
        assert head.startswith(b"HTTP/1.1 200") or b"</a>; rel=preload" in head


async def test_interim_103_is_relayed(rig: RigFactory, is_peer: bool) -> None:
    """1xx responses are relayed as they come."""
    if is_peer:
        pytest.skip("stricter than some peers")
    raw = wire("HTTP/1.1 103 Early Hints", "Link: </a>", body=ok().decode())
    async with rig([answer(raw)]) as running:
        response = await running.ask(get())
        assert (103,) == response.interim


@pytest.mark.parametrize("name", ["X-A", "Location", "Set-Cookie", "Content-Type"])
@pytest.mark.parametrize("text", ["a\rEvil: 1", "a\nEvil: 1", "a\r\nEvil: 1", "a\r\n\r\n<script>", "a\x00b"])
async def test_response_splitting_stops_at_the_proxy(rig: RigFactory, name: str, text: str) -> None:
    """What an upstream puts into a value is one value, another field of its own, or 502: never raw control bytes."""
    async with rig(
        [read_request(), send(wire("HTTP/1.1 200 OK", f"{name}: {text}", "Content-Length: 2", body="ok")), close()]
    ) as running:
        seen = await running.play(get(), probe=False)
        check_sane(seen)
        for response in seen.responses:
            assert not any(byte in value for _, value in response.fields for byte in (b"\r", b"\n", b"\x00"))


async def test_probe_is_served_behind_a_502(rig: RigFactory) -> None:
    """One bad answer of an upstream is no reason to refuse the client's next request on the same connection."""
    async with (
        rig([read_request(), send(b"garbage\r\n\r\n"), close()], [answer()]) as running,
        running.client() as client,
    ):
        await client.send(wire("POST /x HTTP/1.1", "Host: a.example", "Content-Length: 0"))
        first = await client.read_response("POST")
        assert 502 == first.status
        if not first.says_close:
            await client.send(PROBE)
            assert 200 == (await client.read_response()).status
