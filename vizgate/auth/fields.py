"""Field types that the settings of several authenticators share.

In: the annotated types. Not in: the settings (the ``config`` module of each kind), URLs (``extension.values.urls``).
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field


def _one_or_more(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


#: One text, or a list of texts.
Strings = Annotated[
    tuple[Annotated[str, Field(min_length=1)], ...],
    BeforeValidator(_one_or_more, json_schema_input_type=str | tuple[str, ...]),
]
