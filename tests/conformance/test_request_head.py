"""Syntax of request heads: request line, field lines, line ends, control bytes (RFC 9112 2.2, 3, 5; RFC 9110 5.5)."""

from __future__ import annotations

import pytest

from tests.conformance.harness import (
    SMUGGLED,
    Case,
    Expectation,
    RigFactory,
    Transcript,
    cases,
    dropped,
    either,
    forwarded,
    get,
    rejected,
    wire,
)

REFUSED = rejected()
NOT_HTTP = either(rejected(400, 405, 414, 431, 501, 505), dropped())


def line(request_line: str) -> bytes:
    """A head of *request_line* and a Host."""
    return wire(request_line, "Host: a.example")


BAD_REQUEST_LINE = [
    ("two-spaces-before-target", "GET  /x HTTP/1.1"),
    ("two-spaces-before-version", "GET /x  HTTP/1.1"),
    ("tab-before-target", "GET\t/x HTTP/1.1"),
    ("tab-before-version", "GET /x\tHTTP/1.1"),
    ("space-first", " GET /x HTTP/1.1"),
    ("tab-first", "\tGET /x HTTP/1.1"),
    ("space-last", "GET /x HTTP/1.1 "),
    ("tab-last", "GET /x HTTP/1.1\t"),
    ("word-behind", "GET /x HTTP/1.1 x"),
    ("vertical-tab", "GET\x0b/x HTTP/1.1"),
    ("form-feed", "GET /x\x0cHTTP/1.1"),
    ("no-version", "GET /x"),
    ("no-version-space", "GET /x "),
    ("no-target", "GET HTTP/1.1"),
    ("no-target-two-spaces", "GET  HTTP/1.1"),
    ("no-method", "/x HTTP/1.1"),
    ("no-method-space", " /x HTTP/1.1"),
    ("method-only", "GET"),
    ("space-in-target", "GET /x y HTTP/1.1"),
    ("lower-case-version", "GET /x http/1.1"),
    ("other-protocol", "GET /x HTTPS/1.1"),
    ("short-protocol", "GET /x HTP/1.1"),
    ("icy", "GET /x ICY/1.1"),
    ("version-no-slash", "GET /x HTTP1.1"),
    ("version-no-dot", "GET /x HTTP/11"),
    ("version-no-minor", "GET /x HTTP/1."),
    ("version-major-only", "GET /x HTTP/1"),
    ("version-no-major", "GET /x HTTP/.1"),
    ("version-comma", "GET /x HTTP/1,1"),
    ("version-two-digit-minor", "GET /x HTTP/1.10"),
    ("version-two-digit-major", "GET /x HTTP/11.1"),
    ("version-leading-zero", "GET /x HTTP/01.1"),
    ("version-text", "GET /x HTTP/x.y"),
    ("version-sign", "GET /x HTTP/+1.1"),
    ("version-suffix", "GET /x HTTP/1.1x"),
    ("version-high-digit", "GET /x HTTP/1.\xb2"),
    ("version-nul", "GET /x HTTP/1.1\x00"),
    ("version-inner-space", "GET /x HTTP/ 1.1"),
    ("cr-in-version", "GET /x HTTP/1.1\rX"),
    ("cr-in-method", "GE\rT /x HTTP/1.1"),
    ("method-at-sign", "G@T /x HTTP/1.1"),
    ("method-colon", "GET: /x HTTP/1.1"),
    ("method-slash", "GET/x HTTP/1.1"),
    ("method-nul", "GET\x00 /x HTTP/1.1"),
    ("method-high-byte", "G\xcbT /x HTTP/1.1"),
    ("method-quoted", '"GET" /x HTTP/1.1'),
    ("method-parentheses", "(GET) /x HTTP/1.1"),
    ("target-nul", "GET /x\x00 HTTP/1.1"),
    ("target-cr", "GET /x\ry HTTP/1.1"),
    ("target-control-byte", "GET /x\x01 HTTP/1.1"),
    ("target-escape", "GET /x\x1b HTTP/1.1"),
    ("target-delete", "GET /x\x7f HTTP/1.1"),
    ("target-no-slash", "GET x HTTP/1.1"),
    ("target-query-only", "GET ?x HTTP/1.1"),
    ("target-fragment-only", "GET #x HTTP/1.1"),
    ("target-host-only", "GET a.example HTTP/1.1"),
    ("target-backslash", "GET \\x HTTP/1.1"),
    ("target-dots", "GET ../x HTTP/1.1"),
    ("target-asterisk-on-get", "GET * HTTP/1.1"),
    ("target-asterisk-behind", "OPTIONS *x HTTP/1.1"),
    ("target-percent-slash", "GET %2fx HTTP/1.1"),
]

