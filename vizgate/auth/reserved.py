"""Fields that are the gateway's own to set, whoever sends them.

In: ``reserved_names``. Not in: removing them from requests (``wire.fields``, told by ``gateway.build``).
"""

from __future__ import annotations

from collections.abc import Iterable

from vizgate.auth.config import IdentityHeadersConfig
from vizgate.auth.forward.config import ForwardAuthConfig


def reserved_names(identity: IdentityHeadersConfig, authenticators: Iterable[object]) -> frozenset[bytes]:
    """The lower-case names that a service may trust, because no client's field of that name reaches it.

    With a name that has underscores goes the one with hyphens: many servers take the two for one.
    """
    names = list(identity.names)
    for config in authenticators:
        if isinstance(config, ForwardAuthConfig):
            names += config.copy_headers
    lower = [name.lower() for name in names]
    return frozenset(name.encode("latin-1") for given in lower for name in (given, given.replace("_", "-")))
