"""What the YAML may say about where targets come from.

In: ``DiscoverySetting``: one model for each kind. Not in: the settings of each kind (the folder of that kind).
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from vizgate.discovery.dns.config import DnsDiscoveryConfig
from vizgate.discovery.file.config import FileDiscoveryConfig
from vizgate.discovery.http.config import HttpDiscoveryConfig
from vizgate.discovery.kubernetes.config import KubernetesDiscoveryConfig
from vizgate.extension.contract import PluginConfig

#: What ``kind`` may say without a plugin.
BUILT_IN_SOURCES = ("dns", "file", "http", "kubernetes")


class PluginDiscoveryConfig(PluginConfig):
    """A source of one's own; its class says which other keys there are."""

    kind: str = Field(
        min_length=1,
        description="The name of an installed plugin, or `package.module:Class`.",
        json_schema_extra={"not": {"enum": list(BUILT_IN_SOURCES)}},
    )


def _kind_of(value: Any) -> str:
    kind = value.get("kind") if isinstance(value, dict) else getattr(value, "kind", None)
    return kind if kind in BUILT_IN_SOURCES else "plugin"


#: One source of targets.
DiscoverySetting = Annotated[
    Annotated[DnsDiscoveryConfig, Tag("dns")]
    | Annotated[FileDiscoveryConfig, Tag("file")]
    | Annotated[HttpDiscoveryConfig, Tag("http")]
    | Annotated[KubernetesDiscoveryConfig, Tag("kubernetes")]
    | Annotated[PluginDiscoveryConfig, Tag("plugin")],
    Discriminator(_kind_of),
]


def told(setting: DiscoverySetting) -> str:
    """*setting* in words: what people look for in it."""
    match setting:
        case DnsDiscoveryConfig():
            return f"dns {setting.name} {setting.record}"
        case FileDiscoveryConfig():
            return f"file {setting.path}"
        case HttpDiscoveryConfig():
            return f"http {setting.url.partition('?')[0]}"
        case KubernetesDiscoveryConfig():
            return f"kubernetes {setting.namespace or 'own namespace'}/{setting.service}"
        case _:
            return setting.kind
