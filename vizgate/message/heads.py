"""Message heads as values, and how the body behind one is delimited.

In: ``RequestHead``, ``RequestShape``, ``ResponseHead``, ``Framing``. Not in: parsing (``wire``) and forwarding rules
(``message.forwarding``).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from vizgate.message.headers import Field
from vizgate.message.template import FieldTemplate


class BodyKind(Enum):
    """How the end of a body is found (RFC 9112 6.3)."""

    NONE = "none"
    LENGTH = "length"
    CHUNKED = "chunked"
    UNTIL_CLOSE = "until_close"


class Framing(NamedTuple):
    """The kind of a body and, for ``LENGTH``, its size in bytes."""

    kind: BodyKind
    length: int = 0


NO_BODY = Framing(BodyKind.NONE)
CHUNKED = Framing(BodyKind.CHUNKED)
UNTIL_CLOSE = Framing(BodyKind.UNTIL_CLOSE)

# The members under plain names: reading one off the enum costs ten times as much, and each message asks several times.
KIND_NONE = BodyKind.NONE
KIND_LENGTH = BodyKind.LENGTH
KIND_CHUNKED = BodyKind.CHUNKED
KIND_UNTIL_CLOSE = BodyKind.UNTIL_CLOSE


@dataclass(slots=True)
class RequestShape:
    """What a request head says apart from method and target. A client repeats it, so it is shared: not to be changed.

    ``template`` holds what may travel on: hop-by-hop fields, framing and fields named in ``Connection`` are gone.
    ``asserted``: what the client asserts about the way the request took (``message.forwarding.ASSERTED``).
    """

    #: The minor version: 0 or 1.
    minor: int
    template: FieldTemplate
    asserted: tuple[Field, ...]
    #: Host and optional port, from the target if it was absolute, else from ``Host``; empty only on HTTP/1.0.
    authority: bytes
    framing: Framing
    keep_alive: bool
    expects_continue: bool = False
    #: The value of ``Upgrade`` when ``Connection`` asks for it, else empty.
    upgrade: bytes = b""
    #: What ``Connection`` names: it must not travel on as a trailer, either.
    named: frozenset[bytes] = frozenset()

    @property
    def way(self) -> tuple[tuple[Field, ...], bytes, int]:
        """All that says where a request came from, but its peer."""
        return self.asserted, self.authority, self.minor

    @property
    def fields(self) -> list[Field]:
        """Those of ``template``, as a list of one's own."""
        return [*self.template.fields]


class RequestHead:
    """A request head that passed every check of ``wire``."""

    __slots__ = ("method", "shape", "target")

    def __init__(self, method: str, target: bytes, shape: RequestShape) -> None:
        self.method = method
        self.target = target
        self.shape = shape

    def __repr__(self) -> str:
        return f"<RequestHead {self.method} {self.target!r} {self.shape!r}>"


@dataclass(slots=True)
class ResponseHead:
    """A response head that passed every check of ``wire``; ``template`` holds what may travel on. Shared, as
    ``RequestShape`` is: not to be changed.
    """

    status: int
    reason: bytes
    minor: int
    template: FieldTemplate
    framing: Framing
    keep_alive: bool
    upgrade: bytes = b""
    has_date: bool = True
    named: frozenset[bytes] = frozenset()
    #: The size of the body if this is a final answer whose connection can be used again right behind that many bytes;
    #: -1 for every other.
    plain_length: int = -1
