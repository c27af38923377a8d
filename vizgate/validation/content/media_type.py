"""Media types: reading ``Content-Type``, and finding the entry of a document that is meant by it.

In: ``MediaType`` and ``MediaTable``. Not in: reading content (``content.kinds``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

_T = TypeVar("_T")

# RFC 9110 8.3.1 and 5.6.6: type "/" subtype *( OWS ";" OWS [ token "=" ( token / quoted-string ) ] ).
_WORD = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_TYPE = re.compile(rf"({_WORD})/({_WORD})[ \t]*(?=;|\Z)")
_PARAMETER = re.compile(rf'[ \t]*;[ \t]*(?:({_WORD})=({_WORD}|"(?:[^"\\]|\\.)*")[ \t]*)?(?=;|\Z)', re.DOTALL)
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class MediaType:
    """``essence``: ``type/subtype`` in lower case. ``parameters``: names in lower case; the first of a name counts."""

    essence: str
    parameters: tuple[tuple[str, str], ...] = ()

    def parameter(self, name: str) -> str | None:
        """The value of the parameter *name*, or None."""
        return next((value for found, value in self.parameters if found == name), None)

    @property
    def is_json(self) -> bool:
        """Whether it is JSON, or something in the form of JSON (RFC 6839)."""
        return self.essence == "application/json" or self.essence.endswith("+json")


def parse_media_type(text: str) -> MediaType | None:
    """What *text*, a Content-Type or the key of a document, says; None when it is malformed."""
    match = _TYPE.match(text.strip(" \t"))
    if match is None:
        return None
    text, at = match.string, match.end()
    parameters = []
    while at < len(text):
        found = _PARAMETER.match(text, at)
        if found is None or found.end() == at:
            return None
        at = found.end()
        if found[1]:
            value = found[2]
            parameters.append((found[1].lower(), _unquoted(value) if value.startswith('"') else value))
    return MediaType(f"{match[1]}/{match[2]}".lower(), tuple(parameters))


def _unquoted(text: str) -> str:
    return _QUOTED_PAIR.sub(r"\1", text[1:-1])


class MediaTable(Generic[_T]):
    """Entries by media type or range; the most specific one that fits is found.

    Of two that fit, a whole type comes before ``type/*+suffix``, that before ``type/*``, and ``*/*`` last; of one type,
    the entry with more parameters first.
    """

    def __init__(self, entries: Iterable[tuple[MediaType, _T]]) -> None:
        self._entries = sorted(entries, key=_generality)

    @property
    def types(self) -> list[str]:
        """What is in it, the most specific first."""
        return [media_type.essence for media_type, _ in self._entries]

    def find(self, media_type: MediaType) -> tuple[_T] | None:
        """The entry for *media_type*, alone in a tuple because it may be None; None when there is none."""
        for known, entry in self._entries:
            if _covers(known, media_type):
                return (entry,)
        return None

    def __repr__(self) -> str:
        return f"<MediaTable [{', '.join(self.types)}]>"


def _generality(entry: tuple[MediaType, object]) -> tuple[int, int, int]:
    media_type = entry[0]
    stars = media_type.essence.count("*")
    return stars, -len(media_type.essence) if stars else 0, -len(media_type.parameters)


def _covers(known: MediaType, media_type: MediaType) -> bool:
    kind, _, subtype = known.essence.partition("/")
    if kind != "*" and subtype == "*":
        if not media_type.essence.startswith(f"{kind}/"):
            return False
    elif kind != "*" and known.essence != media_type.essence and not _is_suffixed(known.essence, media_type.essence):
        return False
    # RFC 9110 8.3.2: "charset" compares without case; so does, to be lenient, every value here.
    return all((media_type.parameter(name) or "").lower() == value.lower() for name, value in known.parameters)


def _is_suffixed(known: str, found: str) -> bool:
    """Whether *known*, such as ``application/*+json``, covers *found*."""
    head, star, tail = known.partition("*")
    return bool(star) and found.startswith(head) and found.endswith(tail)
