"""From bytes to YAML events, and every fault of the text itself as a problem with its place.

In: decoding, the bound on size, PyYAML's scanner and parser. Not in: the tree (``yaml_reader``).

Only events are taken from PyYAML: its constructors and tags never run, and whoever reads the events can stop it in
mid-file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from vizgate.config.problems import Place, Problem
from vizgate.units import MIB

MAX_BYTES = MIB
MAX_DEPTH = 40
TOO_DEEP = f"values are nested more than {MAX_DEPTH} deep. Flatten them"

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# What YAML 1.2 does not let stand in a text, 5.1.
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def decode(data: bytes, name: str) -> str | Problem:
    """*data* as text, without a byte order mark; or the problem that it is too long or not UTF-8."""
    if len(data) > MAX_BYTES:
        return _too_long(len(data), name)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Problem(Place(name, 1, 1), (), "the file is UTF-16. Save it as UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        before = exc.object[: exc.start].decode("utf-8-sig")
        place = Place(name, before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)
        return Problem(place, (), f"byte 0x{exc.object[exc.start]:02x} is not UTF-8. Save the file as UTF-8")


class Fault(Exception):
    """The text cannot be read; carries the one problem that says why and where."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem


def _too_long(size: int, name: str) -> Problem:
    return Problem(Place(name, 1, 1), (), f"the text has {size} bytes, more than {MAX_BYTES}. Split it or shorten it")


def events(text: str, name: str) -> Iterator[Any]:
    """PyYAML's events of *text*. Raises: Fault: it is too long, or not YAML from some place on."""
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        raise Fault(_too_long(size, name))
    text = text.removeprefix("\ufeff")
    try:
        yield from yaml.parse(text, Loader=_Loader)
    except yaml.MarkedYAMLError as exc:
        mark = exc.problem_mark or exc.context_mark
        place = place_of(name, mark) if mark else Place(name, 1, 1)
        if "maximum nesting depth" in (exc.problem or ""):
            # Newer releases of libyaml look far ahead, and have a bound of their own that is met before ours.
            raise Fault(Problem(place, (), TOO_DEEP)) from None
        context = f" {exc.context}" if exc.context else ""
        raise Fault(
            Problem(place, (), f"not valid YAML: {exc.problem}{context}. {_remedy(exc, text, place)}")
        ) from None
    except yaml.reader.ReaderError:
        raise Fault(
            Problem(_bad_character(text, name), (), "a control character cannot stand here. Remove it")
        ) from None
    except UnicodeEncodeError as exc:
        place = _place_of_index(text, exc.start, name)
        raise Fault(Problem(place, (), "half of a surrogate pair is not text. Remove it")) from None


def _remedy(exc: yaml.MarkedYAMLError, text: str, place: Place) -> str:
    problem = exc.problem or ""
    if "${" in "".join(text.splitlines()[place.line - 1 : place.line]):
        return "Quote '${NAME}' inside [ ] and { }"
    if "cannot start any token" in problem:
        return "Indent with spaces, not tabs, and quote text that begins with @, ` or %"
    if "mapping values" in problem:
        return "Quote text that holds ': ', and check the indentation"
    return "Check indentation, brackets and quotes around this place"


def _bad_character(text: str, name: str) -> Place:
    match = _UNPRINTABLE.search(text)
    return _place_of_index(text, match.start() if match else 0, name)


def _place_of_index(text: str, index: int, name: str) -> Place:
    return Place(name, text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index))


def place_of(name: str, mark: Any) -> Place:
    """Where a mark of PyYAML is, counted from 1."""
    return Place(name, mark.line + 1, mark.column + 1)
