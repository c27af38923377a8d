"""What clients are told about their limits.

In: the fields of a response, by draft-ietf-httpapi-ratelimit-headers-11, and the older ``X-RateLimit-*``. Not in: which
limit is told of (``limiter.middleware``).
"""

from __future__ import annotations

from math import ceil

from vizgate.extension.store import Cells
from vizgate.limiter.rules import Rule
from vizgate.message.headers import Field

#: The fields that tell of limits, in lower case; an upstream's own of these names would contradict ours.
NAMES = frozenset(
    {b"ratelimit", b"ratelimit-policy", b"x-ratelimit-limit", b"x-ratelimit-remaining", b"x-ratelimit-reset"}
)

_SHORTEST = min(map(len, NAMES))


class LimitFields:
    """The fields of one line of a limit. Args: name: of the limit; letters, digits and ``_.-``."""

    __slots__ = ("_fixed", "_is_periodic", "_start")

    def __init__(self, name: str, rule: Rule) -> None:
        policy = f'"{name}";q={rule.most}'
        if rule.window_s:
            policy += f";w={rule.window_s}"
        self._is_periodic = rule.unit == "requests"  # which is what it is when nothing is said
        if not self._is_periodic:
            policy += f';qu="{rule.unit}"'
        self._fixed: tuple[Field, Field] = (
            (b"RateLimit-Policy", policy.encode()),
            (b"X-RateLimit-Limit", b"%d" % rule.most),
        )
        self._start = f'"{name}";r='.encode()

    def of(self, result: Cells) -> list[Field]:
        """The fields after a decision. Seconds are rounded up: at that second it is true.

        Allowed: until everything is back. Refused: until the same cost passes, as ``Retry-After`` says, which should
        not be earlier than the end of ``t`` (section 6).
        """
        left = b"%d" % result[1]
        reset = b"%d" % ceil(result[3] if result[0] and self._is_periodic else result[2])
        # Places come back when others leave: nobody knows a window for them.
        now = b"%b%b;t=%b" % (self._start, left, reset) if self._is_periodic else self._start + left
        policy, most = self._fixed
        return [policy, most, (b"RateLimit", now), (b"X-RateLimit-Remaining", left), (b"X-RateLimit-Reset", reset)]


def replace_fields(raw: list[Field], fields: list[Field]) -> None:
    """Put *fields* in the place of all that *raw* says about limits."""
    # Most names are too short to be looked at.
    raw[:] = [field for field in raw if len(field[0]) < _SHORTEST or field[0].lower() not in NAMES]
    raw += fields


def retry_after(seconds: float) -> Field:
    """``Retry-After``: the first whole second at which *seconds* have passed, at least one (RFC 9110 10.2.3)."""
    return (b"Retry-After", b"%d" % max(ceil(seconds), 1))
