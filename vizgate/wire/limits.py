"""What the wire lets grow, and how far."""

from __future__ import annotations

from dataclasses import dataclass

KIB = 1024


@dataclass(frozen=True, slots=True)
class WireLimits:
    """Bounds of one message; sizes in bytes. Defaults are those of ``server.limits``."""

    head_bytes: int = 64 * KIB
    fields: int = 100
    response_head_bytes: int = 64 * KIB
    trailer_bytes: int = 16 * KIB
    #: All chunk extensions of one message together: CVE-2023-39326 is what happens without a bound.
    extension_bytes: int = 16 * KIB
    #: Lower-case names that may not come as trailers, beside those that never may: fields a service trusts.
    refused_trailers: frozenset[bytes] = frozenset()
