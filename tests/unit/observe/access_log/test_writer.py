"""Tests of the queue and its thread: one line per record, whatever the sink does."""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from vizgate.observe.access_log import AccessLog, FileSink, JsonFormat, SinkError, open_sink, writer
from vizgate.observe.access_log.formats import FIELD_LIMIT
from vizgate.observe.exchange import ExchangeRecord
from vizgate.observe.metrics import Metrics


class MemorySink:
    """A sink that takes at most ``most`` bytes at a time, and can be told to fail or to wait."""

    def __init__(self, most: int = 1 << 20) -> None:
        self.files: list[bytearray] = [bytearray()]
        self.most = most
        self.failing = threading.Event()
        self.tried = threading.Event()
        self.gate = threading.Event()
        self.gate.set()
        self.closed = False

    def write(self, lines: bytes, start: int) -> int:
        self.tried.set()
        self.gate.wait()
        if self.failing.is_set():
            raise SinkError("access log: it fails")
        part = lines[start : start + self.most]
        self.files[-1] += part
        return len(part)

    def reopen(self) -> None:
        self.files.append(bytearray())

    def close(self) -> None:
        self.closed = True

    @property
    def lines(self) -> list[bytes]:
        return bytes(self.files[-1]).splitlines()


def _numbered(record: ExchangeRecord) -> bytes:
    """The shortest format that tells records apart."""
    return b"%d\n" % record.bytes_out


def _append(log: AccessLog, record: ExchangeRecord, numbers: Iterable[int]) -> None:
    for number in numbers:
        log.append(replace(record, bytes_out=number))


@pytest.fixture
def sink() -> MemorySink:
    return MemorySink()


def test_append_records_one_line_each_in_order(sink: MemorySink, record: ExchangeRecord) -> None:
    """Exactly one line for each record, in the order in which requests ended."""
    log = AccessLog(_numbered, sink)
    _append(log, record, range(5000))
    assert log.close()
    assert sink.lines == [b"%d" % number for number in range(5000)]
    assert (log.dropped, sink.closed) == (0, True)


def test_append_with_pauses_wakes_the_writer_each_time(sink: MemorySink, record: ExchangeRecord) -> None:
    """A record that comes while the writer rests is written without another one coming."""
    log = AccessLog(_numbered, sink)
    for number in range(20):
        _append(log, record, [number])
        assert log.flush()
        assert len(sink.lines) == number + 1
    assert log.close()


def test_append_without_flush_is_written_soon(sink: MemorySink, record: ExchangeRecord) -> None:
    """Nobody has to ask: the first record wakes the writer."""
    log = AccessLog(_numbered, sink)
    _append(log, record, [7])
    assert sink.tried.wait(5)
    assert log.close()
    assert sink.lines == [b"7"]


@pytest.mark.parametrize("most", [1, 3, 64])
def test_append_sink_takes_little_at_a_time_loses_nothing(record: ExchangeRecord, most: int) -> None:
    """Partial writes are continued where they stopped."""
    sink = MemorySink(most)
    log = AccessLog(_numbered, sink)
    _append(log, record, range(700))
    assert log.close()
    assert sink.lines == [b"%d" % number for number in range(700)]


def test_append_blocked_sink_drops_the_newest_and_counts(sink: MemorySink, record: ExchangeRecord) -> None:
    """A sink that hangs never holds up the one who appends: the queue fills, and the rest is counted."""
    metrics = Metrics()
    sink.gate.clear()
    log = AccessLog(_numbered, sink, cells=metrics.access_log, limit=1000)
    _append(log, record, [0])
    assert log.flush(0.0) is False
    assert sink.tried.wait(5)
    _append(log, record, range(1, 1501))
    assert log.dropped == metrics.access_log.overflowed == 500
    sink.gate.set()
    assert log.close()
    assert sink.lines == [b"%d" % number for number in range(1001)]


