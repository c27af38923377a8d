"""What a sink for finished requests is.

In: ``Sink``, its settings and ``RequestRecord``. Not in: the queue in front of it (``gateway.plugged``) and the access
log, which is no sink (``observe.access_log``).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any, ClassVar

from pydantic import Field

from vizgate.extension.contract import Component, ComponentConfig
from vizgate.extension.values.fields import Integer, PositiveDuration


class SinkConfig(ComponentConfig):
    """What every sink can be told, next to ``use:``."""

    queue: Annotated[Integer, Field(ge=1, le=1_000_000)] = Field(
        default=10_000, description="Most records that wait; further ones are dropped and counted."
    )
    batch: Annotated[Integer, Field(ge=1, le=100_000)] = Field(
        default=500, description="Most records that the sink is given at once."
    )
    every: PositiveDuration = Field(
        default=1.0, description="How long records gather at most before the sink is given them."
    )
    timeout: PositiveDuration = Field(
        default=10.0, description="How long the sink may take for one batch; then it is given up and counted."
    )


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """One request that has ended, in plain values that nothing changes any more.

    ``started_s``: seconds since the epoch. ``duration_s``: until the last byte of the answer. ``target``: path and
    query, secrets in the query replaced. ``http_version``: of the client. ``client``: by the trust rules; ``peer``: the
    other end of the connection. ``route``, ``service``, ``upstream`` (the address of the last target tried): "" for
    none. ``attempts``: targets tried. ``upstream_s``: until the head of the answer. ``status``: what the client was
    sent, 499 when it went away before. ``bytes_in`` and ``bytes_out``: of bodies. ``termination``: how it ended, as the
    access log tells it, ``-`` for the usual end. ``user``: who sent it, if that was verified.

    Texts from outside are cut after 2048 bytes, and may hold any character.
    """

    started_s: float
    duration_s: float
    method: str
    target: str
    http_version: str
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
    termination: str
    user_agent: str
    referer: str
    user: str

    def as_dict(self) -> dict[str, Any]:
        """Every field by its name, fit for JSON."""
        return asdict(self)


class Sink(Component):
    """Base class of sinks: each finished request's record goes there, in batches, after the answer has left.

    Requests never wait for a sink. One that is slow fills its queue, and what does not fit is dropped and counted; a
    batch that it fails on is lost and counted, and the next one comes after a pause.
    """

    Config: ClassVar[type[ComponentConfig]] = SinkConfig

    @abstractmethod
    async def take(self, records: Sequence[RequestRecord]) -> None:
        """Take *records*, at least one, oldest first; called again when it has returned.

        It runs on the gateway's event loop: await what takes time, and give work that blocks to a thread
        (``asyncio.to_thread``). Whatever it raises loses this batch alone.
        """
