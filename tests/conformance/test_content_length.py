"""Content-Length of requests: duplicates, lists, signs, overflow, bodies that do not keep to it (RFC 9110 8.6)."""

from __future__ import annotations

import pytest

from tests.conformance.harness import (
    PROBE,
    SMUGGLED,
    Case,
    RigFactory,
    Transcript,
    cases,
    either,
    forwarded,
    get,
    post,
    rejected,
    wire,
)
from vizgate.testing.upstream_connection import End

# To Python, int() takes many of these; to C, strtoul() takes the rest.
MALFORMED = [
    ("plus", "+5"),
    ("minus", "-5"),
    ("minus-zero", "-0"),
    ("minus-one", "-1"),
    ("hex", "0x5"),
    ("hex-digits", "a"),
    ("octal-prefix", "0o5"),
    ("binary-prefix", "0b101"),
    ("underscore", "5_0"),
    ("exponent", "5e0"),
    ("fraction", "5.0"),
    ("thousands", "5,000"),
    ("inner-space", "5 5"),
    ("inner-tab", "5\t5"),
    ("two-numbers", "5 6"),
    ("text", "five"),
    ("text-behind", "5a"),
    ("text-before", "a5"),
    ("empty", ""),
    ("blank", "   "),
    ("quoted", '"5"'),
    ("semicolon", "5;"),
    ("comma-before", ",5"),
    ("comma-behind", "5,"),
    ("comma-alone", ","),
    ("list-differing", "5, 6"),
    ("list-differing-first-zero", "0, 5"),
    ("list-of-three", "5, 5, 6"),
    ("list-with-empty", "5,,5"),
    ("vertical-tab-before", "\x0b5"),
    ("vertical-tab-behind", "5\x0b"),
    ("form-feed-behind", "5\x0c"),
    ("nul-behind", "5\x00"),
    ("nul-before", "\x005"),
    ("superscript-two", "\xb2"),  # str.isdigit() is true
    ("arabic-digit", "\xd9\xa5"),
    ("full-width-digit", "\xef\xbc\x95"),
    ("no-break-space-behind", "5\xa0"),
    ("next-line-behind", "5\x85"),
    ("bare-cr-behind", "5\r6"),
    ("bare-cr-before", "\r5"),
    ("infinity", "inf"),
    ("nan", "nan"),
    ("unlimited", "unlimited"),
    ("percent", "%35"),
    ("colon-twice", ": 5"),
]

# Too big for some integer: cut off silently, each would read as a small number.
OVERFLOWING = [
    ("2^64+5", str(2**64 + 5)),
    ("2^64", str(2**64)),
    ("2^63-1", str(2**63 - 1)),
    ("2^63+5", str(2**63 + 5)),
    ("2^128+5", str(2**128 + 5)),
    ("many-nines", "9" * 40),
    ("5000-digits", "9" * 5000),  # int() refuses more than 4300 digits with a ValueError of its own
]

# Valid, but over the limit of 64 KiB.
TOO_LARGE = [("65537", "65537"), ("2^31", str(2**31)), ("2^32+5", str(2**32 + 5))]

NAMES = [
    ("name-space", "Content-Length : 5"),
    ("name-tab", "Content-Length\t: 5"),
    ("name-nul", "Content-Length\x00: 5"),
    ("name-cr", "Content-Length\r: 5"),
    ("name-lf", "Content-Length\n: 5"),
    ("name-leading-space", " Content-Length: 5"),
    ("name-leading-tab", "\tContent-Length: 5"),
    ("name-inner-space", "Content Length: 5"),
    ("name-high-byte", "Content-Length\xff: 5"),
    ("name-vertical-tab", "Content-Length\x0b: 5"),
    ("behind-bare-cr", "X-A: b\rContent-Length: 5"),
]

DUPLICATES = [
    ("two-lines-differing", "Content-Length: 5\r\nContent-Length: 6"),
    ("two-lines-differing-zero-first", "Content-Length: 0\r\nContent-Length: 5"),
    ("two-lines-differing-zero-last", "Content-Length: 5\r\nContent-Length: 0"),
    ("two-lines-same-number-other-text", "Content-Length: 5\r\nContent-Length: 05"),
    ("two-lines-one-bad", "Content-Length: 5\r\nContent-Length: x"),
    ("two-lines-one-empty", "Content-Length: 5\r\nContent-Length:"),
    ("two-lines-apart", "Content-Length: 5\r\nX-A: b\r\ncontent-length: 6"),
    ("three-lines", "Content-Length: 5\r\nContent-Length: 5\r\nContent-Length: 6"),
]


def refused_unread(seen: Transcript) -> None:
    """Refused with 413; a proxy that would read such a body to its end takes the probe for a part of it."""
    assert [413] == seen.statuses, seen
    assert not seen.upstream.received, seen


