"""What a rehearsal tells about one request.

In: plain values. Not in: how they come about (``gateway.rehearsal.rehearsal``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vizgate.message.headers import Field, Headers
from vizgate.message.identity import Identity


@dataclass(frozen=True, slots=True)
class SeenRequest:
    """A request as it is routed. ``headers``: as middleware gets them, with what the gateway has added."""

    method: str
    authority: str
    target: bytes
    headers: Headers
    client: str


@dataclass(frozen=True, slots=True)
class UpstreamRequest:
    """The head of a request as an upstream would get it. ``address``: ``host:port`` of the target, "" of a built-in."""

    address: str
    method: str
    target: str
    fields: tuple[Field, ...]

    @classmethod
    def parse(cls, address: str, head: bytes) -> UpstreamRequest:
        """The request whose *head* the gateway has written."""
        line, *lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
        method, target, _ = line.decode("latin-1").split(" ")
        fields = [text.partition(b": ")[::2] for text in lines]
        return cls(address, method, target, tuple(fields))


@dataclass(slots=True)
class Step:
    """What one middleware did.

    ``forwarded``: whether it passed the request on. ``status``: of what it gave back, 0 when it raised, which ``error``
    then tells. ``request_changes``, ``response_changes``: what it changed, in words.
    """

    use: str
    forwarded: bool = False
    status: int = 0
    error: str = ""
    request_changes: tuple[str, ...] = ()
    response_changes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """The course of one request.

    ``status``: what the client would be told; behind a ``forwarded`` request stands an upstream that always answers
    200. ``detail``: why the gateway itself refused, if it did. ``route``, ``service``: "" when it came to none.
    ``seen``: None when it was refused before routing. ``identity``: whose it turned out to be. ``steps``: middleware in
    the order in which the request met it.
    """

    status: int
    detail: str = ""
    route: str = ""
    service: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    seen: SeenRequest | None = None
    identity: Identity | None = None
    steps: tuple[Step, ...] = ()
    upstream: UpstreamRequest | None = None
    response_fields: tuple[Field, ...] = ()

    @property
    def forwarded(self) -> bool:
        """Whether the request reached its service."""
        return self.upstream is not None

    @property
    def is_imagined(self) -> bool:
        """Whether the answer is that of an upstream that was not asked, so that its status says nothing."""
        return self.upstream is not None and self.upstream.address != ""
