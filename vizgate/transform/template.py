"""Templates such as ``/internal/users/{id}``: literal text with the names of path parameters in braces.

In: parsing, and whether a route has the parameters that a template uses. Not in: filling one in (``transform.filling``)
and the templates that routes are matched by (``router.template``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches

from vizgate.errors import BadRequest
from vizgate.message.target import normalize_path

# RFC 3986 3.3 to 3.5: what may stand in a path, a query and a fragment as it is; "%" only before two digits.
_LITERAL = re.compile(r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?#]|%[0-9A-Fa-f]{2})*")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ROUTE_PARAM = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)(?::([^{}]*))?\}")


@dataclass(frozen=True, slots=True)
class Placeholder:
    """The place of one path parameter."""

    name: str


@dataclass(frozen=True, slots=True)
class Template:
    """Literal text and placeholders, in order."""

    parts: tuple[str | Placeholder, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters it uses, in order of first use."""
        return tuple(dict.fromkeys(part.name for part in self.parts if isinstance(part, Placeholder)))

    @property
    def sample(self) -> str:
        """The template with a letter in the place of every parameter."""
        return "".join("x" if isinstance(part, Placeholder) else part for part in self.parts)


def parse_template(text: str) -> Template:
    """The template that *text* stands for.

    Raises: ValueError: unbalanced braces, something in braces that is not a name, or a character that may not stand in
    a URI; the message says what to write.
    """
    parts: list[str | Placeholder] = []
    end = 0
    for found in _PLACEHOLDER.finditer(text):
        if found.start() > end:
            parts.append(_literal(text[end : found.start()]))
        parts.append(_placeholder(found[1]))
        end = found.end()
    if end < len(text):
        parts.append(_literal(text[end:]))
    return Template(tuple(parts))


def _literal(text: str) -> str:
    for brace, encoded in (("{", "%7B"), ("}", "%7D")):
        if brace in text:
            raise ValueError(f"a lone '{brace}'. Write {{name}} for a path parameter, or {encoded} for the character")
    valid = _LITERAL.match(text)
    end = 0 if valid is None else valid.end()
    if end < len(text):
        encoded = "".join(f"%{byte:02X}" for byte in text[end].encode("utf-8", "surrogatepass"))
        raise ValueError(f"{text[end]!r} cannot stand in a URI. Write {encoded}")
    return text


def _placeholder(inner: str) -> Placeholder:
    if _NAME.fullmatch(inner):
        return Placeholder(inner)
    name, colon, _ = inner.partition(":")
    if colon and _NAME.fullmatch(name):
        raise ValueError(f"'{{{inner}}}' has a type. Write {{{name}}}; its type stands in the route's path")
    raise ValueError(f"'{{{inner}}}' is not a parameter. Write the name of a path parameter, for example {{id}}")


def refuse_unknown_names(template: Template, path_template: str) -> None:
    """Return when every parameter of *template* is one of the route's path.

    Raises: ValueError: one is not; the message tells which there are.
    """
    known = route_params(path_template)
    for name in template.names:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            there = ", ".join(f"{{{param}}}" for param in known) or "no parameters"
            remedy = f"Did you mean {{{close[0]}}}?" if close else f"It has {there}"
            raise ValueError(f"the path {path_template} has no parameter {{{name}}}. {remedy}")


def refuse_other_beginning(prefix: str, path_template: str) -> None:
    """Return when the path of a route begins with the segments of *prefix*, parameters written alike.

    Raises: ValueError: it does not, or the prefix reaches into a rest of unknown length.
    """
    try:
        wanted = [_segment(segment) for segment in prefix.split("/")]
        there = [_segment(segment) for segment in path_template.split("/")]
    except BadRequest as error:
        raise ValueError(f"{prefix!r} cannot be stripped: {error.detail}. Write the path that is meant") from None
    if wanted[-1] == "*" or wanted[-1].endswith(":path}"):
        raise ValueError(f"the prefix {prefix} matches a rest of any length. Leave its last segment out")
    if there[: len(wanted)] != wanted:
        raise ValueError(f"the path {path_template} does not begin with {prefix}. Write segments that it begins with")


def _segment(text: str) -> str:
    """*text* in normal form, so that an encoded letter is that letter; a segment with a parameter as it is."""
    return text if not text or "{" in text else normalize_path(b"/" + text.encode("utf-8"))[1:]


def route_params(path_template: str) -> dict[str, str]:
    """Name to type of every parameter in the path of a route: ``{"id": "str", "rest": "path"}``.

    Args: path_template: as in ``match.path``, already checked by the router.
    """
    return {name: kind or "str" for name, kind in _ROUTE_PARAM.findall(path_template)}
