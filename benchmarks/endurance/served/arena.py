"""Everything that a long run needs around its clients: targets, a Redis if wanted, and the gateway between.

In: ``Arena``. Not in: the parts themselves.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from endurance.served.gateway import GatewayUnderTest, open_gateway
from endurance.served.redis import Redis
from endurance.served.target import Targets, open_targets
from sidebyside.site import PortSource, raise_file_limit

_TARGETS = 3


@dataclass(frozen=True, slots=True)
class Arena:
    """What runs; made by ``open_arena``. ``redis``: holds the counters, None when the gateway does."""

    gateway: GatewayUnderTest
    targets: Targets
    redis: Redis | None


@contextmanager
def open_arena(workers: int, *, with_redis: bool) -> Iterator[Arena]:
    """An arena on free ports of 127.0.0.1, meanwhile."""
    raise_file_limit()
    ports = PortSource()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        targets = stack.enter_context(open_targets([ports.take() for _ in range(_TARGETS)]))
        redis = stack.enter_context(Redis(folder, ports.take())) if with_redis else None
        own_store = "memory" if workers == 1 else "shared"
        values = {
            "port": ports.take(),
            "tls_port": ports.take(),
            "admin_port": ports.take(),
            "workers": workers,
            "store": own_store if redis is None else redis.url,
            "targets": ", ".join(targets.urls),
            "steady": targets.urls[0],
        }
        yield Arena(stack.enter_context(open_gateway(folder, values)), targets, redis)
