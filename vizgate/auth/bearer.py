"""Bearer tokens in requests (RFC 6750): finding one, and taking it out.

In: ``BearerTokens``. Not in: what a token means (``auth.jwt``, ``auth.introspection``).
"""

from __future__ import annotations

import re

from vizgate.extension.kinds.authenticator import CredentialRefused
from vizgate.message.headers import Field

_AUTHORIZATION = b"authorization"
_COOKIE = b"cookie"
# RFC 6750 2.1.
_TOKEN68 = re.compile(rb"[A-Za-z0-9\-._~+/]+=*")


class BearerTokens:
    """Where a token may stand: in the Authorization field, and in a cookie if there is a name for one.

    Args: max_bytes: a longer token is refused unread. cookie: the cookie's name; the field wins over it.
    """

    __slots__ = ("_cookie", "_max_bytes")

    def __init__(self, max_bytes: int, cookie: str | None = None) -> None:
        self._max_bytes = max_bytes
        self._cookie = None if cookie is None else cookie.encode("latin-1")

    def find(self, fields: list[Field]) -> bytes | None:
        """The token that *fields* show; None when they show none.

        Raises: CredentialRefused: there is something that is no single token of a reasonable size.
        """
        lines: tuple[bytes, ...] = ()
        for name, value in fields:
            # The length first: this runs over every field of every request.
            if len(name) == 13 and name.lower() == _AUTHORIZATION:
                lines += (value,)
        token = _of_authorization(lines) if lines else None
        if token is None:
            if self._cookie is None:
                return None
            token = _of_cookie(fields, self._cookie)
            if not token:
                return None
        if len(token) > self._max_bytes:
            raise CredentialRefused(f"the token is over {self._max_bytes} bytes")
        return token

    def strip(self, fields: list[Field]) -> None:
        """Take the token out of *fields*: every bearer credential, and of the cookies this one alone."""
        fields[:] = [item for item in fields if len(item[0]) != 13 or not _is_credential(item)]
        if self._cookie is not None:
            _strip_cookie(fields, self._cookie)


def check_token68(token: bytes) -> None:
    """Raises: CredentialRefused: *token* is not what RFC 6750 calls one."""
    if _TOKEN68.fullmatch(token) is None:
        raise CredentialRefused("the token is malformed")


def _is_credential(item: Field) -> bool:
    return item[0].lower() == _AUTHORIZATION and _is_bearer(item[1])


def _is_bearer(value: bytes) -> bool:
    # A tab or a comma where the space belongs: some reader would take it for a token.
    return value[:6].lower() == b"bearer" and value[6:7] in (b"", b" ", b"\t", b",")


def _of_authorization(lines: tuple[bytes, ...]) -> bytes | None:
    bearers = [line for line in lines if _is_bearer(line)]
    if not bearers:
        return None
    if len(lines) > 1:
        # Which of them counts depends on the reader, and the service may be another one.
        raise CredentialRefused("there is more than one Authorization field", "invalid_request")
    token = bearers[0][6:]
    if token[:1] != b" " or not token.strip(b" "):
        raise CredentialRefused("the Authorization field holds no token", "invalid_request")
    return token.strip(b" ")


def _of_cookie(fields: list[Field], wanted: bytes) -> bytes | None:
    lines = [value for name, value in fields if name.lower() == _COOKIE]
    pairs = [pair.partition(b"=") for line in lines for pair in line.split(b";")]
    found = [value.strip(b" \t") for name, _, value in pairs if name.strip(b" \t") == wanted]
    if len(found) > 1:
        # A neighbour domain can add a second cookie of the same name.
        raise CredentialRefused("there is more than one cookie with a token", "invalid_request")
    return found[0] if found else None


def _strip_cookie(fields: list[Field], cookie: bytes) -> None:
    """Take *cookie* out of *fields*; a line that held nothing else goes, too."""
    kept = []
    for name, value in fields:
        rest = _without_cookie(value, cookie) if name.lower() == _COOKIE else value
        if rest or not value:
            kept.append((name, rest))
    fields[:] = kept


def _without_cookie(value: bytes, name: bytes) -> bytes:
    pairs = [pair.strip(b" \t") for pair in value.split(b";")]
    return b"; ".join(pair for pair in pairs if pair and pair.partition(b"=")[0].strip(b" \t") != name)
