"""What every balancer must do, as one function to call from a test.

In: ``check_balancer``. Not in: the shape of a single rule's sequence, which is that rule's own test.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence

from vizgate.extension.balancer import Balancer

MakeBalancer = Callable[[Sequence[int]], Balancer]

_WEIGHTS: tuple[tuple[int, ...], ...] = (
    (1,), (1, 1), (1, 1, 1), (3, 1), (5, 1, 1), (10, 20, 30, 40), (1, 997, 3000, 4001)
)  # fmt: skip


def check_balancer(
    make: MakeBalancer, *, follows_weights: bool = False, picks: int = 100_000, tolerance: float = 0.005
) -> None:
    """Hold the balancers that *make* builds to the contract of ``Balancer``; return when nothing was found.

    Args: make: a fresh balancer from one weight per target. follows_weights: shares are in proportion to the weights,
    not equal. picks: how many picks a share is measured over. tolerance: by how much a share may be off, as a fraction
    of all picks; a rule that chooses by chance needs more than one that takes turns.
    Raises: AssertionError: the balancer breaks the contract; the message says how.
    """
    for weights in _WEIGHTS:
        numbers = range(len(weights))
        _check_none_left(make, weights)
        _check_never_excluded(make, weights)
        _check_repeatable(make, weights)
        shares = weights if follows_weights else (1,) * len(weights)
        _check_fair(make(weights), shares, frozenset(), picks, tolerance)
        for out in numbers if len(weights) > 1 else ():
            _check_fair(make(weights), shares, frozenset({out}), max(picks // 10, 1000), max(tolerance, 0.01))


def _check_none_left(make: MakeBalancer, weights: Sequence[int]) -> None:
    balancer = make(weights)
    everyone = frozenset(range(len(weights)))
    assert balancer.pick(everyone) is None, f"weights {weights}: a pick although every target is excluded"
    assert balancer.pick(frozenset()) in everyone, f"weights {weights}: no pick although no target is excluded"


def _check_never_excluded(make: MakeBalancer, weights: Sequence[int]) -> None:
    """Excluded sets that change from pick to pick, as retries make them."""
    balancer = make(weights)
    chance = random.Random(1)  # noqa: S311  # the same test every time
    for _ in range(2000):
        excluded = {index for index in range(len(weights)) if chance.random() < 0.5}
        allowed = set(range(len(weights))) - excluded
        chosen = balancer.pick(excluded)
        assert chosen in allowed if allowed else chosen is None, (
            f"weights {weights}: picked {chosen} with {sorted(excluded)} excluded"
        )


def _check_repeatable(make: MakeBalancer, weights: Sequence[int]) -> None:
    one, other = make(weights), make(weights)
    for turn in range(1000):
        excluded = frozenset({turn % len(weights)}) if turn % 7 == 0 else frozenset()
        assert one.pick(excluded) == other.pick(excluded), f"weights {weights}: pick {turn} differs between two runs"


def _check_fair(
    balancer: Balancer, shares: Sequence[int], excluded: frozenset[int], picks: int, tolerance: float
) -> None:
    counts = Counter(balancer.pick(excluded) for _ in range(picks))
    total = sum(share for index, share in enumerate(shares) if index not in excluded)
    for index, share in enumerate(shares):
        expected = 0.0 if index in excluded else share / total
        actual = counts[index] / picks
        assert abs(actual - expected) <= tolerance, (
            f"shares {shares}, {sorted(excluded)} excluded: target {index} got {actual:.3%}, not {expected:.3%}"
        )
