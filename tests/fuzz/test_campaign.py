"""A short campaign over every target, and proof that the campaign finds what it looks for."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.fuzz import readers
from tests.fuzz.campaign import HANG_S, fuzz
from tests.fuzz.mutator import Mutator
from tests.fuzz.readers import Verdict
from tests.fuzz.targets import ChunkedBodies, RequestHeads, Target, all_targets

EXECS = 15_000
SEEDS = [b"POST /x HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\n\r\nhello"]


@pytest.mark.parametrize("target", all_targets(), ids=lambda target: target.name)
def test_campaign_finds_nothing(target: Target):
    """No crash, no hang, no split between the codecs, the cuts, the models and other parsers."""
    report = fuzz(target, EXECS, seed=7)
    assert [] == report.findings
    assert report.execs >= EXECS
    assert report.sound > report.inputs // 50, "the mutations have become useless"


def test_mutator_repeats_itself():
    """One seed gives one row of inputs, another seed another."""
    first, again, other = ([*Mutator(SEEDS, seed).take(200)] for seed in (1, 1, 2))
    assert first == again
    assert first != other


class Careless(RequestHeads):
    """A reader of heads that h11 reads otherwise than httptools."""

    @staticmethod
    def read(codec: Any, raw: bytes, size: int, before: Sequence[bytes] = ()) -> Verdict:
        verdict = readers.read_request(codec, raw, size, before)
        return readers.REFUSED if codec.name == "h11" and b"X-A" in raw else verdict


class Crashing(ChunkedBodies):
    """A reader of chunks that falls over a semicolon."""

    @staticmethod
    def read(codec: Any, raw: bytes, size: int, before: Sequence[bytes] = ()) -> Verdict:
        return readers.REFUSED if raw.index(b";") else readers.WAITING


class Slow(ChunkedBodies):
    """A reader of chunks that takes its time over a sign."""

    @staticmethod
    def read(codec: Any, raw: bytes, size: int, before: Sequence[bytes] = ()) -> Verdict:
        until_s = time.thread_time() + (HANG_S * 1.2 if b"+" in raw else 0.0)
        while time.thread_time() < until_s:
            pass
        return readers.REFUSED


@pytest.mark.parametrize(
    ("planted", "word"), [(Careless, "httptools: ('head'"), (Crashing, "ValueError"), (Slow, "hang of")]
)
def test_campaign_finds_planted_fault(planted: type[Target], word: str):
    """A split, a crash and a hang are each told, with the input."""
    target = next(each for each in all_targets() if issubclass(planted, type(each)))
    report = fuzz(planted(target.seeds), 2000, seed=1)
    assert any(word in finding for finding in report.findings)


def test_program_tells_each_target_and_ends_with_0():
    """The program for long runs prints a line for each target and the sum."""
    program = Path(__file__).with_name("run.py")
    ran = subprocess.run(
        [sys.executable, program, "--execs", "2000", "--jobs", "1"], capture_output=True, text=True, check=False
    )
    assert (0, "") == (ran.returncode, ran.stderr)
    assert [target.name for target in all_targets()] == [line[:16].rstrip() for line in ran.stdout.splitlines()[:-1]]
