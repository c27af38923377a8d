"""Tests of the sink, on real files and pipes."""

from __future__ import annotations

import contextlib
import os
import select
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from vizgate.observe.access_log import FileSink, SinkError, open_sink
from vizgate.observe.access_log.sink import Turnstile


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    read_end, write_end = os.pipe()
    yield read_end, write_end
    for fd in (read_end, write_end):
        with contextlib.suppress(OSError):
            os.close(fd)


def test_open_sink_path_appends_with_closed_permissions(tmp_path: Path) -> None:
    """A file that is there is continued; a new one is not for everybody to read."""
    path = tmp_path / "access.log"
    for text in (b"one\n", b"two\n"):
        sink = open_sink(str(path))
        assert sink.write(text, 0) == 4
        sink.close()
    assert path.read_bytes() == b"one\ntwo\n"
    assert path.stat().st_mode & 0o007 == 0


def test_open_sink_directory_that_is_not_there_says_so(tmp_path: Path) -> None:
    """The error names the path and the reason."""
    with pytest.raises(SinkError, match=r"cannot open .*nowhere/access\.log: No such file"):
        open_sink(str(tmp_path / "nowhere" / "access.log"))


def test_open_sink_stdout_close_leaves_it_open(capfd: pytest.CaptureFixture[str]) -> None:
    """Standard output belongs to the process: closing the sink does not close it."""
    sink = open_sink("stdout")
    sink.close()
    assert sink.write(b"still here\n", 0) == 11
    assert capfd.readouterr().out == "still here\n"
    assert repr(sink) == "<FileSink 1>"


def test_write_pipe_takes_whole_lines_up_to_pipe_buf(pipe: tuple[int, int]) -> None:
    """Lines of several processes on one pipe do not mingle: each write is whole lines and at most PIPE_BUF bytes."""
    sink = FileSink(pipe[1])
    lines = b"".join(b"%099d\n" % number for number in range(200))
    sent = 0
    while sent < len(lines):
        taken = sink.write(lines, sent)
        assert 0 < taken <= select.PIPE_BUF
        assert lines[sent + taken - 1 : sent + taken] == b"\n"
        assert os.read(pipe[0], 65536) == lines[sent : sent + taken]
        sent += taken


def test_write_pipe_line_longer_than_pipe_buf_goes_alone(pipe: tuple[int, int]) -> None:
    """A line that no single write can hold is still written, and nothing is put in with it."""
    sink = FileSink(pipe[1])
    long = b"x" * (select.PIPE_BUF + 100) + b"\n"
    assert sink.write(b"a\n" + long + b"b\n", 2) == len(long)


def test_write_full_pipe_in_non_blocking_mode_takes_nothing(pipe: tuple[int, int]) -> None:
    """Another process may have made the pipe non-blocking: then the sink waits a moment and says that nothing went."""
    os.set_blocking(pipe[1], False)
    sink = FileSink(pipe[1], patience_s=0.001)
    line = b"x" * 1023 + b"\n"
    taken = [sink.write(line, 0) for _ in range(100)]
    assert taken[0] == 1024
    assert taken[-1] == 0


def test_write_reader_gone_is_a_sink_error(pipe: tuple[int, int]) -> None:
    """A broken pipe is an error of ours, not an OSError and not a signal."""
    os.close(pipe[0])
    with pytest.raises(SinkError, match="Broken pipe"):
        FileSink(pipe[1]).write(b"x\n", 0)


def test_write_full_disk_is_a_sink_error() -> None:
    """A full disk is an error of ours."""
    sink = open_sink("/dev/full")
    with pytest.raises(SinkError, match="No space left"):
        sink.write(b"x\n", 0)
    sink.close()


def test_reopen_after_rename_begins_a_new_file(tmp_path: Path) -> None:
    """Log rotation: the renamed file keeps what it has, the path gets a new one."""
    path = tmp_path / "access.log"
    sink = open_sink(str(path))
    sink.write(b"old\n", 0)
    path.rename(tmp_path / "access.log.1")
    sink.reopen()
    sink.write(b"new\n", 0)
    sink.close()
    assert ((tmp_path / "access.log.1").read_bytes(), path.read_bytes()) == (b"old\n", b"new\n")


def test_reopen_that_fails_keeps_the_old_file(tmp_path: Path) -> None:
    """When the path cannot be opened any more, lines go on into the file that is open."""
    folder = tmp_path / "logs"
    folder.mkdir()
    sink = open_sink(str(folder / "access.log"))
    folder.rename(tmp_path / "moved")
    with pytest.raises(SinkError):
        sink.reopen()
    sink.write(b"line\n", 0)
    sink.close()
    assert (tmp_path / "moved" / "access.log").read_bytes() == b"line\n"


def test_file_sink_of_no_descriptor_is_a_sink_error() -> None:
    """A closed standard output is found at once."""
    with pytest.raises(SinkError, match="Bad file descriptor"):
        FileSink(10_000)


def _write_many(path: str, write_end: int, mark: bytes) -> None:
    """As a process of its own: write long and short lines of *mark*."""
    sink = FileSink(write_end, turnstile=Turnstile(os.open(path, os.O_RDWR)))
    lines = (mark * 3 * select.PIPE_BUF + b"\n" + mark + b"\n") * 20
    sent = 0
    while sent < len(lines):
        sent += sink.write(lines, sent)


@pytest.mark.parametrize("is_blocking", [True, False])
def test_turnstile_keeps_long_lines_of_processes_apart(
    tmp_path: Path, pipe: tuple[int, int], is_blocking: bool
) -> None:
    """A line that a pipe takes in pieces only is whole there, although another process writes to it, too."""
    path = tmp_path / "lock"
    path.touch()
    os.set_blocking(pipe[1], is_blocking)
    # Threads, because what a lock tells apart is open files.
    writers = [threading.Thread(target=_write_many, args=(str(path), pipe[1], mark)) for mark in (b"a", b"b")]
    for writer in writers:
        writer.start()
    with os.fdopen(os.dup(pipe[0]), "rb") as reader:
        lines = [reader.readline().rstrip(b"\n") for _ in range(80)]
    for writer in writers:
        writer.join()
    assert {(True, True)} == {(len(set(line)) == 1, len(line) in (1, 3 * select.PIPE_BUF)) for line in lines}
