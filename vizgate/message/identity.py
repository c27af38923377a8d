"""Who a request comes from, once that has been verified.

In: ``Identity``. Not in: verifying (``auth``) and what an identity may do (``auth``, ``limiter``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

_NO_CLAIMS: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Identity:
    """A verified caller.

    ``user``: who it is, never empty. ``tier``: the line of a rate limit's ``tiers`` that counts, "" for none.
    ``scopes``: what it may do. ``authenticator``: the name, in the YAML, of what verified it. ``credential``: which of
    the user's credentials was shown (the id of an API key, the ``jti`` of a token), "" when it has no name; never the
    credential itself. ``claims``: everything else that was verified with it.
    """

    user: str
    tier: str = ""
    scopes: frozenset[str] = frozenset()
    authenticator: str = ""
    credential: str = ""
    claims: Mapping[str, Any] = field(default_factory=lambda: _NO_CLAIMS, repr=False)
