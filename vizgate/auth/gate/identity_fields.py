"""What a service is told about the caller, in fields that no client can set.

In: ``IdentityFields`` and how values are written. Not in: removing the same names from a client's request
(``auth.reserved`` says which they are).
"""

from __future__ import annotations

import json
import re
from typing import Any

from vizgate.auth.config import IdentityHeadersConfig
from vizgate.auth.jwt.claims import claim_of
from vizgate.message.headers import Field, encode_name
from vizgate.message.identity import Identity
from vizgate.pipeline.request import Request

#: The longest value of one field; an identity that needs more is refused, because a part of it might be another's.
MAX_VALUE_BYTES = 4096

# Identities that are known well are the same object in every request: an API key's, a remembered token's.
_REMEMBERED = 1024
# A space at an end would be taken off by whoever reads the field, and leave another user.
_UNSAFE = re.compile(rb"[^ -$&-~]|^ | $")
_UNSAFE_WORD = re.compile(rb"[^!-$&-~]")


class IdentityFields:
    """Writes the fields of *config*.

    A value is UTF-8 in which everything but printable ASCII, the percent sign, and spaces at its ends are
    percent-encoded, so that no value can hold or begin a line. A claim that is no text is written as JSON.
    """

    __slots__ = ("_config", "_known", "_names")

    def __init__(self, config: IdentityHeadersConfig) -> None:
        self._config = config
        self._names = frozenset(name.lower().encode("latin-1") for name in config.names)
        # By id, with the identity itself held, so that no other can come to have the same id.
        self._known: dict[int, tuple[Identity, list[Field] | None]] = {}

    def put(self, request: Request, identity: Identity) -> bool:
        """Set the fields of *identity* on *request*; False when a value is too long, and nothing is set."""
        known = self._known.get(id(identity))
        if known is None:
            known = self._learn(identity)
        fields = known[1]
        if fields is None:
            return False
        names, raw = self._names, request.headers.raw
        # Middleware that stands outside may have set them.
        raw[:] = [field for field in raw if field[0].lower() not in names]
        raw += fields
        return True

    def _learn(self, identity: Identity) -> tuple[Identity, list[Field] | None]:
        fields = self._fields(identity)
        too_long = any(len(value) > MAX_VALUE_BYTES for _, value in fields)
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        known = self._known[id(identity)] = identity, None if too_long else fields
        return known

    def _fields(self, identity: Identity) -> list[Field]:
        config = self._config
        values: list[tuple[str | None, bytes]] = [
            (config.user, encoded(identity.user)),
            (config.tier, encoded(identity.tier)),
            (config.scopes, b" ".join(encoded(scope, _UNSAFE_WORD) for scope in sorted(identity.scopes))),
            (config.credential, encoded(identity.credential)),
            (config.authenticator, encoded(identity.authenticator)),
        ]
        values += [(name, _claim(claim_of(identity.claims, path))) for path, name in config.claims.items()]
        return [(encode_name(name), value) for name, value in values if name is not None and value]


def encoded(text: str, unsafe: re.Pattern[bytes] = _UNSAFE) -> bytes:
    """*text* as it may stand in a field."""
    return unsafe.sub(lambda match: b"%%%02X" % match.group()[0], text.encode("utf-8", "surrogatepass"))


def _claim(value: Any) -> bytes:
    if value is None:
        return b""
    return encoded(value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), default=str))
