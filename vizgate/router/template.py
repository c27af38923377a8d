"""Path templates: ``/api/v{version:int}/users/{id}``, ``/files/{rest:path}``, ``/shop/*``.

In: the grammar of a template, and what one segment of it matches. Not in: choosing between templates (``router.tree``).

- ``{name}`` takes one segment that is not empty; ``{name:int}`` 1 to 18 digits; ``{name:uuid}`` the 8-4-4-4-12 form.
- One parameter per segment, with fixed text before and after it: ``v{version:int}``, ``{file}.json``.
- ``{name:path}`` and ``*`` are whole last segments and take the rest, which may be empty: ``/api/*`` matches ``/api/``
  and everything below, but neither ``/api`` nor ``/apix``.
- A slash at the end matters: ``/docs`` and ``/docs/`` are two paths.
- Fixed text is compared with the normal form of the path (``message.target``): with case, ``%41`` as ``A``.
"""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from vizgate.errors import VizgateError
from vizgate.message.target import BadPath, decode_segment, normalize_path

# Bounds how deep the tree of routes can get.
_MAX_SEGMENTS = 256
_PARAMETER = re.compile(r"\{([^{}]*)\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BARE = re.compile(r"[/?#\\\x00-\x1f\x7f]")


class TemplateError(VizgateError, ValueError):
    """A path template that cannot be read; ``position`` counts characters from 1."""

    def __init__(self, template: str, position: int, problem: str) -> None:
        super().__init__(f"path '{template}', character {position}: {problem}")
        self.template = template
        self.position = position
        self.problem = problem


class Kind(IntEnum):
    """What a segment may be, the most specific first."""

    LITERAL = 0
    INT = 1
    UUID = 2
    STR = 3
    PATH = 4


KINDS = {"int": Kind.INT, "uuid": Kind.UUID, "str": Kind.STR, "path": Kind.PATH}

#: Sorts the more specific segment first; two segments with one key take the same texts.
SegmentKey = tuple[bool, bool, int, Kind, int, str, str]


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment of a template, its fixed text in normal form.

    ``prefix`` is the whole text of a literal. ``name`` is "" for literals and for ``*``.
    """

    kind: Kind
    prefix: str = ""
    suffix: str = ""
    name: str = ""

    @property
    def key(self) -> SegmentKey:
        """Its place in the order of precedence: literals, more fixed text, the narrower type; the rest last."""
        is_literal, is_rest = self.kind is Kind.LITERAL, self.kind is Kind.PATH
        fixed = 0 if is_literal else -len(self.prefix) - len(self.suffix)
        return (is_rest, not is_literal, fixed, self.kind, -len(self.prefix), self.prefix, self.suffix)

    @property
    def is_bare(self) -> bool:
        """Whether it has no fixed text."""
        return not self.prefix and not self.suffix


@dataclass(frozen=True, slots=True)
class PathTemplate:
    """A template and its segments; the path ``/`` has one segment, which is empty."""

    text: str
    segments: tuple[Segment, ...]

    @property
    def literal(self) -> str | None:
        """The one path it matches, in normal form; None when it has parameters."""
        if any(segment.kind is not Kind.LITERAL for segment in self.segments):
            return None
        return "/" + "/".join(segment.prefix for segment in self.segments)

    @property
    def shape(self) -> tuple[SegmentKey, ...]:
        """What it matches, whatever its parameters are called; sorts the more specific template first."""
        return tuple(segment.key for segment in self.segments)

    @property
    def parameters(self) -> dict[str, Kind]:
        """Name and type of every parameter, in order."""
        return {segment.name: segment.kind for segment in self.segments if segment.name}


def parse_path_template(text: str) -> PathTemplate:
    """The template that *text* stands for.

    Raises: TemplateError: what is wrong, where, and what to write.
    """
    if not text.startswith("/"):
        raise TemplateError(text, 1, "a path begins with /")
    segments: list[Segment] = []
    names: set[str] = set()
    pieces = text[1:].split("/")
    if len(pieces) > _MAX_SEGMENTS:
        raise TemplateError(text, 1, f"the path has more than {_MAX_SEGMENTS} segments")
    position = 2
    for number, piece in enumerate(pieces, 1):
        place = _Place(text, position, is_last=number == len(pieces))
        segment = _parse_segment(piece, place)
        if segment.name in names:
            raise place.error(f"the parameter '{segment.name}' stands in the path twice", piece.index("{"))
        if segment.name:
            names.add(segment.name)
        segments.append(segment)
        position += len(piece) + 1
    return PathTemplate(text, tuple(segments))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a segment stands: in which template, from which character on."""

    template: str
    position: int
    is_last: bool

    def error(self, problem: str, offset: int = 0) -> TemplateError:
        return TemplateError(self.template, self.position + offset, problem)


def _parse_segment(piece: str, place: _Place) -> Segment:
    found = _PARAMETER.search(piece)
    if found is None:
        return _parse_fixed(piece, place)
    second = _PARAMETER.search(piece, found.end())
    if second is not None:
        raise place.error("a segment takes one parameter only", second.start())
    name, kind = _parse_parameter(found[1], place, found.start())
    before, after = piece[: found.start()], piece[found.end() :]
    if kind is Kind.PATH:
        if before or after:
            raise place.error(f"'{found[0]}' is a whole segment, without text around it", found.start())
        if not place.is_last:
            raise place.error(f"'{found[0]}' takes the rest of the path, so it comes last", found.start())
    prefix = _fixed_text(before, place, 0)
    return Segment(kind, prefix, _fixed_text(after, place, found.end()), name)


def _parse_fixed(piece: str, place: _Place) -> Segment:
    if piece == "*":
        if not place.is_last:
            raise place.error("'*' takes the rest of the path, so it comes last")
        return Segment(Kind.PATH)
    if not piece and not place.is_last:
        raise place.error("an empty segment never matches, because // counts as /")
    if _is_dots(piece):
        raise place.error("a dot segment never matches, because paths are resolved first")
    return Segment(Kind.LITERAL, _fixed_text(piece, place, 0))


def _is_dots(piece: str) -> bool:
    return re.sub("%2[Ee]", ".", piece) in {".", ".."}


def _parse_parameter(inner: str, place: _Place, offset: int) -> tuple[str, Kind]:
    name, colon, type_name = inner.partition(":")
    if _NAME.fullmatch(name) is None:
        raise place.error(f"'{{{inner}}}' needs a name of letters, digits and _, for example {{id}}", offset)
    if not colon:
        return name, Kind.STR
    if type_name not in KINDS:
        near = difflib.get_close_matches(type_name, KINDS, n=1)
        hint = f"Did you mean '{near[0]}'?" if near else f"There are {', '.join(KINDS)}"
        raise place.error(f"'{type_name}' is not a type of parameters. {hint}", offset + 1 + len(name) + 1)
    return name, KINDS[type_name]


def _fixed_text(piece: str, place: _Place, offset: int) -> str:
    for character, remedy in (("{", "%7B"), ("}", "%7D"), ("*", "%2A")):
        at = piece.find(character)
        if at >= 0:
            what = "'*' is a whole segment" if character == "*" else f"a lone '{character}'"
            raise place.error(f"{what}. Write {remedy} for the character itself", offset + at)
    odd = _BARE.search(piece)
    if odd is not None:
        raise place.error(_odd_character(odd[0]), offset + odd.start())
    try:
        # An added letter keeps a piece such as "." from being taken for a dot segment: it is a part of one segment.
        return normalize_path(b"/x" + piece.encode("utf-8", "surrogateescape"))[2:]
    except BadPath as exc:
        raise place.error(exc.detail, offset) from exc


def _odd_character(character: str) -> str:
    if character == "?":
        return "a path has no query. Use match.query"
    if character == "#":
        return "'#' begins a fragment, which is never sent. Write %23 for the character itself"
    return f"{character!r} is refused in every path"


_begins_with_dots = re.compile(r"\.\.?(?:[/;]|\Z)").match


def _is_safe_text(text: str, start: int = 0, end: int = sys.maxsize) -> bool:
    # A value such as ".." (of "/v..", where "v" is fixed text) would become a dot segment when a rewrite puts it back.
    # Only its ends need a look: a dot segment between two encoded slashes is refused in every path.
    return _begins_with_dots(text, start, end) is None and not text.endswith(("/.", "/.."), start, end)


#: Whether a text with every triplet decoded, or the part of it from one index to another, is a value of a kind: truthy
#: or not. None of them looks at the whole of a long value.
VALUE_TESTS: dict[Kind, Callable[..., object]] = {
    Kind.INT: re.compile(r"[0-9]{1,18}").fullmatch,
    Kind.UUID: re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}").fullmatch,
    Kind.STR: _is_safe_text,
}


_CONVERSIONS: dict[Kind, Callable[[str], object]] = {Kind.INT: int, Kind.UUID: str.lower, Kind.STR: str}


def split_affixes(segment: Segment, text: str) -> str | None:
    """What stands between the fixed texts of *segment* in the decoded *text*; None when they are not there."""
    prefix, suffix = decode_segment(segment.prefix), decode_segment(segment.suffix)
    if len(text) <= len(prefix) + len(suffix) or not (text.startswith(prefix) and text.endswith(suffix)):
        return None
    return text[len(prefix) : len(text) - len(suffix)]


def converter(segment: Segment) -> Callable[[str], object]:
    """A function from a segment, in normal form, that *segment* takes to the value of its parameter.

    int gives a number; uuid gives text in lower case; str gives text with every triplet decoded, ``%2F`` too.
    """
    convert = _CONVERSIONS[segment.kind]
    if segment.is_bare:
        return decode_segment if segment.kind is Kind.STR else convert
    start, cut = len(decode_segment(segment.prefix)), len(decode_segment(segment.suffix))

    def value(normal: str) -> object:
        text = decode_segment(normal)
        return convert(text[start : len(text) - cut])

    return value
