"""The files of a document: the one that was named, and those beside it.

In: reading them as plain values, never from outside of the folder, never over the network. Not in: what stands in them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from vizgate.units import MIB, format_size
from vizgate.validation.document.problems import DocumentError, DocumentProblem, Problems
from vizgate.validation.document.yaml_text import MAX_DEPTH, read_yaml

MAX_FILE_BYTES = 8 * MIB
MAX_FILES = 200


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that was read. ``name``: relative to the folder of the document, for messages."""

    name: str
    path: Path
    value: Any


class FileRefused(ValueError):
    """A reference to a file that is not read; the message says why."""


class Folder:
    """The folder of the document at *path*: every file is read once. Args: seen: is given each, read or not."""

    def __init__(self, path: Path, problems: Problems, seen: set[Path] | None = None) -> None:
        self._problems = problems
        self._seen = set() if seen is None else seen
        self._root = path.parent.resolve()
        self._files: dict[Path, SourceFile] = {}
        #: The document itself. Raises, here: DocumentError: it cannot be read.
        self.main = self._read(path.resolve(), path.name)

    @property
    def paths(self) -> list[Path]:
        """What was read."""
        return list(self._files)

    def open(self, base: SourceFile, reference: str) -> SourceFile:
        """The file that *reference*, a relative path in *base*, leads to.

        Raises: FileRefused: it leads elsewhere. DocumentError: the file is there and cannot be read.
        """
        if not reference:
            return base
        if ":" in reference.partition("/")[0] or reference.startswith("//"):
            raise FileRefused("leads to another host or scheme, and nothing is fetched. Put a copy beside the document")
        path = (base.path.parent / unquote(reference)).resolve()
        known = self._files.get(path)
        if known is not None:
            return known
        if not path.is_relative_to(self._root):
            raise FileRefused("leads out of the folder of the document. Move the file into it")
        if not path.is_file():
            raise FileRefused(f"there is no file {str(path.relative_to(self._root))!r}. Check the name")
        if len(self._files) >= MAX_FILES:
            raise FileRefused(f"is one of more than {MAX_FILES} files. Bundle the document into fewer")
        return self._read(path, path.relative_to(self._root).as_posix())

    def _read(self, path: Path, name: str) -> SourceFile:
        self._seen.add(path)
        text = _text_of(path, name)
        if path.suffix.lower() == ".json":
            value = _read_json(text, name, self._problems)
        else:
            value = read_yaml(text, name, self._problems)
        file = self._files[path] = SourceFile(name, path, value)
        return file


def _fault(name: str, message: str, place: str = "") -> DocumentError:
    return DocumentError([DocumentProblem(name, place, message)])


def _text_of(path: Path, name: str) -> str:
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_FILE_BYTES + 1)
    except OSError as exc:
        raise _fault(name, f"cannot read the file: {exc.strerror}. Check its name") from exc
    if len(data) > MAX_FILE_BYTES:
        raise _fault(name, f"the file is over {format_size(MAX_FILE_BYTES)}. Split it")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise _fault(name, f"byte {exc.start} is not UTF-8. Save the file as UTF-8") from None


def _read_json(text: str, name: str, problems: Problems) -> Any:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            seen: set[str] = set()
            twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]  # add gives None, which is false
            problems.add(name, "", f"the key {twice[:60]!r} stands twice in one object. Remove one")
        return found

    def refuse(word: str) -> None:
        raise ValueError(f"{word} is not JSON")

    try:
        value = json.loads(text, object_pairs_hook=unique, parse_constant=refuse)
    except json.JSONDecodeError as exc:
        raise _fault(name, f"not valid JSON: {exc.msg}. Mend this place", f":{exc.lineno}:{exc.colno}") from None
    except ValueError as exc:
        raise _fault(name, f"{exc}. Mend it") from None
    except RecursionError:
        raise _fault(name, f"values are nested more than {MAX_DEPTH} deep. Flatten them") from None
    if _is_too_deep(value):
        raise _fault(name, f"values are nested more than {MAX_DEPTH} deep. Flatten them")
    return value


def _is_too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [
            child
            for item in level
            if isinstance(item, (dict, list))
            for child in (item.values() if isinstance(item, dict) else item)
        ]
        if not level:
            return False
    return True
