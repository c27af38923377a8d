"""The one record every completed request leaves behind where somebody wants it.

In: ``ExchangeRecord``. Not in: what becomes of it (``observe.access_log``, ``observe.metrics``).
"""

from __future__ import annotations

from dataclasses import dataclass

from vizgate.errors import Termination


@dataclass(slots=True)
class ExchangeRecord:
    """What happened to one request that was read; made once, when it ends, for the access log and observers.

    ``started_s`` is wall-clock seconds since the epoch; durations are seconds. ``status`` is what the client was sent,
    or 499 when it went away before. ``bytes_in`` and ``bytes_out`` count body bytes; ``client`` is the client by the
    trust rules, ``peer`` the other end of the connection, ``user`` who sent it, if that was verified.
    """

    started_s: float
    duration_s: float
    method: str
    target: bytes
    minor: int
    authority: str
    scheme: str
    client: str
    peer: str
    request_id: str
    route: str
    service: str
    upstream: str
    attempts: int
    upstream_s: float
    status: int
    bytes_in: int
    bytes_out: int
    termination: Termination
    user_agent: bytes = b""
    referer: bytes = b""
    user: str = ""
