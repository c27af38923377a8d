"""Chunked request bodies: sizes, line ends, extensions, trailers (RFC 9112 7.1)."""

from __future__ import annotations

import pytest

from tests.conformance.harness import (
    SMUGGLED,
    Case,
    RigFactory,
    Transcript,
    cases,
    check_released,
    either,
    forwarded,
    lower_names,
    post,
    rejected,
)

TE = "Transfer-Encoding: chunked"
END = "0\r\n\r\n"
_FAULT = rejected(400, is_body_fault=True)
_TOO_LARGE = rejected(400, 413, is_body_fault=True)


def chunked(body: str) -> bytes:
    """A POST whose chunked coding is *body*."""
    return post(TE, body=body)


GOOD = [
    ("one-chunk", "5\r\nhello\r\n" + END, "hello"),
    ("two-chunks", "2\r\nhe\r\n3\r\nllo\r\n" + END, "hello"),
    ("empty", END, ""),
    ("upper-hex", "A\r\n0123456789\r\n" + END, "0123456789"),
    ("lower-hex", "a\r\n0123456789\r\n" + END, "0123456789"),
    ("leading-zeros", "0005\r\nhello\r\n" + END, "hello"),
    ("last-chunk-many-zeros", "5\r\nhello\r\n000\r\n\r\n", "hello"),
    ("extension", "5;a=b\r\nhello\r\n" + END, "hello"),
    ("extension-without-value", "5;a\r\nhello\r\n" + END, "hello"),
    ("extension-quoted", '5;a="b c"\r\nhello\r\n' + END, "hello"),
    ("extension-on-last", "5\r\nhello\r\n0;a=b\r\n\r\n", "hello"),
    ("extensions", "5;a=b;c=d;e\r\nhello\r\n" + END, "hello"),
    ("trailer", "5\r\nhello\r\n0\r\nX-Check: 1\r\n\r\n", "hello"),
    ("data-with-line-ends", "4\r\n\r\n\r\n\r\n" + END, "\r\n\r\n"),
    ("data-like-last-chunk", "5\r\n0\r\n\r\n\r\n" + END, "0\r\n\r\n"),
]

BAD_SIZE = [
    ("empty-line", "\r\nhello\r\n"),
    ("plus", "+5\r\nhello\r\n"),
    ("minus", "-5\r\nhello\r\n"),
    ("minus-zero", "-0\r\n\r\n"),
    ("hex-prefix", "0x5\r\nhello\r\n"),
    ("hex-prefix-upper", "0X5\r\nhello\r\n"),
    ("hash-prefix", "#5\r\nhello\r\n"),
    ("underscore", "0_5\r\nhello\r\n"),
    ("not-hex", "g\r\nhello\r\n"),
    ("not-hex-behind", "5g\r\nhello\r\n"),
    ("text", "five\r\nhello\r\n"),
    ("space-before", " 5\r\nhello\r\n"),
    ("tab-before", "\t5\r\nhello\r\n"),
    ("inner-space", "0 5\r\nhello\r\n"),
    ("two-numbers", "5 5\r\nhello\r\n"),
    ("comma", "5,\r\nhello\r\n"),
    ("fraction", "5.0\r\nhello\r\n"),
    ("quoted", '"5"\r\nhello\r\n'),
    ("nul-behind", "5\x00\r\nhello\r\n"),
    ("nul-before", "\x005\r\nhello\r\n"),
    ("vertical-tab", "5\x0b\r\nhello\r\n"),
    ("form-feed-before", "\x0c5\r\nhello\r\n"),
    ("high-byte", "\xb2\r\nhello\r\n"),
    ("full-width", "\xef\xbc\x95\r\nhello\r\n"),
    ("semicolon-alone", ";\r\nhello\r\n"),
    ("extension-without-size", ";a=b\r\nhello\r\n"),
    ("bare-cr-behind", "5\rx\r\nhello\r\n"),
    ("leading-crlf", "\r\n5\r\nhello\r\n"),
]

