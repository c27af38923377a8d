"""Both codecs against each other and against a strict model, on mutated heads and bodies: no crash, no split.

``VIZGATE_FUZZ_COUNT=1000000 pytest tests/conformance/test_differential.py`` runs for as long as you like;
``VIZGATE_FUZZ_SEED`` begins elsewhere.
"""

from __future__ import annotations

import os
import random
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conformance import (
    test_chunked_body,
    test_content_length,
    test_host,
    test_request_head,
    test_response_head,
    test_target,
    test_transfer_encoding,
)
from vizgate.errors import BadBody, DownstreamError, InvalidResponse
from vizgate.wire.bodies import ChunkedDecoder
from vizgate.wire.choice import choose_codec
from vizgate.wire.fields import FieldSorter
from vizgate.wire.limits import WireLimits
from vizgate.wire.request import RequestReader
from vizgate.wire.response import ResponseReader

COUNT = int(os.environ.get("VIZGATE_FUZZ_COUNT", "1500"))
SEED = int(os.environ.get("VIZGATE_FUZZ_SEED", "1"))
LIMITS = WireLimits(head_bytes=4096, fields=50, response_head_bytes=4096, trailer_bytes=1024, extension_bytes=512)
CODECS = [choose_codec("httptools"), choose_codec("h11")]

TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
LINES = rb"(?:%s:[\t\x20-\x7e\x80-\xff]*\r\n)*" % TOKEN
# The model: what RFC 9112 calls a head, without any of the repairs that it allows.
REQUEST = re.compile(rb"%s [!-~]+ HTTP/1\.[01]\r\n%s\r\n" % (TOKEN, LINES))
RESPONSE = re.compile(rb"HTTP/1\.[01] [1-9][0-9]{2}(?: [\t\x20-\x7e\x80-\xff]*)?\r\n%s\r\n" % LINES)
CHUNKED = re.compile(
    rb"(?:(?!0+[;\r])[0-9A-Fa-f]+(?:;[\t\x20-\x7e\x80-\xff]*)?\r\n(?:.*?)\r\n)*?0+(?:;[\t\x20-\x7e\x80-\xff]*)?\r\n%s\r\n"
    % LINES,
    re.DOTALL,
)
FIELD = re.compile(rb"(%s):[ \t]*(.*?)[ \t]*" % TOKEN)

SPICE = [
    *[bytes([code]) for code in (*range(14), 32, 34, 35, 44, 58, 59, 64, 92, 127, 128, 133, 160, 178, 255)],
    b"\r\n", b"\n\n", b"\r\r\n", b"\r\n\r\n", b"\r\n ", b"\r\n\t", b" :", b": ", b"Content-Length: 5\r\n",
    b"Transfer-Encoding: chunked\r\n", b"Host: b\r\n", b"Connection: host\r\n", b"chunked", b"0x5", b"+5", b"-1",
    b"0_5",
    b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2.0", b"0\r\n\r\n", b"5\r\nhello\r\n", b";a=b", b";a\n",
    b"99999999999999999999",
    b"http://a.example", b"*", b"%0d%0a", b"//", b"X_A: b\r\n", b"Expect: 100-continue\r\n", b"Upgrade: h2c\r\n",
]  # fmt: skip

Verdict = tuple[Any, ...]


def mutated(seeds: list[bytes], count: int, seed: int) -> Iterator[bytes]:
    """*count* byte strings grown from *seeds*; the same for the same *seed*."""
    chance = random.Random(seed)
    for _ in range(count):
        raw = bytearray(chance.choice(seeds))
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(raw) + 1)
            kind = chance.randrange(6)
            if kind == 0:
                raw[at:at] = chance.choice(SPICE)
            elif kind == 1:
                del raw[at : at + chance.randint(1, 4)]
            elif kind == 2:
                raw[at : at + 1] = chance.choice(SPICE)
            elif kind == 3:
                raw[at:at] = raw[at : at + chance.randint(1, 30)]
            elif kind == 4:
                other = chance.choice(seeds)
                raw[at:] = other[chance.randrange(len(other) + 1) :]
            else:
                lines = bytes(raw).split(b"\r\n")
                chance.shuffle(lines[1:-2])
                raw = bytearray(b"\r\n".join(lines))
        yield bytes(raw[:6000])


def pieces(raw: bytes, size: int) -> Iterable[bytes]:
    """*raw* in pieces of *size* bytes."""
    return (raw[position : position + size] for position in range(0, len(raw), size))


