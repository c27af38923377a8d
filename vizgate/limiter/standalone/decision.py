"""The answer of a limiter.

In: ``Decision``. Not in: how it is found (``limiter.programs``) and told to clients (``limiter.fields``).
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a cost may be spent now.

    ``retry_after_s``: seconds after which the same cost passes, if nobody else spends; 0 when it passed.
    ``remaining``: whole units that would still pass now. ``reset_s``: seconds until everything is back.
    """

    allowed: bool
    retry_after_s: float
    remaining: int
    reset_s: float = field(default=0.0, compare=False)

    def __bool__(self) -> bool:
        return self.allowed
