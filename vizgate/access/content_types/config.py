"""What the YAML may say under ``use: content_types``.

In: ``ContentTypesConfig``. Not in: the decision (``message.media_types``).
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from vizgate.extension.contract import MiddlewareConfig

_NAME = r"[a-z0-9][a-z0-9!#$&^_.+\-]*"
_RANGE = re.compile(rf"{_NAME}/(?:\*|\*\+{_NAME}|{_NAME})")


def _media_range(text: str) -> str:
    lower = text.lower()
    if _RANGE.fullmatch(lower) is None:
        raise ValueError(
            f"{text!r} is not a media type. Write application/json, image/* or application/*+json, without parameters"
        )
    return lower


class ContentTypesConfig(MiddlewareConfig):
    """Which kinds of content requests may carry. Others, and content of no kind, get 415."""

    allow: Annotated[tuple[Annotated[str, AfterValidator(_media_range)], ...], Field(min_length=1)] = Field(
        description="Media types: `application/json`, `image/*`, `application/*+json`."
    )
