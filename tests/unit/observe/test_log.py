"""Tests of the gateway's own log."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from vizgate.observe.log import LogFormat, set_up_logging


@pytest.fixture(autouse=True)
def _restore_logger() -> Iterator[None]:
    logger = logging.getLogger("vizgate")
    before = logger.handlers[:], logger.level, logger.propagate
    yield
    logger.handlers[:], logger.level, logger.propagate = before[0], before[1], before[2]


def _fail(message: str) -> None:
    def work() -> None:
        raise ValueError(message)

    try:
        work()
    except ValueError:
        logging.getLogger("vizgate.gateway").exception("it failed")


def test_set_up_logging_text_has_time_level_name_and_message() -> None:
    """An entry is one line that says when, how bad, who and what."""
    stream = io.StringIO()
    set_up_logging(stream=stream)
    logging.getLogger("vizgate.gateway").warning("port %d", 8080)
    time, rest = stream.getvalue().split(" ", 1)
    assert time.endswith("Z")
    assert rest == "WARNING vizgate.gateway: port 8080\n"


def test_set_up_logging_json_has_one_object_per_line() -> None:
    """With a traceback, too, an entry stays on its line."""
    stream = io.StringIO()
    set_up_logging(log_format="json", stream=stream)
    _fail("no\nluck")
    (line,) = stream.getvalue().splitlines()
    entry = json.loads(line)
    assert (entry["level"], entry["logger"], entry["message"]) == ("error", "vizgate.gateway", "it failed")
    assert "ValueError: no\nluck" in entry["exception"]


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_set_up_logging_tells_which_process_writes(log_format: LogFormat) -> None:
    """Entries of several processes in one stream can be told apart."""
    stream = io.StringIO()
    set_up_logging(log_format=log_format, stream=stream, process="worker 2").warning("hot")
    told = {"text": " WARNING vizgate [worker 2]: hot\n", "json": '"message": "hot", "process": "worker 2"}\n'}
    assert stream.getvalue().endswith(told[log_format])


def test_set_up_logging_text_message_cannot_imitate_an_entry() -> None:
    """Line ends and control characters of a message are escaped; lines of a traceback are set in."""
    stream = io.StringIO()
    set_up_logging(stream=stream)
    logging.getLogger("vizgate").error("bad %s", "a\r\n\x1b[31m\x9bfake")
    _fail("x\nERROR fake")
    first, *others = stream.getvalue().splitlines()
    assert first.endswith("ERROR vizgate: bad a\\x0d\\n\\x1b[31m\\x9bfake")
    assert [line for line in others if not line.startswith("    ")] == [others[0]]


def test_set_up_logging_level_leaves_out_what_is_below() -> None:
    """Only entries of the level and above are written."""
    stream = io.StringIO()
    set_up_logging(level="error", stream=stream)
    logging.getLogger("vizgate").warning("no")
    assert stream.getvalue() == ""


def test_set_up_logging_twice_writes_once() -> None:
    """A second call replaces the first."""
    stream = io.StringIO()
    set_up_logging(stream=stream)
    set_up_logging(stream=stream)
    logging.getLogger("vizgate").warning("once")
    assert len(stream.getvalue().splitlines()) == 1


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_set_up_logging_url_in_message_loses_its_secrets(log_format: LogFormat) -> None:
    """A token in a quoted URL is not written, neither in the message nor in a traceback."""
    stream = io.StringIO()
    set_up_logging(log_format=log_format, stream=stream)
    logging.getLogger("vizgate").warning("GET /a?token=%s failed", "s3cret")
    _fail("/b?password=s3cret")
    assert "s3cret" not in stream.getvalue()
