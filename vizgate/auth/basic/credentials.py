"""User name and password in a request (RFC 7617), read strictly.

In: ``BasicCredentials``, ``find_basic``. Not in: checking them (``auth.basic.passwords``).
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass, field

from vizgate.extension.kinds.authenticator import CredentialRefused
from vizgate.message.headers import Field

#: The longest value of Authorization that is read.
MAX_BYTES = 4096

_MALFORMED = "the Authorization field is malformed"
_AUTHORIZATION = b"authorization"
_SCHEME = re.compile(rb"basic(?: +|$)", re.IGNORECASE)
# RFC 7617 2: "The user-id and password MUST NOT contain any control characters".
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class BasicCredentials:
    """What was shown."""

    user: str
    password: str = field(repr=False)


def is_basic(value: bytes) -> bool:
    """Whether *value*, of an Authorization field, is of this scheme."""
    # A tab or a comma where the space belongs: some reader would take it for one.
    return value[:5].lower() == b"basic" and value[5:6] in (b"", b" ", b"\t", b",")


def find_basic(fields: list[Field]) -> BasicCredentials | None:
    """The user and the password that *fields* show; None when they show none.

    Raises: CredentialRefused: there is something that is not one well-formed pair.
    """
    lines = [value for name, value in fields if len(name) == 13 and name.lower() == _AUTHORIZATION]
    if not any(map(is_basic, lines)):
        return None
    if len(lines) > 1:
        raise CredentialRefused("more than one Authorization field")
    if len(lines[0]) > MAX_BYTES:
        raise CredentialRefused("the Authorization field is too long")
    scheme = _SCHEME.match(lines[0])
    if scheme is None:
        raise CredentialRefused(_MALFORMED)
    return _decoded(lines[0][scheme.end() :])


def _decoded(encoded: bytes) -> BasicCredentials:
    try:
        data = binascii.a2b_base64(encoded, strict_mode=True)
        text = data.decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        raise CredentialRefused(_MALFORMED) from None
    # RFC 7617 2: a user-id holds no colon, a password may.
    user, colon, password = text.partition(":")
    # Written back, because the decoder takes padding that is none.
    if not colon or not user or _CONTROL.search(text) or binascii.b2a_base64(data, newline=False) != encoded:
        raise CredentialRefused(_MALFORMED)
    return BasicCredentials(user, password)
