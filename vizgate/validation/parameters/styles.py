"""How parameters are written: the styles of OpenAPI.

In: from raw values to texts, lists of texts and mappings of texts, by style and explode. Not in: what the texts stand
for (``parameters.coerce``).

Source: OpenAPI 3.1.1, 4.8.12.4 "Style Values". Not read: ``label`` and ``matrix``, which is said at load.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from vizgate.validation.parameters.pairs import Malformed, decode, is_header_key

Texts = str | list[str] | dict[str, str | list[str]]
#: The texts of a parameter; None when it is not there. Raises: Malformed.
Read = Callable[[Mapping[str, Sequence[str]]], Texts | None]

#: What a place may say.
STYLES: Mapping[str, tuple[str, ...]] = {
    "path": ("simple",),
    "query": ("form", "spaceDelimited", "pipeDelimited", "deepObject"),
    "header": ("simple",),
    "cookie": ("form",),
}


class Form(Enum):
    """What a parameter is made of."""

    TEXT = "text"
    LIST = "list"
    MAPPING = "mapping"


@dataclass(frozen=True, slots=True)
class Style:
    """How one parameter is written. ``keys``: the properties of a mapping that the schema knows."""

    place: str
    name: str
    style: str
    explode: bool
    keys: tuple[str, ...] = ()

    def reader(self, form: Form) -> Read:
        """What reads the parameter as *form*."""
        decoder = _DECODERS[self.place]
        if form is Form.TEXT:
            return _text(self.name, decoder)
        if form is Form.LIST:
            if self.place in {"query", "cookie"} and self.explode:
                return _repeated(self.name, decoder)
            return _split_list(self.name, _splitter(self), decoder)
        if self.style == "deepObject":
            return _deep(self.name, decoder)
        if self.place in {"query", "cookie"} and self.explode:
            return _spread(self.keys, decoder)
        return _split_mapping(self, _splitter(self), decoder)

    def takes(self, form: Form) -> tuple[str, ...]:
        """The names in a query that belong to the parameter; ``name[`` for all that begin so."""
        if form is Form.MAPPING and self.style == "deepObject":
            return (f"{self.name}[",)
        if form is Form.MAPPING and self.explode:
            return self.keys
        return (self.name,)


_Decode = Callable[[str], str]
_Split = Callable[[str], list[str]]


def _decode_cookie(text: str) -> str:
    return decode(text, plus_is_space=False)


def _decode_header(text: str) -> str:
    # OpenAPI 3.1.1, 4.8.12: percent-encoding is no part of the style of a header. Its bytes are UTF-8, if not ASCII.
    try:
        return text.strip(" \t").encode("latin-1").decode()
    except UnicodeDecodeError:
        raise Malformed("is not UTF-8") from None


def _decode_path(text: str) -> str:
    # The normal form of a path is decoded already; bytes that are not UTF-8 are lone surrogates in it.
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise Malformed("is not UTF-8")
    return text


_DECODERS: Mapping[str, _Decode] = {
    "path": _decode_path, "query": decode, "header": _decode_header, "cookie": _decode_cookie,
}  # fmt: skip


def _splitter(style: Style) -> _Split:
    """How a raw value is cut; delimiters that are part of a value are encoded, so cutting comes before decoding."""
    if style.style == "spaceDelimited":
        return lambda raw: raw.replace("%20", " ").replace("+", " ").split(" ")
    if style.style == "pipeDelimited":
        return lambda raw: raw.replace("%7C", "|").replace("%7c", "|").split("|")
    return lambda raw: raw.split(",")


def _one(raw: Mapping[str, Sequence[str]], name: str) -> str | None:
    values = raw.get(name)
    if values is None:
        return None
    if len(values) > 1:
        # Which of them counts depends on who reads: the gateway must not check one, and the service take another.
        raise Malformed("is given more than once")
    return values[0]


def _text(name: str, decoder: _Decode) -> Read:
    def read(raw: Mapping[str, Sequence[str]]) -> str | None:
        value = _one(raw, name)
        return None if value is None else decoder(value)

    return read


def _repeated(name: str, decoder: _Decode) -> Read:
    def read(raw: Mapping[str, Sequence[str]]) -> list[str] | None:
        values = raw.get(name)
        return None if values is None else [decoder(value) for value in values]

    return read


def _split_list(name: str, split: _Split, decoder: _Decode) -> Read:
    def read(raw: Mapping[str, Sequence[str]]) -> list[str] | None:
        value = _joined(raw, name)
        if value is None:
            return None
        return [decoder(piece) for piece in split(value)] if value else []

    return read


def _joined(raw: Mapping[str, Sequence[str]], name: str) -> str | None:
    values = raw.get(name)
    if values is None or len(values) == 1:
        return None if values is None else values[0]
    if not is_header_key(name):
        raise Malformed("is given more than once")
    # RFC 9110 5.3: lines of one name mean the same as one line with commas.
    return ",".join(values)


def _split_mapping(style: Style, split: _Split, decoder: _Decode) -> Read:
    name, explode = style.name, style.explode

    def read(raw: Mapping[str, Sequence[str]]) -> dict[str, str | list[str]] | None:
        value = _joined(raw, name)
        if value is None:
            return None
        pieces = split(value) if value else []
        if explode:
            pairs = [(key, text) for key, sign, text in (piece.partition("=") for piece in pieces) if sign]
            if len(pairs) != len(pieces):
                raise Malformed("is not a list of NAME=VALUE")
        else:
            if len(pieces) % 2:
                raise Malformed("is not a list of pairs NAME,VALUE")
            pairs = list(zip(pieces[::2], pieces[1::2], strict=True))
        return _mapping([(decoder(key), decoder(text)) for key, text in pairs])

    return read


def _mapping(pairs: list[tuple[str, str]]) -> dict[str, str | list[str]]:
    found: dict[str, str | list[str]] = dict(pairs)
    if len(found) != len(pairs):
        raise Malformed("has a name twice")
    return found


def _spread(keys: tuple[str, ...], decoder: _Decode) -> Read:
    def read(raw: Mapping[str, Sequence[str]]) -> dict[str, str | list[str]] | None:
        found = {key: _few([decoder(value) for value in raw[key]]) for key in keys if key in raw}
        return found or None

    return read


def _few(values: list[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else values


def _deep(name: str, decoder: _Decode) -> Read:
    start = f"{name}["

    def read(raw: Mapping[str, Sequence[str]]) -> dict[str, str | list[str]] | None:
        found: dict[str, str | list[str]] = {}
        for full, values in raw.items():
            if not full.startswith(start):
                continue
            key, bracket, rest = full[len(start) :].partition("]")
            if not bracket or rest or not key or "[" in key:
                raise Malformed(f"is not written as {name}[PROPERTY]=VALUE")
            found[key] = _few([decoder(value) for value in values])
        return found or None

    return read
