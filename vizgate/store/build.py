"""The store that a configuration asks for.

In: ``build_store``. Not in: starting it (``gateway``).
"""

from __future__ import annotations

from vizgate.extension.contract import Context
from vizgate.extension.making import make
from vizgate.extension.registry import Registry
from vizgate.extension.store_component import StoreComponent
from vizgate.store.config import AnyStoreConfig, PluginStoreConfig


def build_store(config: AnyStoreConfig, context: Context, registry: Registry) -> StoreComponent:
    """The store of *config*, not started.

    Raises: PluginError: there is no such kind. VizgateError: it cannot be used.
    """
    kind = registry.resolve_store(config.kind)
    return make(kind, config.read(kind.Config) if isinstance(config, PluginStoreConfig) else config, context)