_MERGED = either(rejected(), forwarded("hello", content_length="5"))
ROWS = [
    *[Case(f"value-{n}", post(f"Content-Length: {v}", body="hello"), rejected()) for n, v in MALFORMED],
    *[Case(f"overflow-{n}", post(f"Content-Length: {v}", body="hello"), rejected(400, 413)) for n, v in OVERFLOWING],
    *[Case(f"large-{n}", post(f"Content-Length: {v}", body="hello"), refused_unread, rejected(413))
      for n, v in TOO_LARGE],
    *[Case(n, post(line, body="hello"), rejected()) for n, line in NAMES],
    *[Case(n, post(line, body="hello"), rejected()) for n, line in DUPLICATES if "other-text" not in n],
    Case("two-lines-same-number-other-text", post(DUPLICATES[3][1], body="hello"), _MERGED),
    # RFC 9110 8.6: a recipient of equal duplicates "MUST either reject the message as invalid or replace" them by one.
    Case("two-lines-equal", post("Content-Length: 5", "Content-Length: 5", body="hello"), _MERGED),
    Case("list-equal", post("Content-Length: 5, 5", body="hello"), _MERGED),
    Case("leading-zero", post("Content-Length: 05", body="hello"), either(rejected(), forwarded("hello"))),
    Case("many-leading-zeros", post("Content-Length: " + "0" * 30 + "5", body="hello"),
         either(rejected(400, 413), forwarded("hello"))),
    Case("space-behind", post("Content-Length: 5 ", body="hello"), forwarded("hello")),
    Case("spaces-before", post("Content-Length:    5", body="hello"), forwarded("hello")),
    Case("no-space", post("Content-Length:5", body="hello"), forwarded("hello")),
    Case("lower-case-name", post("content-length: 5", body="hello"), forwarded("hello")),
    Case("folded", post("Content-Length:\r\n 5", body="hello"), _MERGED, rejected()),
    Case("behind-bare-lf", post("X-A: b\nContent-Length: 5", body="hello"), _MERGED, rejected()),
    Case("zero", post("Content-Length: 0"), forwarded("")),
    Case("none-on-post", post(), forwarded("")),
    Case("underscore-twin", post("Content_Length: 3", "Content-Length: 5", body="hello"),
         either(rejected(), forwarded("hello", content__length=None))),
    Case("on-get", get("Content-Length: 5", body="hello"), either(rejected(400, 411, 413), forwarded("hello"))),
    Case("malformed-on-get", get("Content-Length: x"), rejected()),
    Case("differing-on-get", get("Content-Length: 0", f"Content-Length: {len(SMUGGLED)}", body=SMUGGLED), rejected()),
    Case("malformed-on-http-1.0", wire("POST /x HTTP/1.0", "Content-Length: +5", body="hello"), rejected()),
]  # fmt: skip


@cases(*ROWS)
async def test_content_length_of_request(rig: RigFactory, case: Case, is_peer: bool) -> None:
    """Only one plain decimal number frames a body; everything else is refused before the upstream sees a byte."""
    async with rig() as running:
        case.judge(await running.play(case.request), is_external=is_peer)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "DELETE", "POST", "PUT", "PATCH"])
@pytest.mark.parametrize("framing", ["length", "chunked"])
async def test_body_of_any_method_is_never_a_request(rig: RigFactory, method: str, framing: str) -> None:
    """CL.0 and TE.0: a body is forwarded as framed whatever the method, its bytes are never read as a request."""
    if framing == "length":
        raw = wire(f"{method} /x HTTP/1.1", "Host: a.example", f"Content-Length: {len(SMUGGLED)}", body=SMUGGLED)
    else:
        body = f"{len(SMUGGLED):x}\r\n{SMUGGLED}\r\n0\r\n\r\n"
        raw = wire(f"{method} /x HTTP/1.1", "Host: a.example", "Transfer-Encoding: chunked", body=body)
    async with rig() as running:
        seen = await running.play(raw)
        assert all(request.target != b"/smuggled" for request in running.upstream.requests), seen
        forwarded(SMUGGLED)(seen)


@pytest.mark.parametrize("target", ["/local", "/admin", "/admin/x"])
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("framing", ["length", "chunked"])
async def test_body_behind_local_answer_is_never_a_request(
    rig: RigFactory, target: str, method: str, framing: str
) -> None:
    """0.CL: behind an answer that left the body unread comes its drain or a close, never its bytes as a request."""
    head = [f"{method} {target} HTTP/1.1", "Host: a.example"]
    if framing == "length":
        raw = wire(*head, f"Content-Length: {len(SMUGGLED)}", body=SMUGGLED)
    else:
        raw = wire(*head, "Transfer-Encoding: chunked", body=f"{len(SMUGGLED):x}\r\n{SMUGGLED}\r\n0\r\n\r\n")
    async with rig() as running:
        seen = await running.play(raw)
        assert seen.statuses[0] in (200, 403, 405), seen
        assert len(seen.responses) <= 2, seen
        assert not seen.requests, seen
        assert seen.end is not End.OPEN


async def test_body_shorter_than_length_stays_incomplete_upstream(rig: RigFactory) -> None:
    """A client that leaves inside its body leaves the upstream an incomplete request and a closed connection."""
    async with rig() as running:
        async with running.client() as client:
            await client.send(post("Content-Length: 10", body="hello"))
            await running.upstream.wait_for(lambda: bool(running.upstream.requests))
        await running.upstream.wait_quiet()
        assert not running.upstream.complete_requests


async def test_body_longer_than_length_is_the_next_request(rig: RigFactory) -> None:
    """Bytes behind the announced length are a new request, here no valid one: 400, and they go nowhere."""
    async with rig() as running:
        seen = await running.play(post("Content-Length: 5", body="helloworld\r\n\r\n"), count=2, probe=False)
        assert [200, 400] == seen.statuses
        assert [b"hello"] == [request.body for request in running.upstream.requests]


async def test_body_followed_by_request_in_one_packet_serves_both(rig: RigFactory) -> None:
    """The boundary between body and next request is exact to the byte."""
    async with rig() as running:
        seen = await running.play(post("Content-Length: 5", body="hello") + PROBE, count=2, probe=False)
        assert [200, 200] == seen.statuses
        assert [b"/x", b"/probe"] == [request.target for request in running.upstream.requests]
