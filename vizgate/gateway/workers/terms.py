"""What a worker is told when it begins, and again by a reload.

In: ``Terms``, ``own_config``. Not in: the descriptors that come along (``workers.worker.beginning``).
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass, field
from typing import Any

from vizgate.config import GatewayConfig
from vizgate.observe.log import LogLevel


@dataclass(frozen=True, slots=True)
class Terms:
    """``secret``: signs what clients bring back to any of the workers. ``orders``: names and arguments of operations
    that are to hold from the beginning.
    """

    config: GatewayConfig
    secret: bytes = field(repr=False)
    log_level: LogLevel = "info"
    orders: tuple[tuple[str, Any], ...] = ()

    def encode(self) -> bytes:
        """These terms as bytes, secrets included: for the socket between supervisor and worker, and nothing else."""
        return pickle.dumps(self, pickle.HIGHEST_PROTOCOL)

    @classmethod
    def decode(cls, data: bytes) -> Terms:
        """What ``encode`` gave. Only a worker does this, with what its supervisor has sent."""
        terms = pickle.loads(data)  # noqa: S301  # from the process that started this one
        assert isinstance(terms, cls)
        return terms


def own_config(config: GatewayConfig) -> GatewayConfig:
    """*config* as one worker serves it: the admin listener is the supervisor's."""
    # How long others are given to notice a stop is waited for once, by the supervisor.
    server = config.server.model_copy(update={"admin": None, "shutdown_delay": 0.0})
    return config.model_copy(update={"server": server})
