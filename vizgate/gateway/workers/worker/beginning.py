"""What a worker begins with: its terms, and the descriptors that came with them.

In: ``Beginning``, its form in a question to a worker. Not in: what becomes of it (``workers.worker.worker``).
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vizgate.gateway.membership import SocketBox
from vizgate.gateway.workers.channel.channel import Asked
from vizgate.gateway.workers.terms import Terms

Sockets = Mapping[str, Sequence[socket.socket]]


@dataclass(slots=True)
class Beginning:
    """``page``: the descriptor of the memory with everybody's load. ``store``: that of the shared store, None without.

    ``sockets``: listening sockets by the place that they take. ``seat``: the place in that memory.
    """

    terms: Terms
    seat: int
    page: int
    store: int | None
    sockets: SocketBox

    @classmethod
    def of(cls, asked: Asked) -> Beginning:
        """What is in *asked*; the descriptors are the caller's then, the store's excepted, which is closed later."""
        files = asked.files
        sockets = sockets_of(asked)
        page = os.dup(files[0])
        return cls(
            Terms.decode(asked.blob), asked.body["seat"], page, files[1] if len(files) > 1 else None, SocketBox(sockets)
        )


def sockets_of(asked: Asked) -> Sockets:
    """The listening sockets that came with *asked*, behind all other descriptors."""
    counts: list[tuple[str, int]] = asked.body["sockets"]
    total = sum(count for _, count in counts)
    files = asked.files[len(asked.files) - total :]
    del asked.files[len(asked.files) - total :]
    own = iter([socket.socket(fileno=fd) for fd in files])
    return {place: [next(own) for _ in range(count)] for place, count in counts}


def sent(sockets: Sockets) -> tuple[dict[str, Any], list[int]]:
    """*sockets* as the body of a question, and the descriptors that go with it, behind all others."""
    counts = [[place, len(group)] for place, group in sockets.items()]
    return {"sockets": counts}, [sock.fileno() for group in sockets.values() for sock in group]
