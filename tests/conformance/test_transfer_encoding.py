"""Transfer-Encoding of requests: CL.TE, TE.CL, every disguise a coding was smuggled under (RFC 9112 6.1, 6.3, 7)."""

from __future__ import annotations

import pytest

from tests.conformance.harness import (
    SMUGGLED,
    Case,
    Expectation,
    RigFactory,
    cases,
    check_released,
    either,
    forwarded,
    post,
    rejected,
    wire,
)

CHUNKED_HELLO = "5\r\nhello\r\n0\r\n\r\n"
EMPTY_CHUNKED = "0\r\n\r\n"

# RFC 9112 6.1: "A server MAY reject a request that contains both Content-Length and Transfer-Encoding or process such a
# request in accordance with the Transfer-Encoding alone. Regardless, the server MUST close the connection after".
CL_AND_TE: Expectation = either(rejected(), forwarded("hello", must_close=True, content_length=None))

BOTH = [
    Case("cl-te", post("Content-Length: 15", "Transfer-Encoding: chunked", body=CHUNKED_HELLO), CL_AND_TE, rejected()),
    Case("te-cl", post("Transfer-Encoding: chunked", "Content-Length: 15", body=CHUNKED_HELLO), CL_AND_TE, rejected()),
    Case("cl-zero-te", post("Content-Length: 0", "Transfer-Encoding: chunked", body=CHUNKED_HELLO), CL_AND_TE,
         rejected()),
    Case(
        "cl-te-prefix-of-a-request",
        post("Content-Length: 6", "Transfer-Encoding: chunked", body=EMPTY_CHUNKED + "G"),
        either(rejected(), forwarded("", must_close=True, content_length=None)),
        rejected(),
    ),
    Case(
        "te-cl-request-in-a-chunk",
        post("Content-Length: 4", "Transfer-Encoding: chunked", body=f"{len(SMUGGLED):x}\r\n{SMUGGLED}\r\n0\r\n\r\n"),
        either(rejected(), forwarded(SMUGGLED, must_close=True, content_length=None)),
        rejected(),
    ),
    Case(
        "cl-te-request-behind-the-last-chunk",
        post(f"Content-Length: {5 + len(SMUGGLED)}", "Transfer-Encoding: chunked", body=EMPTY_CHUNKED + SMUGGLED),
        either(rejected(), forwarded("", must_close=True, content_length=None)),
        rejected(),
    ),
    Case(
        "cl-te-upper-case-names",
        post("CONTENT-LENGTH: 15", "TRANSFER-ENCODING: chunked", body=CHUNKED_HELLO),
        CL_AND_TE,
        rejected(),
    ),
    Case("cl-te-on-get", wire("GET /x HTTP/1.1", "Host: a.example", "Content-Length: 5", "Transfer-Encoding: chunked",
                              body=EMPTY_CHUNKED + SMUGGLED),
         either(rejected(), forwarded("", must_close=True, content_length=None)), rejected()),
    Case("cl-te-identity", post("Content-Length: 5", "Transfer-Encoding: identity", body="hello"), rejected(400, 501)),
    Case("cl-te-bad-length", post("Content-Length: x", "Transfer-Encoding: chunked", body=CHUNKED_HELLO),
         CL_AND_TE, rejected()),
    Case("two-cl-te", post("Content-Length: 5", "Content-Length: 6", "Transfer-Encoding: chunked", body=CHUNKED_HELLO),
         CL_AND_TE, rejected()),
]  # fmt: skip

VALID = [
    ("exact", "Transfer-Encoding: chunked"),
    ("capital", "Transfer-Encoding: Chunked"),
    ("upper-case", "Transfer-Encoding: CHUNKED"),
    ("lower-case-name", "transfer-encoding: chunked"),
    ("no-space", "Transfer-Encoding:chunked"),
    ("many-spaces", "Transfer-Encoding:     chunked"),
    ("tab-before", "Transfer-Encoding:\tchunked"),
    ("space-behind", "Transfer-Encoding: chunked "),
    ("tab-behind", "Transfer-Encoding: chunked\t"),
]

