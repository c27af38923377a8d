"""Names and raw values out of a query, a form, a Cookie field and header fields.

In: splitting, and undoing percent-encoding. Not in: what several values of one name mean (``parameters.styles``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote_to_bytes

from vizgate.message.headers import Field

#: Raw values by decoded name, in the order in which they came.
Raw = dict[str, list[str]]

_ODD = re.compile(r"[%+]|[^\x00-\x7f]")
_BROKEN = re.compile(r"%(?![0-9A-Fa-f]{2})")


class Malformed(ValueError):
    """Text that different readers would read differently; the message says why, and shows nothing of it."""


def decode(text: str, *, plus_is_space: bool = True) -> str:
    """*text*, whose bytes stand for themselves (latin-1), with percent-encoding undone, once, as UTF-8.

    Raises: Malformed: a percent sign without two hexadecimal digits, or bytes that are not UTF-8.
    """
    if _ODD.search(text) is None:
        return text
    if _BROKEN.search(text) is not None:
        raise Malformed("has a malformed percent-encoding")
    if plus_is_space:
        text = text.replace("+", " ")
    try:
        return unquote_to_bytes(text.encode("latin-1")).decode()
    except UnicodeDecodeError:
        raise Malformed("is not UTF-8") from None


def query_pairs(query: str) -> Raw:
    """The pairs of a query or of a form. Raises: Malformed: a name cannot be decoded."""
    found: Raw = {}
    if not query:
        return found
    for piece in query.split("&"):
        if not piece:
            continue
        name, _, value = piece.partition("=")
        if _ODD.search(name) is not None:
            name = decode(name)
        if name in found:
            found[name].append(value)
        else:
            found[name] = [value]
    return found


def cookie_pairs(fields: Iterable[Field]) -> Raw:
    """The cookies in *fields*, with their values as they came (RFC 6265 4.2.1); what has no name is left out."""
    found: Raw = {}
    for name, value in fields:
        if name.lower() != b"cookie":
            continue
        for piece in value.decode("latin-1").split(";"):
            key, sign, text = piece.strip(" \t").partition("=")
            if sign and key:
                found.setdefault(key, []).append(text)
    return found


#: Raw headers are found under names with this mark, so that lines of one name can be told from repeated parameters.
_HEADER_MARK = ":"


def header_key(name: str) -> str:
    """What a header is found under in ``field_values``."""
    return _HEADER_MARK + name.lower()


def is_header_key(key: str) -> bool:
    """Whether *key* is of a header."""
    return key.startswith(_HEADER_MARK)


def field_values(fields: Iterable[Field]) -> Raw:
    """The values of *fields*, each under its ``header_key``, one for each line."""
    found: Raw = {}
    for name, value in fields:
        found.setdefault(header_key(name.decode("latin-1")), []).append(value.decode("latin-1"))
    return found
