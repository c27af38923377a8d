"""YAML into plain values: the safe subset that JSON could express, too.

In: building values from PyYAML's events, with bounds on depth and size, so that neither aliases nor brackets are a
bomb. Not in: files (``document.files``).

Only events are taken from PyYAML: no constructor and no tag ever runs. Plain scalars mean what the JSON schema of YAML
1.2 says: ``on``, ``010`` and ``2026-01-01`` are texts. Keys are texts always, so that ``200:`` and ``"200":`` are one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from vizgate.validation.document.problems import DocumentError, DocumentProblem, Problems

#: The most values, those repeated by aliases included.
MAX_VALUES = 500_000
#: The deepest nesting, in YAML and in JSON.
MAX_DEPTH = 100

_CONSTANTS = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,300})", re.ASCII)
_FLOAT = re.compile(
    r"[-+]?(?:(?:0|[1-9][0-9]{0,40})(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][-+]?[0-9]{1,2})?", re.ASCII
)
_MERGE = "<<"


def read_yaml(text: str, name: str, problems: Problems) -> Any:
    """The value of *text*; duplicate keys and tags are told to *problems*, under *name*.

    Raises: DocumentError: it is not YAML, or too deep or too large.
    """
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    builder = _Builder(name, problems)
    try:
        for event in yaml.parse(text, Loader=loader):
            builder.take(event)
    except yaml.MarkedYAMLError as exc:
        mark = exc.problem_mark or exc.context_mark
        place = _place(mark) if mark else ""
        raise DocumentError([DocumentProblem(name, place, f"not valid YAML: {exc.problem}. Mend this place")]) from None
    except yaml.reader.ReaderError:
        message = "a control character cannot stand in YAML. Remove it"
        raise DocumentError([DocumentProblem(name, "", message)]) from None
    return builder.root


def _place(mark: Any) -> str:
    return f":{mark.line + 1}:{mark.column + 1}"


def _resolve(text: str) -> str | int | float | bool | None:
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


@dataclass(slots=True)
class _Frame:
    """An open list or mapping. ``weight``: the values in it, its own included."""

    value: list[Any] | dict[str, Any]
    anchor: str | None
    key: str | None = None
    weight: int = 1
    merges: list[Any] = field(default_factory=list)


class _Builder:
    """Values from events, with a stack of its own instead of recursion."""

    def __init__(self, name: str, problems: Problems) -> None:
        self.root: Any = None
        self._name = name
        self._problems = problems
        self._stack: list[_Frame] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._values = 0
        self._documents = 0

    def take(self, event: Any) -> None:
        kind = type(event).__name__
        if kind == "ScalarEvent":
            self._scalar(event)
        elif kind in {"MappingStartEvent", "SequenceStartEvent"}:
            self._open(event, {} if kind == "MappingStartEvent" else [])
        elif kind in {"MappingEndEvent", "SequenceEndEvent"}:
            self._close()
        elif kind == "AliasEvent":
            self._alias(event)
        elif kind == "DocumentStartEvent":
            self._documents += 1
            if self._documents > 1:
                self._stop(event, "a second document begins. Keep one per file")

    def _scalar(self, event: Any) -> None:
        self._refuse_tag(event)
        frame = self._stack[-1] if self._stack else None
        if frame is not None and isinstance(frame.value, dict) and frame.key is None:
            self._key(frame, event)
            return
        self._count(event, 1)
        self._put(_resolve(event.value) if event.implicit[0] else event.value, event.anchor, 1)

    def _key(self, frame: _Frame, event: Any) -> None:
        frame.key = event.value
        if event.value in frame.value and event.value != _MERGE:
            self._problems.add(
                self._name, _place(event.start_mark), f"the key {event.value[:60]!r} stands twice here. Remove one"
            )

    def _open(self, event: Any, value: list[Any] | dict[str, Any]) -> None:
        self._refuse_tag(event)
        self._refuse_as_key(event)
        self._count(event, 1)
        if len(self._stack) >= MAX_DEPTH:
            self._stop(event, f"values are nested more than {MAX_DEPTH} deep. Flatten them")
        self._stack.append(_Frame(value, event.anchor))

    def _close(self) -> None:
        frame = self._stack.pop()
        for source in frame.merges:
            assert isinstance(frame.value, dict)
            for key, value in source.items():
                frame.value.setdefault(key, value)
        self._put(frame.value, frame.anchor, frame.weight)

    def _alias(self, event: Any) -> None:
        self._refuse_as_key(event)
        if event.anchor not in self._anchors:
            self._stop(event, f"there is no finished anchor &{event.anchor[:60]} above. Define it first")
        value, weight = self._anchors[event.anchor]
        self._count(event, weight)
        # The same object, not a copy: nobody changes what was read.
        self._put(value, None, weight)

    def _put(self, value: Any, anchor: str | None, weight: int) -> None:
        if anchor is not None:
            self._anchors[anchor] = (value, weight)
        if not self._stack:
            self.root = value
            return
        frame = self._stack[-1]
        frame.weight += weight
        if isinstance(frame.value, list):
            frame.value.append(value)
            return
        key, frame.key = frame.key or "", None
        if key == _MERGE:
            frame.merges += [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, dict)]
        else:
            frame.value.setdefault(key, value)

    def _refuse_as_key(self, event: Any) -> None:
        frame = self._stack[-1] if self._stack else None
        if frame is not None and isinstance(frame.value, dict) and frame.key is None:
            self._stop(event, "only a text can be a key")

    def _refuse_tag(self, event: Any) -> None:
        if event.tag is not None:
            self._problems.add(self._name, _place(event.start_mark), "tags are refused. Remove it; quote texts")

    def _count(self, event: Any, weight: int) -> None:
        self._values += weight
        if self._values > MAX_VALUES:
            self._stop(event, f"there are more than {MAX_VALUES} values, aliases included. Split the document")

    def _stop(self, event: Any, message: str) -> None:
        raise DocumentError([*self._problems.found, DocumentProblem(self._name, _place(event.start_mark), message)])