OVERFLOW = [
    ("2^64", "10000000000000000\r\nhello\r\n"),
    ("2^64+5", "10000000000000005\r\nhello\r\n"),
    ("2^63", "8000000000000000\r\nhello\r\n"),
    ("2^64-1", "ffffffffffffffff\r\nhello\r\n"),
    ("2^64-2", "fffffffffffffffe\r\nhello\r\n"),
    ("2^32+5", "100000005\r\nhello\r\n"),
    ("2^31+5", "80000005\r\nhello\r\n"),
    ("17-digits", "f0000000000000005\r\nhello\r\n"),
    ("100-digits", "f" * 100 + "\r\nhello\r\n"),
]

BAD_END = [
    ("size-line-lf", "5\nhello\r\n"),
    ("size-line-cr", "5\rhello\r\n"),
    ("size-line-lf-cr", "5\n\rhello\r\n"),
    ("size-line-cr-cr-lf", "5\r\r\nhello\r\n"),
    ("data-lf", "5\r\nhello\n"),
    ("data-cr", "5\r\nhello\r"),
    ("data-lf-cr", "5\r\nhello\n\r"),
    ("data-no-end", "5\r\nhello"),
    ("data-xx", "5\r\nhelloXX"),
    ("data-x-lf", "5\r\nhelloX\n"),
    ("data-cr-x", "5\r\nhello\rX"),
    ("data-short", "6\r\nhello\r\n"),
    ("data-long", "4\r\nhello\r\n"),
    ("data-much-long", "1\r\nhello\r\n"),
    ("all-lf", "5\nhello\n0\n\n"),
]

BAD_LAST = [
    ("last-size-lf", "5\r\nhello\r\n0\n\r\n"),
    ("last-end-lf", "5\r\nhello\r\n0\r\n\n"),
    ("last-both-lf", "5\r\nhello\r\n0\n\n"),
    ("last-cr-cr-lf", "5\r\nhello\r\n0\r\r\n\r\n"),
    ("last-cr-x", "5\r\nhello\r\n0\r\n\rX\r\n\r\n"),
    ("last-garbage", "5\r\nhello\r\n0\r\nGET\r\n\r\n"),
]

BAD_EXTENSION = [
    ("lf", "5;a\nhello\r\n"),
    ("lf-in-value", "5;a=b\nc\r\nhello\r\n"),
    ("lf-in-quotes", '5;a="b\nc"\r\nhello\r\n'),
    ("cr", "5;a\rb\r\nhello\r\n"),
    ("cr-in-quotes", '5;a="b\rc"\r\nhello\r\n'),
    ("cr-cr-lf", "5;a\r\r\nhello\r\n"),
    ("crlf-in-quotes", '5;a="b\r\nc"\r\nhello\r\n'),
    ("nul", "5;a\x00b\r\nhello\r\n"),
    ("nul-in-quotes", '5;a="\x00"\r\nhello\r\n'),
    ("delete", "5;a\x7f\r\nhello\r\n"),
    ("escape", "5;a\x1b\r\nhello\r\n"),
    # TERM.EXT and EXT.TERM: who takes the lone LF as the end of the line sees another chunk, then another request.
    ("term-ext", f"2;\nxx\r\n4f\r\n0\r\n\r\n{SMUGGLED}"),
    ("ext-term", f"2;\n43\r\nxx\r\n0\r\n\r\n{SMUGGLED}"),
    ("on-last-lf", "5\r\nhello\r\n0;a\n\r\n"),
    ("on-last-nul", "5\r\nhello\r\n0;a\x00\r\n\r\n"),
    ("on-last-cr", "5\r\nhello\r\n0;a\rb\r\n\r\n"),
    ("huge", "5;" + "a" * 200_000 + "\r\nhello\r\n"),
    ("huge-without-end", "5;" + "a" * 200_000),
    ("many-in-all", ("1;" + "a" * 400 + "\r\nx\r\n") * 300),
]