VERSIONS = [
    ("2.0", "HTTP/2.0"),
    ("2", "HTTP/2"),
    ("3.0", "HTTP/3.0"),
    ("0.9", "HTTP/0.9"),
    ("0.0", "HTTP/0.0"),
    ("9.9", "HTTP/9.9"),
]

BAD_FIELD = [
    ("no-colon", "X-A"),
    ("no-colon-text", "what is this"),
    ("empty-name", ": b"),
    ("colon-alone", ":"),
    ("space-before-colon", "X-A : b"),
    ("tab-before-colon", "X-A\t: b"),
    ("spaces-before-colon", "X-A   : b"),
    ("name-inner-space", "X A: b"),
    ("name-at-sign", "X@A: b"),
    ("name-parentheses", "X(A): b"),
    ("name-brackets", "X[A]: b"),
    ("name-braces", "X{A}: b"),
    ("name-slash", "X/A: b"),
    ("name-backslash", "X\\A: b"),
    ("name-quote", 'X"A: b'),
    ("name-comma", "X,A: b"),
    ("name-semicolon", "X;A: b"),
    ("name-equals", "X=A: b"),
    ("name-less-than", "X<A: b"),
    ("name-question-mark", "X?A: b"),
    ("name-high-byte", "X\xc4A: b"),
    ("name-utf-8", "X\xc3\x84A: b"),
    ("name-delete", "X\x7fA: b"),
    ("name-nul", "X\x00A: b"),
    ("name-control-byte", "X\x01A: b"),
    ("name-escape", "X\x1bA: b"),
    ("name-cr", "X\rA: b"),
    ("value-nul", "X-A: b\x00c"),
    ("value-nul-first", "X-A: \x00b"),
    ("value-nul-last", "X-A: b\x00"),
    ("value-cr", "X-A: b\rc"),
    ("value-cr-first", "X-A: \rb"),
    ("value-cr-last", "X-A: b\r"),
    ("value-cr-field", "X-A: b\rX-B: c"),
    ("host-value-nul", "X-A: b\r\nCookie: a=b\x00"),
]

CONTROL_BYTES = [f"{code:02x}" for code in (*range(1, 9), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F)]

LF = [
    ("request-line", b"GET /x HTTP/1.1\nHost: a.example\r\n\r\n"),
    ("field", b"GET /x HTTP/1.1\r\nHost: a.example\nX-A: b\r\n\r\n"),
    ("last-field", b"GET /x HTTP/1.1\r\nHost: a.example\n\r\n"),
    ("empty-line", b"GET /x HTTP/1.1\r\nHost: a.example\r\n\n"),
    ("everywhere", b"GET /x HTTP/1.1\nHost: a.example\n\n"),
    ("field-inside", b"GET /x HTTP/1.1\r\nHost: a.example\r\nX-A: b\nX-B: c\r\n\r\n"),
]

# No line end of HTTP in any reading.
BAD_LINE_END = [
    ("cr-only", b"GET /x HTTP/1.1\rHost: a.example\r\r"),
    ("lf-cr", b"GET /x HTTP/1.1\n\rHost: a.example\n\r\n\r"),
    ("cr-cr-lf-request-line", b"GET /x HTTP/1.1\r\r\nHost: a.example\r\n\r\n"),
    ("cr-cr-lf-field", b"GET /x HTTP/1.1\r\nHost: a.example\r\r\n\r\n"),
    ("cr-cr-lf-empty-line", b"GET /x HTTP/1.1\r\nHost: a.example\r\n\r\r\n"),
    ("cr-before-field", b"GET /x HTTP/1.1\r\nHost: a.example\r\n\rX-A: b\r\n\r\n"),
]

# RFC 9112 5.2: "MUST either reject the message ... or replace each received obs-fold with one or more SP".
FOLDED = [
    ("space", "X-A: b\r\n c", "b c"),
    ("tab", "X-A: b\r\n\tc", "b c"),
    ("spaces", "X-A: b\r\n    c", "b c"),
    ("twice", "X-A: b\r\n c\r\n d", "b c d"),
    ("empty-first", "X-A:\r\n b", "b"),
    ("like-a-field", "X-A: b\r\n X-B: c", "b X-B: c"),
    ("like-a-length", "X-A: b\r\n Content-Length: 5", "b Content-Length: 5"),
    ("blank-continuation", "X-A: b\r\n  \r\nX-B: c", "b"),
]

