"""What the YAML may say about compressing answers.

In: ``CompressConfig``. Not in: request bodies (``compress.inflate.config``).
"""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from vizgate.compress.encoders import has_coding
from vizgate.extension.contract import MiddlewareConfig
from vizgate.extension.values.fields import Integer, Size

Coding = Literal["gzip", "br", "zstd"]

_MEDIA_RANGE = re.compile(r"[a-z0-9!#$&\-^_.+]+/(?:\*|(?:\*\+)?[a-z0-9!#$&\-^_.+]+)")
_LEVELS: dict[Coding, range] = {"gzip": range(1, 10), "br": range(12), "zstd": range(1, 20)}

# Types that are text inside. Images, video, archives and the like are compressed already.
_TYPES = (
    "text/css", "text/csv", "text/html", "text/javascript", "text/markdown", "text/plain", "text/xml",
    "application/javascript", "application/json", "application/ld+json", "application/manifest+json",
    "application/problem+json", "application/vnd.api+json", "application/wasm", "application/x-ndjson",
    "application/xml", "application/*+json", "application/*+xml", "font/otf", "font/ttf", "image/svg+xml",
)  # fmt: skip


def _media_range(text: str) -> str:
    if _MEDIA_RANGE.fullmatch(text.lower()) is None:
        raise ValueError(f"{text!r} is not a media type. Write for example text/html, text/* or application/*+json")
    return text.lower()


class CompressConfig(MiddlewareConfig):
    """``use: compress``: answers are compressed for clients that take it."""

    encodings: tuple[Coding, ...] = Field(
        default=(),
        description="What is offered; of those that a client likes alike, the first. Default: zstd, br, gzip, as far "
        "as they are installed.",
    )
    types: tuple[Annotated[str, AfterValidator(_media_range)], ...] = Field(
        default=_TYPES, description="Media types that are compressed, instead of the usual ones of text."
    )
    min_size: Size = Field(default=1024, description="Shorter content stays as it is.")
    levels: dict[Coding, Integer] = Field(
        default_factory=dict, description="How hard to try: gzip 1 to 9 (default 1), br 0 to 11 (4), zstd 1 to 19 (3)."
    )

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if "encodings" in self.model_fields_set and not self.encodings:
            raise ValueError("encodings is empty. Name at least one, or leave it out")
        if len(set(self.encodings)) < len(self.encodings):
            raise ValueError("encodings names one twice. Keep it once")
        if not self.types:
            raise ValueError("types is empty, so nothing would be compressed. Name some, or leave it out")
        for coding in self.encodings:
            if not has_coding(coding):
                raise ValueError(
                    f"{coding} needs a package. Run: pip install 'vizgate[compress]', or leave {coding} out"
                )
        for coding, level in self.levels.items():
            if level not in _LEVELS[coding]:
                known = _LEVELS[coding]
                raise ValueError(f"levels: {coding} has the levels {known[0]} to {known[-1]}, not {level}")
        return self

    @property
    def offered(self) -> tuple[Coding, ...]:
        """``encodings``, or what is installed."""
        everything: tuple[Coding, ...] = ("zstd", "br", "gzip")
        return self.encodings or tuple(coding for coding in everything if has_coding(coding))