def test_append_sink_fails_and_recovers_loses_nothing(
    sink: MemorySink, record: ExchangeRecord, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A failing sink is tried again from where it stopped, and the failure is reported once."""
    monkeypatch.setattr(writer, "_RETRY_S", 0.001)
    log = AccessLog(_numbered, sink)
    sink.failing.set()
    with caplog.at_level(logging.ERROR, "vizgate.access_log"):
        _append(log, record, range(10))
        assert log.flush(0.05) is False
        sink.failing.clear()
        assert log.close()
    assert sink.lines == [b"%d" % number for number in range(10)]
    assert [entry.getMessage() for entry in caplog.records] == ["access log: it fails; trying again every second"]


def test_close_sink_fails_to_the_end_counts_what_was_lost(sink: MemorySink, record: ExchangeRecord) -> None:
    """Records whose lines no sink took are counted, so lines and drops together are the records."""
    log = AccessLog(_numbered, sink)
    sink.failing.set()
    _append(log, record, range(300))
    assert log.close() is False
    assert log.dropped == 300
    assert sink.closed


def test_close_blocked_sink_gives_up_in_time(sink: MemorySink, record: ExchangeRecord) -> None:
    """A sink that hangs for ever does not hold up the end of the process, and is not closed under the writer."""
    sink.gate.clear()
    log = AccessLog(_numbered, sink)
    _append(log, record, range(3))
    assert sink.tried.wait(5)
    assert log.close(0.01) is False
    assert (log.dropped, sink.closed) == (3, False)
    sink.gate.set()


def test_close_without_records_closes_the_sink(sink: MemorySink) -> None:
    """A log that was never used has no thread, and closes its sink; closing twice is harmless."""
    log = AccessLog(_numbered, sink)
    assert log.close()
    assert log.close()
    assert sink.closed


def test_append_after_close_is_dropped(sink: MemorySink, record: ExchangeRecord) -> None:
    """What comes too late is counted, not forgotten."""
    log = AccessLog(_numbered, sink)
    log.close()
    _append(log, record, range(2))
    assert log.dropped == 2
    assert repr(log) == "<AccessLog [0 waiting, 2 dropped]>"


def test_append_share_logs_about_that_many(sink: MemorySink, record: ExchangeRecord) -> None:
    """A share of 25 % logs a quarter; the same seed chooses the same requests."""
    log = AccessLog(_numbered, sink, share=0.25, random=Random(7))
    _append(log, record, range(4000))
    log.close()
    random = Random(7)
    assert sink.lines == [b"%d" % number for number in range(4000) if random.random() < 0.25]
    assert 900 < len(sink.lines) < 1100
    assert log.dropped == 0


@pytest.mark.parametrize(("share", "lines"), [(0.0, 0), (1.0, 50)])
def test_append_share_of_none_or_all_is_exact(
    sink: MemorySink, record: ExchangeRecord, share: float, lines: int
) -> None:
    """Shares of 0 and 1 leave nothing to chance."""
    log = AccessLog(_numbered, sink, share=share, random=Random(1))
    _append(log, record, range(50))
    log.close()
    assert len(sink.lines) == lines


def test_append_record_that_cannot_be_formatted_costs_only_itself(
    sink: MemorySink, record: ExchangeRecord, caplog: pytest.LogCaptureFixture
) -> None:
    """A format that fails on one record is counted and reported; the others are written."""

    def fragile(one: ExchangeRecord) -> bytes:
        if one.bytes_out == 3:
            raise RuntimeError("no")
        return _numbered(one)

    log = AccessLog(fragile, sink)
    with caplog.at_level(logging.ERROR, "vizgate.access_log"):
        _append(log, record, range(6))
        log.close()
    assert sink.lines == [b"0", b"1", b"2", b"4", b"5"]
    assert log.dropped == 1
    assert [entry.getMessage() for entry in caplog.records] == ["a request could not be logged"]


def test_append_big_fields_while_behind_are_cut(sink: MemorySink, record: ExchangeRecord) -> None:
    """While the writer is behind, the queue keeps no more of a request than the line will show."""
    sink.gate.clear()
    log = AccessLog(JsonFormat(), sink)
    log.append(record)
    assert sink.tried.wait(5)
    big = replace(record, target=b"/" * 60_000, user_agent=b"u" * 60_000)
    for _ in range(600):
        log.append(big)
    assert sum(len(waiting.target) for waiting in log._queue) < 512 * 60_000 + 88 * (FIELD_LIMIT + 2)
    sink.gate.set()
    assert log.close()
    assert len(set(sink.lines[1:])) == 1


def test_reopen_between_records_begins_a_new_file(sink: MemorySink, record: ExchangeRecord) -> None:
    """Lines before the rotation are in the old file, lines after it in the new one."""
    log = AccessLog(_numbered, sink)
    _append(log, record, [1])
    assert log.flush()
    log.reopen()
    _append(log, record, [2])
    assert log.close()
    assert [bytes(file) for file in sink.files] == [b"1\n", b"2\n"]


def test_reopen_without_records_reopens(sink: MemorySink) -> None:
    """A rotation needs no traffic."""
    log = AccessLog(_numbered, sink)
    log.reopen()
    assert log.close()
    assert len(sink.files) == 2


def test_reopen_in_the_middle_of_a_line_writes_it_whole(record: ExchangeRecord) -> None:
    """A line that was cut in the old file stands whole in the new one."""
    sink = MemorySink(most=3)
    log = AccessLog(lambda _: b"0123456789\n", sink)
    sink.gate.clear()
    log.append(record)
    assert sink.tried.wait(5)
    log.reopen()
    sink.gate.set()
    assert log.close()
    assert [bytes(file) for file in sink.files] == [b"012", b"0123456789\n"]


def test_reopen_that_fails_goes_on_with_the_old_file(
    tmp_path: Path, record: ExchangeRecord, caplog: pytest.LogCaptureFixture
) -> None:
    """A rotation into nowhere is reported, and no line is lost."""
    folder = tmp_path / "logs"
    folder.mkdir()
    log = AccessLog(_numbered, open_sink(str(folder / "access.log")))
    folder.rename(tmp_path / "moved")
    with caplog.at_level(logging.ERROR, "vizgate.access_log"):
        log.reopen()
        _append(log, record, [5])
        assert log.close()
    assert (tmp_path / "moved" / "access.log").read_bytes() == b"5\n"
    assert "going on with the old file" in caplog.text


def test_append_thread_cannot_start_tries_again(
    sink: MemorySink, record: ExchangeRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the machine gives no thread, the request goes on; a later record starts the writer and nothing is lost."""

    def refuse(_: object) -> None:
        raise RuntimeError("can't start new thread")

    log = AccessLog(_numbered, sink)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        _append(log, record, [0])
    _append(log, record, [1])
    assert log.close()
    assert sink.lines == [b"0", b"1"]


def test_close_full_pipe_that_is_read_late_loses_nothing(record: ExchangeRecord) -> None:
    """With a real pipe in non-blocking mode and a slow reader, every record becomes one whole line."""
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    received = bytearray()

    def read() -> None:
        while chunk := os.read(read_end, 4096):
            received.extend(chunk)

    log = AccessLog(JsonFormat(), FileSink(write_end, patience_s=0.01))
    _append(log, record, range(2000))
    reader = threading.Thread(target=read)
    reader.start()
    assert log.close(30)
    os.close(write_end)
    reader.join()
    os.close(read_end)
    assert [json.loads(line)["bytes_out"] for line in received.splitlines()] == list(range(2000))
