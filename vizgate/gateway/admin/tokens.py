"""Who shows which token.

In: ``AdminTokens``, pure, and ``Caller``. Not in: the field it comes in and what follows (``gateway.admin.access``).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from vizgate.config.model import ServerConfig
from vizgate.config.model.admin import SAFE_LENGTH

Role = Literal["reader", "operator"]

#: Longest token that is looked at.
_MAX_TOKEN_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. ``name``: of the token, "local" where everybody of this machine may ask, "" for nobody who is known."""

    name: str
    role: Role | None

    @property
    def may_change(self) -> bool:
        """Whether it may do more than look."""
        return self.role == "operator"


#: Where there is no token, everybody who reaches a loopback address or a Unix socket is an operator.
LOCAL = Caller("local", "operator")
NOBODY = Caller("", None)


class AdminTokens:
    """Finds who a token belongs to; only hashes are held.

    Args: entries: digests (SHA-256), and whose they are. can_be_guessed: whether one of them is short.
    """

    __slots__ = ("_entries", "can_be_guessed")

    def __init__(self, entries: Iterable[tuple[bytes, Caller]], *, can_be_guessed: bool = False) -> None:
        self._entries = tuple(entries)
        self.can_be_guessed = can_be_guessed

    @classmethod
    def of(cls, server: ServerConfig) -> AdminTokens:
        """Those of *server*: ``admin_token``, whose operator is called "admin", and ``admin_tokens``."""
        entries = []
        if server.admin_token is not None:
            entries.append((_digest(server.admin_token.reveal().encode()), Caller("admin", "operator")))
        for entry in server.admin_tokens:
            if entry.token is not None:
                digest = _digest(entry.token.reveal().encode())
            else:
                digest = bytes.fromhex((entry.hash or "").partition(":")[2])
            entries.append((digest, Caller(entry.name, entry.role)))
        # Of one that is given by its hash nobody can tell; ``vizgate keys new`` makes long ones.
        known = [token for token in (server.admin_token, *(entry.token for entry in server.admin_tokens)) if token]
        return cls(entries, can_be_guessed=any(len(token.reveal()) < SAFE_LENGTH for token in known))

    def find(self, token: bytes) -> Caller | None:
        """Whose *token* is, None for nobody's.

        It takes the same time whichever entry it is, and however much of it is right. Source: CWE-208.
        """
        digest = _digest(token if len(token) <= _MAX_TOKEN_BYTES else b"")
        found = None
        for known, caller in self._entries:
            if hmac.compare_digest(known, digest):
                found = caller
        return found

    def __bool__(self) -> bool:
        return bool(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        return f"<AdminTokens [{len(self)}]>"


def _digest(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()
