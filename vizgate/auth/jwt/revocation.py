"""Tokens that were taken back before they expired: a list in the store.

In: the two programs on an entry, and ``RevocationList``. Not in: when a token is asked about
(``auth.jwt.authenticator``), and the stores (``store``).
"""

from __future__ import annotations

from collections.abc import Awaitable
from hashlib import sha256
from typing import ClassVar

from vizgate.extension.store import NO_CELLS, Cells, Step, Store, StoreFailed

_FORGOTTEN = Step(NO_CELLS, 0.0, (0.0,))


def revocation_key(issuer: str, token_id: str) -> bytes:
    """The key of the token *token_id* (``jti``) of *issuer*, as long for every token."""
    # The length in front keeps ("a", "bc") and ("ab", "c") apart.
    return b"revoked:" + sha256(f"{len(issuer)}:{issuer}{token_id}".encode("utf-8", "surrogatepass")).digest()


class Revoke:
    """Marks a key until ``arguments[0]``, seconds since the epoch; an earlier mark never ends sooner for it.

    The result is 1 when the key is marked now, 0 when that time has passed already.
    """

    name: ClassVar[str] = "revoke"
    is_lasting: ClassVar[bool] = True
    lua: ClassVar[str] = """
local ends = arguments[1]
if cells[1] and cells[1] > ends then ends = cells[1] end
if ends <= now then return {}, 0, {0} end
return {ends}, ends - now, {1}
"""

    def run(self, cells: Cells, now_s: float, arguments: Cells) -> Step:
        """See ``Program.run``."""
        ends_s = max(cells[0], arguments[0]) if cells else arguments[0]
        return _FORGOTTEN if ends_s <= now_s else Step((ends_s,), ends_s - now_s, (1.0,))


class IsRevoked:
    """Asks whether a key is marked; it takes no arguments, and the result is 1 or 0."""

    name: ClassVar[str] = "is_revoked"
    is_lasting: ClassVar[bool] = True
    lua: ClassVar[str] = """
if not cells[1] or cells[1] <= now then return {}, 0, {0} end
return cells, cells[1] - now, {1}
"""

    def run(self, cells: Cells, now_s: float, arguments: Cells) -> Step:  # noqa: ARG002  # the signature of Program
        """See ``Program.run``."""
        return _FORGOTTEN if not cells or cells[0] <= now_s else Step(cells, cells[0] - now_s, (1.0,))


REVOKE = Revoke()
IS_REVOKED = IsRevoked()


class RevocationList:
    """The tokens that were taken back, one list for all workers and machines of *store*.

    A token is known by its issuer (``iss``, "" for none) and its ``jti``, which RFC 7519 4.1.7 makes unique.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    async def revoke(self, issuer: str, token_id: str, until_s: float) -> bool:
        """Take a token back. Returns whether it can still be shown, which it cannot when *until_s* is over.

        Args: until_s: its ``exp`` and the leeway; after that the list forgets it.
        Raises: StoreFailed: nobody knows whether it is on the list.
        """
        result = self._store.run(REVOKE, revocation_key(issuer, token_id), (until_s,))
        return _is_yes(result if isinstance(result, tuple) else await result)

    def contains(self, issuer: str, token_id: str) -> bool | Awaitable[bool]:
        """Whether a token was taken back; at once when the store is local.

        Raises (at once or when awaited): StoreFailed.
        """
        result = self._store.run(IS_REVOKED, revocation_key(issuer, token_id), ())
        return _is_yes(result) if isinstance(result, tuple) else _awaited(result)


async def _awaited(result: Awaitable[Cells]) -> bool:
    return _is_yes(await result)


def _is_yes(result: Cells) -> bool:
    if not result:
        raise StoreFailed("its answer is empty")
    return result[0] != 0.0
