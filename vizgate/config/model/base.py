"""What all configuration models share.

In: the base class, and turning short forms into full ones. Not in: any setting.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ConfigDict


class ConfigModel(BaseModel):
    """A frozen piece of configuration that refuses unknown keys and never repeats a value in an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


def text_as(key: str, what: str) -> Callable[[Any], Any]:
    """A before-validator: the short form ``x``, *what* for people, means ``{key: x}``."""

    def widen(value: Any) -> Any:
        if isinstance(value, str):
            return {key: value}
        if isinstance(value, (dict, ConfigModel)):
            return value
        raise ValueError(f"must be {what} or a mapping with {key}")

    return widen
