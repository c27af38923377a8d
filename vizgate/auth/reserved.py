"""Fields that are the gateway's own to set, whoever sends them.

In: ``reserved_names``, and ``credential_names``, which no trailer may have. Not in: removing them from requests
(``wire.fields``, told by ``gateway.build``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from vizgate.auth.api_key.config import ApiKeyConfig
from vizgate.auth.config import IdentityHeadersConfig
from vizgate.auth.forward.config import ForwardAuthConfig

_MARK = re.compile(r"[^0-9a-z]")


def reserved_names(identity: IdentityHeadersConfig, authenticators: Iterable[object]) -> frozenset[bytes]:
    """The lower-case names that a service may trust, because no client's field of that name reaches it.

    With a name that has underscores or other marks goes the one with hyphens: many servers take the two for one.
    """
    names = list(identity.names)
    for config in authenticators:
        if isinstance(config, ForwardAuthConfig):
            names += config.copy_headers
    lower = [name.lower() for name in names]
    return frozenset(name.encode("latin-1") for given in lower for name in (given, _MARK.sub("-", given)))


def credential_names(authenticators: Iterable[object]) -> frozenset[bytes]:
    """The lower-case names of fields that carry credentials of a kind of their own."""
    keys = [config.header for config in authenticators if isinstance(config, ApiKeyConfig)]
    return frozenset(name.lower().encode("latin-1") for name in keys)
