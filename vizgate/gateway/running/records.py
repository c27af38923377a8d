"""Where the record of every request goes.

In: the access log of a configuration, and joining takers. Not in: the log (``observe.access_log``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from vizgate.config.model import AccessLogConfig
from vizgate.gateway.running.components import StartFailed
from vizgate.gateway.state import GatewayState
from vizgate.observe.access_log import AccessLog, CombinedFormat, JsonFormat, SinkError, open_sink
from vizgate.observe.exchange import ExchangeRecord

#: Takes the record of a request that has ended.
Taker = Callable[[ExchangeRecord], None]


def open_access_log(settings: AccessLogConfig, state: GatewayState) -> AccessLog | None:
    """The log that *settings* ask for; None when it is off. Raises: StartFailed: it cannot be written."""
    if settings.format == "off":
        return None
    try:
        sink = open_sink(settings.to, state.membership.turnstile)
    except SinkError as exc:
        raise StartFailed(f"observe.access_log.to: {exc}") from exc
    line = JsonFormat() if settings.format == "json" else CombinedFormat()
    return AccessLog(line, sink, settings.sample, state.random, state.metrics.access_log)


def each(takers: Sequence[Taker]) -> Taker | None:
    """One that gives records to all *takers*; None without any, so that no record is made."""
    if len(takers) <= 1:
        return takers[0] if takers else None
    every = tuple(takers)

    def take(record: ExchangeRecord) -> None:
        for taker in every:
            taker(record)

    return take