def read_request(codec: Any, raw: bytes, size: int, before: bytes = b"") -> Verdict:
    """What a reader that has read the head *before* makes of *raw* that comes in pieces of *size* bytes."""
    reader = RequestReader(codec, LIMITS, FieldSorter())
    if before:
        reader.feed(before)
    fed = 0
    for piece in pieces(raw, size):
        fed += len(piece)
        try:
            head = reader.feed(piece)
        except DownstreamError:
            return ("refused",)
        if head is not None:
            shape, used = head.shape, fed - len(reader.rest)
            what = shape.minor, shape.authority, shape.framing, shape.keep_alive, shape.expects_continue, shape.upgrade
            return ("head", used, tuple(shape.fields), head.method, head.target, shape.asserted, *what)
    return ("waiting",)


def read_response(codec: Any, raw: bytes, size: int, before: bytes = b"") -> Verdict:
    """As ``read_request``, for the head of a response."""
    reader = ResponseReader(codec, LIMITS, FieldSorter())
    if before:
        reader.feed(before, to_head=False)
    fed = 0
    for piece in pieces(raw, size):
        fed += len(piece)
        try:
            head = reader.feed(piece, to_head=False)
        except InvalidResponse:
            return ("refused",)
        if head is not None:
            used = fed - len(reader.rest)
            what = head.status, head.reason, head.minor, head.framing, head.keep_alive, head.upgrade
            return ("head", used, head.template.fields, *what)
    return ("waiting",)


def read_chunks(_: Any, raw: bytes, size: int, before: bytes = b"") -> Verdict:
    """As ``read_request``, for a chunked body; ``None`` stands for the codec, which has no say in bodies."""
    decoder = ChunkedDecoder(LIMITS, BadBody)
    content, fed = bytearray(), 0
    for piece in pieces(raw, size):
        fed += len(piece)
        try:
            content += decoder.feed(piece)
        except BadBody:
            return ("refused",)
        if decoder.done:
            return ("body", fed - len(decoder.rest), bytes(content), tuple(decoder.trailers))
    return ("waiting",)


Reader = Callable[..., Verdict]


def check(read: Reader, raw: bytes, model: re.Pattern[bytes], codecs: list[Any], before: bytes = b"") -> Verdict:
    """Both codecs, every cut and every memory give one verdict, and what is accepted is so by the model."""
    verdict = read(codecs[0], raw, max(len(raw), 1))
    for codec in codecs[1:]:
        assert verdict == read(codec, raw, max(len(raw), 1)), f"codecs differ on {raw!r}"
    for codec in codecs:
        assert same(verdict, read(codec, raw, 1)), f"one byte at a time differs on {raw!r}"
    assert same(verdict, read(codecs[0], raw, 7)), f"seven bytes at a time differ on {raw!r}"
    if before:
        assert verdict == read(codecs[0], raw, max(len(raw), 1), before), f"{before!r} changes {raw!r}"
    if verdict[0] in ("head", "body"):
        used = raw[: verdict[1]].lstrip(b"\r\n") if verdict[0] == "head" else raw[: verdict[1]]
        assert model.fullmatch(used), f"accepted, but no message by the model: {used!r}"
    return verdict


def same(whole: Verdict, cut: Verdict) -> bool:
    """A fault may show before the end or at it, so that `refused` and `waiting` for more are one as to safety."""
    return whole == cut or {whole[0], cut[0]} <= {"refused", "waiting"}


def heads(*modules: Any) -> list[bytes]:
    """The requests of the tables, cut to a size that is quick to mutate."""
    return sorted({row.request[:1500] for module in modules for row in module.ROWS})


REQUEST_SEEDS = heads(
    test_request_head, test_host, test_target, test_transfer_encoding, test_content_length
)  # fmt: skip
RESPONSE_SEEDS = sorted({row[1][:1500] for row in [*test_response_head.UNUSABLE, *test_response_head.MENDABLE,
                                                   *test_response_head.USABLE] if row[1]})  # fmt: skip
CHUNK_SEEDS = sorted({row.request.partition(b"\r\n\r\n")[2][:1500] for row in test_chunked_body.ROWS})


def check_head_fields(raw: bytes, verdict: Verdict, fields: tuple[tuple[bytes, bytes], ...]) -> None:
    """Every field that is kept stands in the bytes, with its value as it is there."""
    lines = raw[: verdict[1]].lstrip(b"\r\n").split(b"\r\n")[1:]
    matches = [match for match in map(FIELD.fullmatch, lines) if match is not None]
    there = {(match[1], match[2]) for match in matches}
    hosts = {(b"Host", verdict[7])}
    assert set(fields) <= there | hosts, f"fields made up: {set(fields) - there}"


def test_request_heads_of_the_tables_are_read_alike() -> None:
    """The cases of the conformance tables, unmutated."""
    for raw in REQUEST_SEEDS:
        check(read_request, raw, REQUEST, CODECS)


def test_response_heads_of_the_tables_are_read_alike() -> None:
    """As above, for responses."""
    for raw in RESPONSE_SEEDS:
        check(read_response, raw, RESPONSE, CODECS)


