"""The life of API versions, as routes see it.

In: ``version_layers``. Not in: the rule (``versions``).
"""

from __future__ import annotations

from vizgate.config.model import RouteConfig
from vizgate.gateway.policies.parts import Layer, Parts


def version_layers(route: RouteConfig, parts: Parts) -> list[Layer]:  # noqa: ARG001  # versions cannot be set yet
    """The layer that tells of deprecation and refuses what is gone, if *route* has a ``{version}``."""
    return []
