"""Settings as short texts.

In: ``Notation``, which writes a setting as it would stand in the YAML, on one line and without its secrets. Not in:
which settings are written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from os import fspath
from pathlib import Path as FilePath
from typing import Any

from pydantic import BaseModel

from vizgate.config.problems import Path
from vizgate.config.redact import HIDDEN, NAMED, has_models, hide, is_secret_name, written

# What needs no quotes in a flow of YAML, whatever stands around it.
_PLAIN = re.compile(r"[A-Za-z0-9/_.+\-][A-Za-z0-9/_.*~+%@=:\-]*(?<!:)")
_NOT_TEXT = re.compile(r"true|false|null|[+\-]?[0-9]*\.?[0-9]*([eE][+\-]?[0-9]+)?")
_MAX_TEXT = 200


@dataclass(frozen=True, slots=True)
class Notation:
    """How settings of one configuration are written. ``base``: the folder that its paths are told relative to."""

    base: FilePath | None = None

    def field(self, model: BaseModel, name: str, path: Path) -> str:
        """The field *name* of *model*, which stands at *path*."""
        value = getattr(model, name)
        if not has_models(value):
            # By way of the model that holds it, which knows how the field is written: 30.0 as "30s".
            dumped = model.model_dump(mode="json", by_alias=True, include={name})
            return self.plain(next(iter(dumped.values()), None), path)
        return self.whole(value, path)

    def whole(self, value: Any, path: Path) -> str:
        """A *value* at *path* with everything below it, as far as it was written."""
        return self.plain(written(value), path)

    def plain(self, value: Any, path: Path) -> str:
        """A plain *value* at *path*."""
        shown = HIDDEN if _is_secret(path, value) else hide(value)
        text = self._flow(shown)
        return text if len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]}..."

    def is_same(self, value: Any, other: Any, notation: Notation) -> bool:
        """Whether the file *value* here and *other* there have one place, seen from where each configuration stands."""
        if not isinstance(value, (str, FilePath)) or type(value) is not type(other):
            return False
        return self._relative(fspath(value)) == notation._relative(fspath(other))

    def _relative(self, text: str) -> str:
        if self.base is None:
            return text
        return text.removeprefix(f"{self.base}/")

    def _flow(self, value: Any) -> str:
        if isinstance(value, Mapping):
            return "{" + ", ".join(f"{self._flow(str(key))}: {self._flow(child)}" for key, child in value.items()) + "}"
        if isinstance(value, (list, tuple)):
            return "[" + ", ".join(map(self._flow, value)) + "]"
        if isinstance(value, str):
            text = self._relative(value)
            is_plain = _PLAIN.fullmatch(text) is not None and _NOT_TEXT.fullmatch(text) is None
            return text if is_plain or text == HIDDEN else json.dumps(text, ensure_ascii=False)
        return json.dumps(value, default=str)


def _is_secret(path: Path, value: Any) -> bool:
    if isinstance(value, bool) or path[:1] == ("identity_headers",) or path[-2:] == ("affinity", "cookie"):
        return False
    if path[:2] == ("server", "admin_tokens"):
        # The hash, too: a token that somebody has thought up can be guessed from it.
        return path[3:] not in {("name",), ("role",)}
    names = path[2:] if path[:1] and path[0] in NAMED else path
    return any(isinstance(name, str) and is_secret_name(name) for name in names)