def test_chunked_bodies_of_the_tables_are_read_alike() -> None:
    """As above, for chunked bodies."""
    for raw in CHUNK_SEEDS:
        check(read_chunks, raw, CHUNKED, [None])


def test_mutated_request_heads_are_read_alike() -> None:
    """No mutation makes the codecs disagree, crash, or accept what the model refuses."""
    accepted, before = 0, b""
    for raw in mutated(REQUEST_SEEDS, COUNT, SEED):
        verdict = check(read_request, raw, REQUEST, CODECS, before)
        if verdict[0] == "head":
            accepted += 1
            before = raw[: verdict[1]]
            check_head_fields(raw, verdict, verdict[2])
    assert accepted > COUNT // 50, "the mutations have become useless"


def test_mutated_response_heads_are_read_alike() -> None:
    """As above, for responses."""
    accepted, before = 0, b""
    for raw in mutated(RESPONSE_SEEDS, COUNT, SEED):
        verdict = check(read_response, raw, RESPONSE, CODECS, before)
        if verdict[0] == "head":
            accepted += 1
            before = raw[: verdict[1]]
    assert accepted > COUNT // 50


def test_repeated_head_with_another_request_line_is_read_anew() -> None:
    """A client repeats its fields; what a reader remembers of them never changes what the next head means."""
    tails = [raw.partition(b"\r\n")[2] for raw in REQUEST_SEEDS[::7]]
    lines = [raw.partition(b"\r\n")[0] for raw in REQUEST_SEEDS[::5]]
    chance = random.Random(SEED)
    for _ in range(COUNT):
        tail = chance.choice(tails)
        before = b"GET /x HTTP/1.1\r\n" + tail
        if read_request(CODECS[0], before, len(before))[0] != "head":
            continue
        before = before[: read_request(CODECS[0], before, len(before))[1]]
        check(read_request, chance.choice(lines) + b"\r\n" + tail, REQUEST, CODECS[:1], before)


def test_mutated_chunked_bodies_are_read_alike() -> None:
    """No mutation makes the end of a body depend on where the network cut it, or lie where the model has none."""
    accepted = 0
    for raw in mutated(CHUNK_SEEDS, COUNT * 4, SEED):
        accepted += check(read_chunks, raw, CHUNKED, [None])[0] == "body"
    assert accepted > COUNT // 50


NAMES = st.from_regex(rb"X-[!#$%&'*+\-.^`|~0-9A-Za-z]{1,12}", fullmatch=True)
VALUES = st.from_regex(rb"(?:[!-~\x80-\xff](?:[\t -~\x80-\xff]{0,20}[!-~\x80-\xff])?)?", fullmatch=True)
TARGETS = st.from_regex(rb"/[!\"$-~]{0,30}", fullmatch=True)
BLANKS = st.sampled_from([b"", b" ", b"\t", b"  ", b" \t "])


@settings(max_examples=max(COUNT // 10, 50), deadline=None, derandomize=True)
@given(TARGETS, st.lists(st.tuples(NAMES, BLANKS, VALUES, BLANKS), max_size=8))
def test_valid_request_head_is_accepted_with_every_field(
    target: bytes, fields: list[tuple[bytes, bytes, bytes, bytes]]
) -> None:
    """What the model generates is accepted by both codecs, and no field is lost, merged or changed."""
    lines = [b"%s:%s%s%s" % field for field in fields]
    raw = b"\r\n".join([b"GET %s HTTP/1.1" % target, b"Host: a.example", *lines, b"", b""])
    verdict = check(read_request, raw, REQUEST, CODECS)
    assert ("head", len(raw), "GET", target) == (*verdict[:2], *verdict[3:5])
    assert [(name, value) for name, _, value, _ in fields] == [field for field in verdict[2] if field[0] != b"Host"]


@settings(max_examples=max(COUNT // 10, 50), deadline=None, derandomize=True)
@given(st.lists(st.binary(min_size=1, max_size=300), max_size=6), st.integers(1, 50), st.binary(max_size=20))
def test_valid_chunked_body_is_read_whole(chunks: list[bytes], size: int, rest: bytes) -> None:
    """Whatever the chunks and the cuts, the content is the chunks' and the rest is the rest."""
    raw = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
    assert ("body", len(raw), b"".join(chunks), ()) == read_chunks(None, raw + rest, size)


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.name)
@settings(max_examples=max(COUNT // 10, 50), deadline=None, derandomize=True)
@given(raw=st.binary(max_size=300))
def test_any_bytes_never_crash_a_reader(codec: Any, raw: bytes) -> None:
    """Only our own errors leave a reader, on every input."""
    read_request(codec, raw, 300)
    read_response(codec, b"HTTP/1.1 " + raw, 300)
    read_chunks(None, raw, 300)
