"""The access log: one truthful line for every request that was read."""

from __future__ import annotations

from vizgate.observe.access_log.formats import CombinedFormat, JsonFormat
from vizgate.observe.access_log.sink import FileSink, Sink, SinkError, open_sink
from vizgate.observe.access_log.writer import AccessLog

__all__ = ["AccessLog", "CombinedFormat", "FileSink", "JsonFormat", "Sink", "SinkError", "open_sink"]
