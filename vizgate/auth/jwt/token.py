"""JSON Web Signatures in their compact form (RFC 7515): taking one apart, strictly.

In: ``Token`` and ``parse``. Not in: signatures (``auth.jwt.keys``) and what claims mean (``auth.jwt.rules``).
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from binascii import Error, a2b_base64
from collections.abc import Mapping
from typing import Any, NamedTuple

from vizgate.extension.kinds.authenticator import CredentialRefused

_COMPACT = re.compile(rb"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")
_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_", b"+/")
_MALFORMED = "the token is malformed"


class Token(NamedTuple):
    """A token in its parts; nothing about it is verified. ``payload`` is encoded still."""

    header: Mapping[str, Any]
    payload: bytes
    signing_input: bytes
    signature: bytes

    @property
    def algorithm(self) -> str:
        """What the header says under ``alg``. Raises: CredentialRefused: it says nothing that is text."""
        return _text(self.header, "alg") or _refused()

    @property
    def key_id(self) -> str | None:
        """What the header says under ``kid``, None for nothing. Raises: CredentialRefused: it is no text."""
        return _text(self.header, "kid")

    @property
    def type(self) -> str:
        """What the header says under ``typ``, without its ``application/`` and in lower case (RFC 7515 4.1.9)."""
        return (_text(self.header, "typ") or "").lower().removeprefix("application/")

    def claims(self) -> dict[str, Any]:
        """The payload; to be asked for after the signature was verified. Raises: CredentialRefused: no JSON object."""
        return _json_object(_decoded(self.payload))


def parse(token: bytes) -> Token:
    """The parts of *token*, whose size is bounded already.

    Raises: CredentialRefused: it is not three parts in canonical base64url, or its header is no JSON object with unique
    names, or says ``crit``.
    """
    match = _COMPACT.fullmatch(token)
    if match is None:
        raise CredentialRefused(_MALFORMED)
    header = _json_object(_decoded(match[1]))
    if "crit" in header:
        # RFC 7515 4.1.11: an extension that is not understood must be refused, and none is.
        raise CredentialRefused("the token needs an extension that is not supported")
    return Token(header, match[2], token[: match.end(2)], _decoded(match[3]))


def _refused() -> str:
    raise CredentialRefused(_MALFORMED)


def _text(header: Mapping[str, Any], name: str) -> str | None:
    value = header.get(name)
    if value is not None and not isinstance(value, str):
        _refused()
    return value


def _decoded(part: bytes) -> bytes:
    """*part*, characters of base64url alone, decoded; one text has one form (RFC 7515 2, RFC 4648 3.5)."""
    try:
        data = a2b_base64(part.translate(_FROM_URL) + b"=" * (-len(part) % 4))
    except Error:
        raise CredentialRefused(_MALFORMED) from None
    if b64encode(data).translate(_TO_URL).rstrip(b"=") != part:
        raise CredentialRefused(_MALFORMED)
    return data


def _json_object(data: bytes) -> dict[str, Any]:
    try:
        text = data.decode("utf-8")
        value = _DECODER.decode(text)
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()  # half a surrogate pair has no bytes
    except (ValueError, RecursionError):
        raise CredentialRefused(_MALFORMED) from None
    if not isinstance(value, dict):
        raise CredentialRefused(_MALFORMED)
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """RFC 7515 4 and RFC 7519 4: which of two members of one name counts depends on the reader."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name stands twice")
    return members


def _no_constant(_: str) -> None:
    raise ValueError("NaN and Infinity are not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant)
