"""One parameter of an operation, compiled.

In: ``Parameter`` and its check. Not in: how texts are read (``parameters.styles``, ``parameters.coerce``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vizgate.validation.check.json_text import NotJson, read_json
from vizgate.validation.check.schema import SchemaCheck
from vizgate.validation.check.violation import Violation, violations_of
from vizgate.validation.parameters.coerce import Shape, values_of
from vizgate.validation.parameters.pairs import Malformed
from vizgate.validation.parameters.styles import Read, Texts

#: Nothing is wrong.
NOTHING: tuple[Violation, ...] = ()


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter and what it must be.

    ``place``: path, query, header or cookie. ``readers``: the ways in which it may be written, the likeliest first.
    ``is_json``: whether its text is JSON (``content`` in place of ``schema``). ``may_be_empty``: whether an empty
    value is let through whatever the schema says (``allowEmptyValue``).
    """

    place: str
    name: str
    required: bool
    readers: tuple[Read, ...]
    schema: SchemaCheck
    shape: Shape
    is_json: bool = False
    may_be_empty: bool = False

    def violations(self, raw: Mapping[str, Sequence[str]]) -> Sequence[Violation]:
        """What is wrong with it in a message whose raw values of ``place`` are *raw*."""
        accepts = self.schema.accepts
        likeliest: Texts | None = None
        try:
            for read in self.readers:
                texts = read(raw)
                if texts is None:
                    continue
                if self.is_json:
                    return self._json(str(texts))
                if not texts and self.may_be_empty:
                    return NOTHING
                for value in values_of(texts, self.shape):
                    if accepts(value):
                        return NOTHING
                likeliest = texts if likeliest is None else likeliest
        except Malformed as exc:
            return (Violation(self.place, str(exc), self.name),)
        if likeliest is None:
            return (Violation(self.place, "is required", self.name),) if self.required else NOTHING
        value = next(values_of(likeliest, self.shape))
        return violations_of(self.place, self.schema.faults(value), self.name)

    def _json(self, text: str) -> Sequence[Violation]:
        try:
            value = read_json(text.encode())
        except NotJson as exc:
            return (Violation(self.place, str(exc), self.name),)
        if self.schema.accepts(value):
            return NOTHING
        return violations_of(self.place, self.schema.faults(value), self.name)
