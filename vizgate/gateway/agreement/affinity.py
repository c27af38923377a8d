"""One key for the affinity cookies of all gateways of a store.

In: ``AffinityAgreement``, and how numbers in a store are a key. Not in: what is signed (``balancer.affinity``).

Whoever comes first leaves random numbers, and everybody makes the key of what is there. Four doubles hold 4 * 53 random
bits: 212, of which 128 are enough, since nobody can try so many keys (NIST SP 800-107 5.3.4), and a cookie leads to a
target, and to nothing else.
"""

from __future__ import annotations

import logging
from hashlib import sha256
from secrets import randbits
from struct import pack
from typing import ClassVar, Final

from vizgate.balancer.affinity.key import SigningKey
from vizgate.extension.store import MAX_CELLS, Cells
from vizgate.gateway.agreement.board import Board

_log = logging.getLogger("vizgate.gateway")

_NAME = "affinity_key"
# As long as clients may find all gateways gone and still come back to their targets.
_KEPT_S: Final = 30 * 86400.0
# What a double holds of a whole number.
_BITS = 53


class AffinityAgreement:
    """Brings *key* and those of others together.

    A gateway that has agreed once proposes what it knows: a store that has lost everything gets the same key back, and
    no client notices.
    """

    stake: ClassVar[str] = "affinity cookies are signed with the key that this gateway has"

    def __init__(self, key: SigningKey, board: Board) -> None:
        self._key = key
        self._board = board
        self._proposal: Cells = tuple(float(randbits(_BITS)) for _ in range(MAX_CELLS))
        self._has_agreed = False

    @property
    def is_wanted(self) -> bool:
        """Whether there is anything to agree about."""
        return self._key.is_used

    async def follow(self) -> None:
        """Take the key that the others have. Raises: StoreFailed: nobody knows which that is."""
        self._proposal = await self._board.first(_NAME, _KEPT_S, self._proposal)
        if self._key.change(key_of(self._proposal)) and self._has_agreed:
            _log.warning("affinity: the store has another key than before; cookies of both are good here")
        self._has_agreed = True

    def __repr__(self) -> str:
        return f"<AffinityAgreement [{'agreed' if self._has_agreed else 'own key'}]>"


def key_of(numbers: Cells) -> bytes:
    """The key that *numbers* stand for."""
    return sha256(b"vizgate affinity key\0" + pack(f">{len(numbers)}d", *numbers)).digest()
