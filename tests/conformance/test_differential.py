"""Both codecs against each other and against a strict model, on mutated heads and bodies: no crash, no split.

``VIZGATE_FUZZ_COUNT`` says how many mutations, ``VIZGATE_FUZZ_SEED`` where they begin. ``tests/fuzz/run.py`` tries
millions of them, against llhttp and h11, too.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.models import FIELD, REQUEST, RESPONSE, strict_chunks
from tests.fuzz.mutator import Mutator
from tests.fuzz.readers import Verdict, read_chunks, read_request, read_response, same
from tests.fuzz.targets import all_targets
from vizgate.wire.choice import choose_codec

COUNT = int(os.environ.get("VIZGATE_FUZZ_COUNT", "1500"))
SEED = int(os.environ.get("VIZGATE_FUZZ_SEED", "1"))
CODECS = [choose_codec("httptools"), choose_codec("h11")]
REQUEST_SEEDS, RESPONSE_SEEDS, CHUNK_SEEDS = [target.seeds for target in all_targets()[:3]]

Reader = Callable[..., Verdict]
#: Whether bytes are a whole and sound message.
Model = Callable[[bytes], object]


def check(read: Reader, raw: bytes, model: Model, codecs: list[Any], before: bytes = b"") -> Verdict:
    """Both codecs, every cut and every memory give one verdict, and what is accepted is so by the model."""
    verdict = read(codecs[0], raw, max(len(raw), 1))
    for codec in codecs[1:]:
        assert verdict == read(codec, raw, max(len(raw), 1)), f"codecs differ on {raw!r}"
    for codec in codecs:
        assert same(verdict, read(codec, raw, 1)), f"one byte at a time differs on {raw!r}"
    assert same(verdict, read(codecs[0], raw, 7)), f"seven bytes at a time differ on {raw!r}"
    if before:
        assert verdict == read(codecs[0], raw, max(len(raw), 1), [before]), f"{before!r} changes {raw!r}"
    if verdict[0] in ("head", "body"):
        used = raw[: verdict[1]].lstrip(b"\r\n") if verdict[0] == "head" else raw[: verdict[1]]
        assert model(used), f"accepted, but no message by the model: {used!r}"
    return verdict


def mutated(seeds: list[bytes], count: int) -> Iterator[bytes]:
    """*count* inputs grown from *seeds*."""
    return Mutator(seeds, SEED).take(count)


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
        check(read_request, raw, REQUEST.fullmatch, CODECS)


def test_response_heads_of_the_tables_are_read_alike() -> None:
    """As above, for responses."""
    for raw in RESPONSE_SEEDS:
        check(read_response, raw, RESPONSE.fullmatch, CODECS)


def test_chunked_bodies_of_the_tables_are_read_alike() -> None:
    """As above, for chunked bodies."""
    for raw in CHUNK_SEEDS:
        check(read_chunks, raw, strict_chunks, [None])


def test_mutated_request_heads_are_read_alike() -> None:
    """No mutation makes the codecs disagree, crash, or accept what the model refuses."""
    accepted, before = 0, b""
    for raw in mutated(REQUEST_SEEDS, COUNT):
        verdict = check(read_request, raw, REQUEST.fullmatch, CODECS, before)
        if verdict[0] == "head":
            accepted += 1
            before = raw[: verdict[1]]
            check_head_fields(raw, verdict, verdict[2])
    assert accepted > COUNT // 50, "the mutations have become useless"


def test_mutated_response_heads_are_read_alike() -> None:
    """As above, for responses."""
    accepted, before = 0, b""
    for raw in mutated(RESPONSE_SEEDS, COUNT):
        verdict = check(read_response, raw, RESPONSE.fullmatch, CODECS, before)
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
        check(read_request, chance.choice(lines) + b"\r\n" + tail, REQUEST.fullmatch, CODECS[:1], before)


def test_mutated_chunked_bodies_are_read_alike() -> None:
    """No mutation makes the end of a body depend on where the network cut it, or lie where the model has none."""
    accepted = 0
    for raw in mutated(CHUNK_SEEDS, COUNT * 4):
        accepted += check(read_chunks, raw, strict_chunks, [None])[0] == "body"
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
    verdict = check(read_request, raw, REQUEST.fullmatch, CODECS)
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
