"""The explicit list of what vizgate brings along under short names; everything else comes from plugins.

In: built-in middleware by the name that ``use:`` gives it, authenticators and stores by their ``kind:``. Not in:
finding plugins (``extension.registry``).
"""

from __future__ import annotations

from collections.abc import Mapping

from vizgate.extension.authenticator import Authenticator
from vizgate.extension.contract import Component, Middleware
from vizgate.extension.store_component import StoreComponent
from vizgate.store.memory import MemoryStore
from vizgate.store.redis.store import RedisStore
from vizgate.store.shared.store import SharedStore
from vizgate.transform.middleware import HeadersMiddleware

MIDDLEWARE: Mapping[str, type[Middleware]] = {
    "headers": HeadersMiddleware,
}

AUTHENTICATORS: Mapping[str, type[Authenticator]] = {}

STORES: Mapping[str, type[StoreComponent]] = {
    "memory": MemoryStore,
    "redis": RedisStore,
    "shared": SharedStore,
}

#: Everything, for a ``Registry``.
BUILTIN: Mapping[str, type[Component]] = {**MIDDLEWARE, **AUTHENTICATORS, **STORES}
