"""The store that a configuration asks for.

In: ``build_store``. Not in: starting it (``gateway``).
"""

from __future__ import annotations

from vizgate.extension.contract import Context
from vizgate.extension.kinds.store_component import StoreComponent
from vizgate.extension.making import make
from vizgate.extension.registry import Registry
from vizgate.store.config import AnyStoreConfig, PluginStoreConfig, SharedStoreConfig
from vizgate.store.shared.store import SharedStore


def build_store(
    config: AnyStoreConfig, context: Context, registry: Registry, *, inherited_fd: int | None = None
) -> StoreComponent:
    """The store of *config*, not started.

    Args: inherited_fd: the table of a shared store that another process has made; a file with a name needs none.

    Raises: PluginError: there is no such kind. VizgateError: it cannot be used.
    """
    kind = registry.resolve_store(config.kind)
    if isinstance(config, SharedStoreConfig) and config.path is None and inherited_fd is not None:
        return SharedStore(config, context, inherited_fd=inherited_fd)
    return make(kind, config.read(kind.Config) if isinstance(config, PluginStoreConfig) else config, context)