# Each of these is no `chunked` to somebody and `chunked` to somebody else.
DISGUISED = [
    ("x-prefix", "Transfer-Encoding: xchunked"),
    ("suffix", "Transfer-Encoding: chunkedx"),
    ("cow", "Transfer-Encoding: cow"),
    ("empty", "Transfer-Encoding:"),
    ("blank", "Transfer-Encoding:   "),
    ("identity", "Transfer-Encoding: identity"),
    ("gzip", "Transfer-Encoding: gzip"),
    ("gzip-chunked", "Transfer-Encoding: gzip, chunked"),
    ("chunked-gzip", "Transfer-Encoding: chunked, gzip"),
    ("deflate-chunked", "Transfer-Encoding: deflate,chunked"),
    ("identity-chunked", "Transfer-Encoding: identity, chunked"),
    ("chunked-identity", "Transfer-Encoding: chunked, identity"),
    ("chunked-chunked", "Transfer-Encoding: chunked, chunked"),
    ("chunked-cow", "Transfer-Encoding: chunked, cow"),
    ("comma-first", "Transfer-Encoding: ,chunked"),
    ("comma-space-first", "Transfer-Encoding: , chunked"),
    ("comma-last", "Transfer-Encoding: chunked,"),
    ("commas-around", "Transfer-Encoding: ,chunked,"),
    ("comma-alone", "Transfer-Encoding: ,"),
    ("semicolon", "Transfer-Encoding: chunked;"),
    ("parameter", "Transfer-Encoding: chunked;q=1"),
    ("quoted", 'Transfer-Encoding: "chunked"'),
    ("single-quoted", "Transfer-Encoding: 'chunked'"),
    ("inner-space", "Transfer-Encoding: chun ked"),
    ("inner-tab", "Transfer-Encoding: chun\tked"),
    ("two-words", "Transfer-Encoding: chunked chunked"),
    ("vertical-tab-before", "Transfer-Encoding: \x0bchunked"),
    ("vertical-tab-behind", "Transfer-Encoding: chunked\x0b"),
    ("form-feed-before", "Transfer-Encoding: \x0cchunked"),
    ("form-feed-behind", "Transfer-Encoding: chunked\x0c"),
    ("nul-before", "Transfer-Encoding: \x00chunked"),
    ("nul-behind", "Transfer-Encoding: chunked\x00"),
    ("nul-inside", "Transfer-Encoding: chu\x00nked"),
    ("backspace-behind", "Transfer-Encoding: chunkedx\x08"),
    ("delete-behind", "Transfer-Encoding: chunked\x7f"),
    ("high-byte-before", "Transfer-Encoding: \xffchunked"),
    ("no-break-space-before", "Transfer-Encoding: \xa0chunked"),
    ("no-break-space-behind", "Transfer-Encoding: chunked\xa0"),
    ("next-line-behind", "Transfer-Encoding: chunked\x85"),
    ("kelvin-sign", "Transfer-Encoding: chun\xe2\x84\xaaed"),  # U+212A lower-cases to `k` in Unicode
    ("bare-cr-before", "Transfer-Encoding: \rchunked"),
    ("bare-cr-behind", "Transfer-Encoding: chunked\rx"),
    ("bare-cr-inside", "Transfer-Encoding: chu\rnked"),
    ("escaped", "Transfer-Encoding: chunke%64"),
    ("colon-twice", "Transfer-Encoding:: chunked"),
    ("two-lines-same", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"),
    ("two-lines-identity-first", "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked"),
    ("two-lines-identity-last", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity"),
    ("two-lines-cow-first", "Transfer-Encoding: cow\r\nTransfer-Encoding: chunked"),
    ("two-lines-cow-last", "Transfer-Encoding: chunked\r\nTransfer-Encoding: cow"),
    ("two-lines-empty-first", "Transfer-Encoding:\r\nTransfer-Encoding: chunked"),
    ("two-lines-empty-last", "Transfer-Encoding: chunked\r\nTransfer-Encoding:"),
    ("two-lines-other-case", "Transfer-Encoding: chunked\r\ntransfer-encoding: x"),
    ("name-space", "Transfer-Encoding : chunked"),
    ("name-tab", "Transfer-Encoding\t: chunked"),
    ("name-nul", "Transfer-Encoding\x00: chunked"),
    ("name-cr", "Transfer-Encoding\r: chunked"),
    ("name-vertical-tab", "Transfer-Encoding\x0b: chunked"),
    ("name-high-byte", "Transfer-Encoding\xff: chunked"),
    ("name-inner-space", "Transfer Encoding: chunked"),
    ("name-lf", "Transfer-Encoding\n: chunked"),
    ("name-leading-space", " Transfer-Encoding: chunked"),
    ("name-leading-tab", "\tTransfer-Encoding: chunked"),
    ("name-leading-nul", "\x00Transfer-Encoding: chunked"),
    ("equals-sign", "Transfer-Encoding= chunked"),
    ("behind-bare-cr", "X-A: b\rTransfer-Encoding: chunked"),
    ("behind-nul", "X-A: b\x00Transfer-Encoding: chunked"),
]

# Syntax that RFC 9112 lets a server repair (5.2 obs-fold, 2.2 bare LF): refused, or understood as `chunked` throughout.
REPAIRABLE = [
    ("folded-value", "Transfer-Encoding:\r\n chunked"),
    ("folded-value-tab", "Transfer-Encoding:\r\n\tchunked"),
    ("folded-tail", "Transfer-Encoding: chunked\r\n "),
    ("behind-bare-lf", "X-A: b\nTransfer-Encoding: chunked"),
    ("before-bare-lf", "Transfer-Encoding: chunked\nX-A: b"),
]

# A field of another name must not frame anything; `X_Y` is `X-Y` to CGI-style upstreams, so it is dropped or refused.
LOOKALIKE = [
    ("underscore", "Transfer_Encoding: chunked"),
    ("x-prefix-name", "X-Transfer-Encoding: chunked"),
    ("content-transfer-encoding", "Content-Transfer-Encoding: chunked"),
    ("te", "TE: chunked"),
]

_REFUSED = rejected(400, 501)
ROWS = [
    *BOTH,
    *[Case(f"valid-{n}", post(line, body=CHUNKED_HELLO), either(_REFUSED, forwarded("hello")), forwarded("hello"))
      for n, line in VALID],
    *[Case(f"te-te-{n}", post(line, body=CHUNKED_HELLO), _REFUSED) for n, line in DISGUISED],
    *[
        Case(f"cl-te-te-{n}", post("Content-Length: 5", line, body=EMPTY_CHUNKED + SMUGGLED), _REFUSED)
        for n, line in DISGUISED
    ],
    *[
        Case(f"te-{n}", post(line, body=CHUNKED_HELLO), either(_REFUSED, forwarded("hello")), _REFUSED)
        for n, line in REPAIRABLE
    ],
    *[
        Case(f"cl-te-{n}", post("Content-Length: 15", line, body=CHUNKED_HELLO), CL_AND_TE, _REFUSED)
        for n, line in REPAIRABLE
    ],
    *[
        Case(
            f"lookalike-{n}",
            post("Content-Length: 5", line, body="hello"),
            either(rejected(), forwarded("hello", transfer_encoding=None, transfer__encoding=None)),
        )
        for n, line in LOOKALIKE
    ],
    Case(
        "http-1.0",
        wire("POST /x HTTP/1.0", "Host: a.example", "Transfer-Encoding: chunked", body=CHUNKED_HELLO),
        either(rejected(), forwarded("hello", must_close=True)),
        rejected(),
    ),
    Case(
        "http-1.0-with-length",
        wire("POST /x HTTP/1.0", "Host: a.example", "Content-Length: 15", "Transfer-Encoding: chunked",
             body=CHUNKED_HELLO),
        CL_AND_TE,
        rejected(),
    ),
    Case(
        "http-1.0-keep-alive",
        wire("POST /x HTTP/1.0", "Host: a.example", "Connection: keep-alive", "Transfer-Encoding: chunked",
             body=EMPTY_CHUNKED + SMUGGLED),
        either(rejected(), forwarded("", must_close=True)),
        rejected(),
    ),
]  # fmt: skip


@cases(*ROWS)
async def test_transfer_encoding_of_request(rig: RigFactory, case: Case, is_peer: bool) -> None:
    """A body is chunked if Transfer-Encoding is exactly `chunked`; whatever comes near is refused, never relayed."""
    async with rig() as running:
        seen = await running.play(case.request)
        case.judge(seen, is_external=is_peer)
        await check_released(seen)


@pytest.mark.parametrize("line", [line for _, line in VALID], ids=[name for name, _ in VALID])
async def test_transfer_encoding_valid_spelling_is_normalised(rig: RigFactory, line: str, is_peer: bool) -> None:
    """Whatever valid spelling came in, the upstream gets one framing it cannot mistake."""
    if is_peer:
        pytest.skip("codings compare without case, so others may pass the spelling on")
    async with rig() as running:
        await running.play(post(line, body=CHUNKED_HELLO))
        request = running.upstream.complete_requests[0]
        framing = request.get_all(b"transfer-encoding"), request.get_all(b"content-length")
        assert framing in (([b"chunked"], []), ([], [b"5"]))
