"""The life of API versions, as routes see it.

In: ``version_layers``. Not in: the rule (``versions``).
"""

from __future__ import annotations

from vizgate.config.model import RouteConfig
from vizgate.gateway.policies.parts import Layer, Parts
from vizgate.versions.config import RouteVersionsConfig
from vizgate.versions.middleware import VersionMiddleware
from vizgate.versions.paths import version_of


def version_layers(route: RouteConfig, parts: Parts) -> list[Layer]:
    """The layer that tells of deprecation and refuses what is gone, if *route* has versions."""
    versions = parts.config.versions
    found = version_of(route.match.path, versions) if versions else None
    if found is None:
        return []
    config = RouteVersionsConfig(versions=versions, fixed=found)
    return [Layer("versions", VersionMiddleware(config, parts.context(route=route.name)))]
