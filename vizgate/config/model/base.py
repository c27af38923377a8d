"""What all configuration models share.

In: the base class, names that several parts use, and turning short forms into full ones. Not in: any setting.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field


class ConfigModel(BaseModel):
    """A frozen piece of configuration that refuses unknown keys and never repeats a value in an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


#: A data centre, a rack, or whatever is near to itself; empty for nowhere in particular.
ZoneName = Annotated[str, Field(pattern=r"^([A-Za-z0-9_][A-Za-z0-9_.\-]{0,99})?$")]


def text_as(key: str, what: str) -> Callable[[Any], Any]:
    """A before-validator: the short form ``x``, *what* for people, means ``{key: x}``."""

    def widen(value: Any) -> Any:
        if isinstance(value, str):
            return {key: value}
        if isinstance(value, (dict, ConfigModel)):
            return value
        raise ValueError(f"must be {what} or a mapping with {key}")

    return widen