BAD_TRAILER = [
    ("no-colon", "X-Check\r\n"),
    ("empty-name", ": 1\r\n"),
    ("space-before-colon", "X-Check : 1\r\n"),
    ("folded-first", " X-Check: 1\r\n"),
    ("nul", "X-Check: \x00\r\n"),
    ("bare-cr", "X-Check: a\rb\r\n"),
    ("bare-lf", "X-Check: a\nX-Other: b\r\n"),
    ("control-byte", "X-Check: \x01\r\n"),
    ("name-space", "X Check: 1\r\n"),
]

# Repairable (RFC 9112 7.1.1: BWS around extensions; 5.2: obs-fold), refused or understood, never misread.
LENIENT = [
    ("space-behind-size", "5 \r\nhello\r\n" + END),
    ("tab-behind-size", "5\t\r\nhello\r\n" + END),
    ("space-before-extension", "5 ;a=b\r\nhello\r\n" + END),
    ("space-in-extension", "5; a = b\r\nhello\r\n" + END),
    ("extension-empty", "5;\r\nhello\r\n" + END),
    ("extension-double-semicolon", "5;;a\r\nhello\r\n" + END),
    ("extension-obs-text", "5;a=\xff\r\nhello\r\n" + END),
    ("sixteen-digits", "0000000000000005\r\nhello\r\n" + END),
    ("seventeen-digits", "00000000000000005\r\nhello\r\n" + END),
    ("many-zeros", "0" * 300 + "5\r\nhello\r\n" + END),
    ("trailer-folded", "5\r\nhello\r\n0\r\nX-Check: 1\r\n 2\r\n\r\n"),
]


def still_waiting(seen: Transcript) -> None:
    """A size that is only large may be believed: the upstream has an incomplete request, the client is waited for."""
    assert not seen.responses, seen
    assert not seen.upstream.complete_requests, seen


ROWS = [
    *[Case(f"good-{n}", chunked(b), forwarded(body)) for n, b, body in GOOD],
    *[Case(f"size-{n}", chunked(b + END), _FAULT) for n, b in BAD_SIZE],
    *[Case(f"overflow-{n}", chunked(b + END), either(_TOO_LARGE, still_waiting) if n.startswith(("2^31", "2^32")) else
           _TOO_LARGE, _TOO_LARGE) for n, b in OVERFLOW],
    *[Case(f"end-{n}", chunked(b + END + "\r\n"), _FAULT) for n, b in BAD_END],
    *[Case(n, chunked(b), _FAULT) for n, b in BAD_LAST],
    *[Case(f"extension-bad-{n}", chunked(b + END), _FAULT if "huge" not in n and "many" not in n else rejected(
        400, 413, 431, is_body_fault=True)) for n, b in BAD_EXTENSION],
    *[
        Case(f"trailer-{n}", chunked(f"5\r\nhello\r\n0\r\n{b}\r\n"), either(_FAULT, forwarded("hello")), _FAULT)
        for n, b in BAD_TRAILER
    ],
    *[Case(f"lenient-{n}", chunked(b), either(_FAULT, forwarded("hello"))) for n, b in LENIENT],
    Case("size-never-ends", chunked("0" * 200_000), rejected(400, 413, 431, is_body_fault=True)),
    Case("trailers-huge", chunked("0\r\n" + "X-A: b\r\n" * 20_000), rejected(400, 413, 431, is_body_fault=True)),
    Case("trailer-line-huge", chunked("0\r\nX-A: " + "b" * 200_000), rejected(400, 413, 431, is_body_fault=True)),
]  # fmt: skip


@cases(*ROWS)
async def test_chunked_request_body(rig: RigFactory, case: Case, is_peer: bool) -> None:
    """A chunked body is exact to the byte; a fault is 400 and a close, and the upstream never gets a whole request."""
    async with rig() as running:
        seen = await running.play(case.request)
        case.judge(seen, is_external=is_peer)
        await check_released(seen)


