"""Tokens that were taken back before they expired: a list of ``jti`` in the store.

In: the two programs on an entry of the list, and ``RevocationList``. Not in: who revokes (a program of one's own), and
the stores (``store``).
"""

from __future__ import annotations

from collections.abc import Awaitable
from hashlib import sha256
from typing import ClassVar

from vizgate.extension.store import NO_CELLS, Cells, Step, Store


class Revoke:
    """Puts an entry on the list until the moment that is its argument, or keeps it if it stays longer."""

    name: ClassVar[str] = "jwt_revoke"
    lua: ClassVar[str] = """
local until_s = math.max(tonumber(ARGV[2]), tonumber(redis.call('GET', KEYS[1]) or '0'))
local ttl_ms = math.ceil((until_s - tonumber(ARGV[1])) * 1000)
if ttl_ms <= 0 then return {'0'} end
redis.call('SET', KEYS[1], string.format('%.17g', until_s), 'PX', ttl_ms)
return {'1'}
"""

    def run(self, cells: Cells, now_s: float, arguments: Cells) -> Step:
        """See ``Program.run``. The result is 1, or 0 when the moment is over."""
        until_s = max(arguments[0], cells[0] if cells else 0.0)
        if until_s <= now_s:
            return Step(NO_CELLS, 0.0, (0.0,))
        return Step((until_s,), until_s - now_s, (1.0,))


class IsRevoked:
    """Looks whether an entry is on the list."""

    name: ClassVar[str] = "jwt_is_revoked"
    lua: ClassVar[str] = "return {tostring(redis.call('EXISTS', KEYS[1]))}"

    def run(self, cells: Cells, now_s: float, arguments: Cells) -> Step:  # noqa: ARG002  # the signature of Program
        """See ``Program.run``. The result is 1 for yes, 0 for no."""
        if not cells or cells[0] <= now_s:
            return Step(NO_CELLS, 0.0, (0.0,))
        return Step(cells, cells[0] - now_s, (1.0,))


_REVOKE, _IS_REVOKED = Revoke(), IsRevoked()


class RevocationList:
    """The tokens of one authenticator that were taken back, one list for all workers and machines of a store.

    Args: name: of the authenticator in the YAML: two issuers may give two tokens the same ``jti``.
    """

    def __init__(self, store: Store, name: str) -> None:
        self._store = store
        self._name = name

    def revoke(self, jti: str, until_s: float) -> Cells | Awaitable[Cells]:
        """Take the token *jti* back. Args: until_s: its ``exp``; after it the list forgets the token.

        Raises (at once or when awaited): StoreFailed.
        """
        return self._store.run(_REVOKE, self._key(jti), (until_s,))

    def contains(self, jti: str) -> bool | Awaitable[bool]:
        """Whether the token *jti* was taken back; at once when the store is local.

        Raises (at once or when awaited): StoreFailed.
        """
        found = self._store.run(_IS_REVOKED, self._key(jti), ())
        return found[0] != 0.0 if isinstance(found, tuple) else _awaited(found)

    def _key(self, jti: str) -> bytes:
        # Hashed: what a token says must not choose the length of a key, nor run into the next part of it.
        return b"jwt-revoked:" + sha256(f"{self._name}\0{jti}".encode()).digest()[:16]


async def _awaited(found: Awaitable[Cells]) -> bool:
    return (await found)[0] != 0.0
