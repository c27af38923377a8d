"""Texts such as ``{claims.email}`` or ``{client}, by {route}``.

In: ``ValueText``. Not in: which values there are (``transform.values.sources``), and templates of paths, which are
encoded differently (``transform.template``).
"""

from __future__ import annotations

import re

from vizgate.pipeline.request import Request
from vizgate.transform.values.sources import Source, find_source

# Braces around anything else are literal: values such as {"group":"default"} stand in header fields.
_PLACEHOLDER = re.compile(r"\{\{([^{}]*)\}\}|\{([a-z]+(?:\.[^{}:]+)?)(?::-([^{}]*))?\}")

_Step = bytes | tuple[Source, bytes]


class ValueText:
    """A text with placeholders: ``{name}``, ``{name:-default}``; ``{{name}}`` is the text ``{name}`` itself.

    ``fixed``: the whole text when it has no placeholder, else None.

    Raises: ValueError: it names a value that there is not.
    """

    __slots__ = ("_steps", "fixed")

    def __init__(self, text: str) -> None:
        self._steps = _steps_of(text)
        self.fixed: bytes | None = None
        if all(isinstance(step, bytes) for step in self._steps):
            self.fixed = b"".join([step for step in self._steps if isinstance(step, bytes)])

    def fill(self, request: Request) -> bytes | None:
        """The text for *request*; None when a value is missing that has no default."""
        parts = []
        for step in self._steps:
            if isinstance(step, bytes):
                parts.append(step)
                continue
            source, default = step
            value = source(request) or default
            if not value:
                return None
            parts.append(value)
        return b"".join(parts)


def _steps_of(text: str) -> tuple[_Step, ...]:
    steps: list[_Step] = []
    end = 0
    for found in _PLACEHOLDER.finditer(text):
        steps.append(_encode(text[end : found.start()]))
        if found[2] is None:
            steps.append(_encode(f"{{{found[1]}}}"))
        else:
            steps.append((find_source(found[2]), _encode(found[3] or "")))
        end = found.end()
    steps.append(_encode(text[end:]))
    return tuple(step for step in steps if step)


def _encode(text: str) -> bytes:
    """As values of header fields travel: in latin-1 where that can hold them, else in UTF-8."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