@pytest.mark.parametrize("cut", range(1, 30))
async def test_chunked_request_body_in_two_packets_is_the_same(rig: RigFactory, cut: int) -> None:
    """Where the network cuts the bytes means nothing."""
    raw = post(TE, body="5;a=b\r\nhello\r\n1\r\n!\r\n0\r\nX-A: b\r\n\r\n")
    at = len(raw) - cut
    async with rig() as running:
        forwarded("hello!")(await running.play(raw[:at], raw[at:]))


@pytest.mark.parametrize("body", ["5\r\nhel", "5\r\nhello", "5\r\nhello\r\n", "5\r\nhello\r\n0", "5\r\nhello\r\n0\r\n"])
@pytest.mark.parametrize("leave", ["fin", "rst"])
async def test_chunked_request_body_cut_by_client_stays_incomplete_upstream(
    rig: RigFactory, body: str, leave: str
) -> None:
    """A body whose last chunk never came must not get one from the proxy."""
    async with rig() as running:
        async with running.client() as client:
            await client.send(post(TE, body=body))
            await running.upstream.wait_for(lambda: bool(running.upstream.requests))
            if leave == "rst":
                client.reset()
        await running.upstream.wait_quiet()
        assert not running.upstream.complete_requests


FORBIDDEN_TRAILERS = [
    "Content-Length: 3",
    "Transfer-Encoding: chunked",
    "Host: evil.example",
    "Connection: close",
    "Authorization: Basic eDp5",
    "Cookie: a=b",
    "X-Forwarded-For: 6.6.6.6",
    "X-Forwarded-Host: evil.example",
    "X-Forwarded-What-Comes-Next: evil",
    "Forwarded: for=6.6.6.6",
    "Expect: 100-continue",
    "Content-Encoding: gzip",
    "Content-Type: text/evil",
    "Upgrade: websocket",
    "TE: trailers",
    "Trailer: X-A",
    "Max-Forwards: 1",
    "Cache-Control: no-store",
    "Range: bytes=0-1",
]


@pytest.mark.parametrize("line", FORBIDDEN_TRAILERS, ids=lambda line: line.split(":")[0])
async def test_request_trailer_that_frames_routes_or_authenticates_is_dropped(rig: RigFactory, line: str) -> None:
    """Fields of framing, routing, auth and control do not travel as trailers, and none is merged into the head."""
    name = line.split(":", maxsplit=1)[0].lower().encode()
    async with rig() as running:
        seen = await running.play(post(TE, "X-Check: head", body=f"5\r\nhello\r\n0\r\n{line}\r\n\r\n"))
        if seen.statuses[0] == 400:
            return
        forwarded("hello")(seen)
        request = seen.requests[0]
        assert name not in {found.lower() for found, _ in request.trailers}, seen
        assert all(value not in line.encode() for value in request.get_all(name) if value != b"chunked"), seen


async def test_request_trailer_is_never_merged_into_head(rig: RigFactory) -> None:
    """An unknown trailer is relayed as a trailer or dropped; the head stays as it was."""
    async with rig() as running:
        seen = await running.play(
            post(TE, "X-Check: head", body="5\r\nhello\r\n0\r\nX-Check: tail\r\nX-New: 1\r\n\r\n")
        )
        forwarded("hello", x_check="head", x_new=None)(seen)


async def test_request_chunk_extension_is_dropped(rig: RigFactory) -> None:
    """Extensions are hop-by-hop (RFC 9112 7.1.1): the upstream sees none, however the body is framed on."""
    async with rig() as running:
        seen = await running.play(chunked("5;evil=1\r\nhello\r\n0;evil=2\r\n\r\n"))
        assert b"evil" not in b"".join(running.upstream.received), seen
        assert b"host" in lower_names(seen.requests[0])
