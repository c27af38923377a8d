"""What texts stand for: numbers, flags, lists and objects, as a schema asks for them.

In: ``Shape``, and values from texts. Not in: checking the values (``check.schema``).

A number is written as JSON writes it: ``1``, ``-1.5``, ``1e3``; neither ``01`` nor ``+1``. A text that cannot be read
as what is wanted stays a text, and the schema refuses it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from vizgate.validation.parameters.styles import Texts

#: The types that a text can stand for.
SCALARS = frozenset({"boolean", "integer", "null", "number", "string"})

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,300})", re.ASCII).fullmatch
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,300})(?:\.[0-9]{1,300})?(?:[eE][-+]?[0-9]{1,3})?", re.ASCII).fullmatch
_FLAGS = {"true": True, "false": False}
_INFINITE = (float("inf"), float("-inf"))


@dataclass(frozen=True, slots=True)
class Shape:
    """The types that a schema lets a value have, as far as they matter for reading texts.

    ``kinds``: names of types; all of them when the schema says nothing. ``items``, ``others``: of list items and of
    properties that are not named.
    """

    kinds: frozenset[str] = SCALARS
    items: Shape | None = None
    properties: Mapping[str, Shape] = field(default_factory=dict)
    others: Shape | None = None

    @property
    def scalars(self) -> frozenset[str]:
        """Its types that are neither list nor object; any, if there are only those."""
        return self.kinds & SCALARS or SCALARS

    @property
    def is_list(self) -> bool:
        """Whether it may be a list."""
        return "array" in self.kinds

    @property
    def is_mapping(self) -> bool:
        """Whether it may be an object."""
        return "object" in self.kinds


ANY = Shape()


def values_of(texts: Texts, shape: Shape) -> Iterator[Any]:
    """What *texts* may stand for, the likeliest first; at least one."""
    if isinstance(texts, str):
        yield from _scalar_values(texts, shape.scalars)
    elif isinstance(texts, list):
        item = shape.items or ANY
        yield [_likeliest(text, item) for text in texts]
        if "string" in item.scalars:
            yield texts
    else:
        yield {key: _property_value(value, _shape_of(key, shape)) for key, value in texts.items()}


def _shape_of(key: str, shape: Shape) -> Shape:
    return shape.properties.get(key) or shape.others or ANY


def _property_value(value: str | list[str], shape: Shape) -> Any:
    if isinstance(value, list) or shape.is_list:
        item = shape.items or ANY
        return [_likeliest(text, item) for text in ([value] if isinstance(value, str) else value)]
    return _likeliest(value, shape)


def form_value(texts: list[str], shape: Shape) -> Any:
    """The value of one field of a form.

    Source: OpenAPI 3.1.1, 4.8.15.1: lists repeat the name, objects are JSON.
    """
    if shape.is_list:
        return [_likeliest(text, shape.items or ANY) for text in texts]
    if len(texts) > 1:
        return texts
    if shape.is_mapping and not shape.kinds & SCALARS:
        try:
            return json.loads(texts[0])
        except (ValueError, RecursionError):
            return texts[0]
    return _likeliest(texts[0], shape)


def _likeliest(text: str, shape: Shape) -> Any:
    return next(_scalar_values(text, shape.scalars))


def _scalar_values(text: str, kinds: frozenset[str]) -> Iterator[Any]:
    if "boolean" in kinds and text in _FLAGS:
        yield _FLAGS[text]
    if "integer" in kinds and _INTEGER(text):
        yield int(text)
    elif "number" in kinds and _NUMBER(text):
        number = int(text) if _INTEGER(text) else float(text)
        yield text if number in _INFINITE else number
    if "null" in kinds and text in {"", "null"}:
        yield None
    # Last, so that there always is one.
    yield text
