"""What the YAML may say about changing queries.

In: ``QueryConfig``. Not in: doing it (``transform.query.change``).
"""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from vizgate.extension.contract import MiddlewareConfig
from vizgate.transform.values.text import ValueText


def _texts(value: Any) -> str | tuple[str, ...]:
    lines = tuple(value) if isinstance(value, list | tuple) else (value,)
    for line in lines:
        if not isinstance(line, str):
            raise ValueError("a value is text, or a list of texts. Put it in quotes")  # noqa: TRY004  # pydantic's way
        ValueText(line)
    return value if isinstance(value, str) else lines


#: One value, or one pair for each of several.
QueryTexts = Annotated[
    str | tuple[str, ...],
    PlainValidator(_texts),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]

Name = Annotated[str, Field(min_length=1)]


class QueryConfig(MiddlewareConfig):
    """``use: query``: changes to the query, in this order: keep, remove, rename, set, add."""

    keep: tuple[Name, ...] | None = Field(default=None, description="Drop every parameter that is not listed.")
    remove: tuple[Name, ...] = Field(default=(), description="Drop every parameter of a name.")
    rename: dict[Name, Name] = Field(default_factory=dict, description="Old name to new one; values stay as they came.")
    set: dict[Name, QueryTexts] = Field(
        default_factory=dict,
        description="Replace every parameter of a name; a value may hold {claims.email} and the like.",
    )
    add: dict[Name, QueryTexts] = Field(
        default_factory=dict, description="Append, whatever is there; values as with set."
    )

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if self == type(self).model_construct() or not self.model_fields_set:
            raise ValueError("nothing to change. Write keep, remove, rename, set or add")
        return self