GARBAGE = [
    ("tls-client-hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)) * 2 + b"\r\n\r\n"),
    ("http2-preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"),
    ("binary", bytes(range(128, 256)) * 8 + b"\r\n\r\n"),
    ("nul-bytes", b"\x00" * 512 + b"\r\n\r\n"),
    ("text", b"hello there, is this thing on?\r\n\r\n"),
    ("smtp", b"EHLO mail.example\r\nMAIL FROM:<a@b.example>\r\n\r\n"),
    ("ssh", b"SSH-2.0-OpenSSH_9.2\r\n\r\n"),
    ("redis", b"*1\r\n$4\r\nPING\r\n\r\n"),
    ("response", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    ("proxy-protocol", b"PROXY TCP4 6.6.6.6 127.0.0.1 1 80\r\nGET /x HTTP/1.1\r\nHost: a.example\r\n\r\n"),
    ("empty-lines", b"\r\n" * 20_000),
    ("empty-lines-lf", b"\n" * 20_000),
    ("spaces", b" " * 40_000),
    ("field-first", b"Host: a.example\r\nGET /x HTTP/1.1\r\n\r\n"),
    ("byte-order-mark", b"\xef\xbb\xbfGET /x HTTP/1.1\r\nHost: a.example\r\n\r\n"),
]


def folded_or_refused(value: str) -> tuple[Expectation, Expectation]:
    """What the RFC allows and what vizgate does with a folded X-A that means *value*."""

    def check(seen: Transcript) -> None:
        forwarded()(seen)
        got = seen.requests[0].get(b"x-a") or b""
        assert b" ".join(got.split()) == value.encode(), seen
        assert seen.requests[0].get(b"x-b") in (None, b"c"), seen

    return either(REFUSED, check), REFUSED


def control_byte_handled(seen: Transcript) -> None:
    """RFC 9110 5.5: such a field is invalid: replaced by SP, or the message refused. Other CTLs than NUL may be kept
    within a safe context, which a forwarded message is not.
    """
    forwarded()(seen)
    assert seen.requests[0].get(b"x-a") in (b"b c", b"bc", None), seen


def then_refused(seen: Transcript) -> None:
    """The first request is served, the second refused."""
    assert seen.statuses[:2] == [200, 400], seen
    assert [b"/x"] == [request.target for request in seen.requests], seen


ROWS = [
    *[Case(f"line-{n}", line(text), NOT_HTTP if "version" in n or "no-" in n or "method" in n else REFUSED,
           rejected(400, 501) if "method" in n else REFUSED) for n, text in BAD_REQUEST_LINE],
    *[Case(f"version-{n}", line(f"GET /x {v}"), NOT_HTTP, rejected(400, 505)) for n, v in VERSIONS],
    Case("version-1.2", line("GET /x HTTP/1.2"), either(rejected(400, 505), forwarded())),
    Case("version-1.9", line("GET /x HTTP/1.9"), either(rejected(400, 505), forwarded())),
    Case("http-0.9", b"GET /x\r\n", NOT_HTTP, REFUSED),
    Case("http-0.9-lf", b"GET /x\n", NOT_HTTP, REFUSED),
    *[Case(f"field-{n}", get(text), REFUSED) for n, text in BAD_FIELD],
    *[Case(f"first-field-{n}", wire("GET /x HTTP/1.1", text, "Host: a.example"), REFUSED) for n, text in BAD_FIELD[:6]],
    *[Case(f"control-{h}", get(f"X-A: b{chr(int(h, 16))}c"), either(REFUSED, control_byte_handled), REFUSED)
      for h in CONTROL_BYTES],
    *[Case(f"lf-{n}", raw, either(REFUSED, forwarded()), REFUSED) for n, raw in LF],
    *[Case(f"line-end-{n}", raw + b"\r\n\r\n", NOT_HTTP, REFUSED) for n, raw in BAD_LINE_END],
    *[Case(f"fold-{n}", get(text), *folded_or_refused(value)) for n, text, value in FOLDED],
    Case("fold-first-line", wire("GET /x HTTP/1.1", " X-A: b", "Host: a.example"), REFUSED),
    Case("fold-first-line-host", wire("GET /x HTTP/1.1", " Host: a.example"), REFUSED),
    Case("fold-request-line", wire("GET /x", " HTTP/1.1", "Host: a.example"), REFUSED),
    Case("fold-host", wire("GET /x HTTP/1.1", "Host: a.example\r\n .evil.example"), REFUSED),
    Case("fold-behind-empty-line", get(body=" X-A: b\r\n\r\n"), then_refused),
    *[Case(f"garbage-{n}", raw, NOT_HTTP) for n, raw in GARBAGE],
    # RFC 9112 2.2: "SHOULD ignore at least one empty line (CRLF) received prior to the request-line".
    Case("empty-line-first", b"\r\n" + get(), either(REFUSED, forwarded()), forwarded()),
    Case("empty-lf-first", b"\n" + get(), either(REFUSED, forwarded())),
    Case("empty-cr-first", b"\r" + get(), REFUSED),
    Case("method-unknown", line("FROB /x HTTP/1.1"), either(rejected(400, 405, 501), forwarded())),
    Case("method-lower-case", line("get /x HTTP/1.1"), either(rejected(400, 405, 501), forwarded())),
    Case("method-token-characters", line("A!#$%&'*+-.^_`|~9 /x HTTP/1.1"),
         either(rejected(400, 405, 501), forwarded())),
    Case("method-long", line("G" * 2000 + " /x HTTP/1.1"), either(rejected(400, 405, 414, 501), forwarded())),
    Case("method-prefix-of-known", line("GETX /x HTTP/1.1"), either(rejected(400, 405, 501), forwarded())),
    Case("name-underscore", get("X_A: b"), either(REFUSED, forwarded())),
    Case("name-token-characters", get("!#$%&'*+-.^`|~9: b"), either(REFUSED, forwarded()), forwarded()),
    Case("value-obs-text", get("X-A: \xe4\xff"), either(REFUSED, forwarded(x_a="\xe4\xff")), forwarded(x_a="\xe4\xff")),
    Case("value-utf-8", get("X-A: \xc3\xa4"), either(REFUSED, forwarded(x_a="\xc3\xa4")), forwarded(x_a="\xc3\xa4")),
    Case("value-tab-inside", get("X-A: b\tc"), forwarded(x_a="b\tc")),
    Case("value-empty", get("X-A:"), forwarded(x_a="")),
    Case("value-spaces-around", get("X-A:   b   "), forwarded(x_a="b")),
    Case("value-no-space", get("X-A:b"), forwarded(x_a="b")),
    Case("value-colon", get("X-A: b:c: d"), forwarded(x_a="b:c: d")),
    Case("value-all-visible", get("X-A: " + "".join(map(chr, range(0x21, 0x7F)))),
         forwarded(x_a="".join(map(chr, range(0x21, 0x7F))))),
    Case("second-request-bad", get() + SMUGGLED.replace("Host", "Host ").encode(), then_refused),
]  # fmt: skip


@cases(*ROWS)
async def test_request_head(rig: RigFactory, case: Case, is_peer: bool) -> None:
    """A head that is not exactly HTTP/1.1 is refused with 400 and a close before the upstream sees a byte of it."""
    async with rig() as running:
        case.judge(await running.play(case.request), is_external=is_peer)


WHOLE = get("X-A: b", "Connection: close")


@pytest.mark.parametrize("cut", range(1, len(WHOLE)))
async def test_request_head_in_two_packets_is_the_same(rig: RigFactory, cut: int) -> None:
    """Where the network cuts a head means nothing."""
    async with rig() as running:
        forwarded(x_a="b")(await running.play(WHOLE[:cut], WHOLE[cut:]))


async def test_request_head_byte_by_byte_is_the_same(rig: RigFactory) -> None:
    """A head that comes in single bytes is read like any other."""
    async with rig() as running:
        forwarded(x_a="b")(await running.play(*[WHOLE[i : i + 1] for i in range(len(WHOLE))]))


@pytest.mark.parametrize("name", ["X-A", "x-a", "X-a", "ETag", "WWW-x"])
async def test_field_names_and_order_are_kept(rig: RigFactory, name: str) -> None:
    """End-to-end fields travel as they came: same spelling, same order, same lines, nothing merged."""
    lines = [f"{name}: 1", "Cookie: a=1", f"{name}: 2", "Cookie: b=2", f"{name}: 1"]
    async with rig() as running:
        await running.play(get(*lines))
        kept = [b"%s: %s" % field for field in running.upstream.requests[0].fields]
        assert [line.encode() for line in lines if "Cookie" not in line] == [
            field for field in kept if field.lower().startswith(name.lower().encode() + b":")
        ]


async def test_connection_without_a_byte_is_closed_without_an_answer_by_client(rig: RigFactory, is_peer: bool) -> None:
    """A client that connects and leaves costs nothing: no answer, no upstream connection."""
    async with rig() as running:
        async with running.client() as client:
            client.send_eof()
            data = await client.read_to_end()
        assert data == b"" or is_peer
        assert not running.upstream.connections


async def test_head_cut_by_client_gets_no_upstream(rig: RigFactory) -> None:
    """A head that never ends reaches nobody; the connection is closed when the client leaves."""
    async with rig() as running:
        async with running.client() as client:
            await client.send(get()[:-2])
            client.send_eof()
            data = await client.read_to_end()
        assert data == b"" or data.startswith((b"HTTP/1.1 400", b"HTTP/1.1 408"))
        assert not running.upstream.received
