"""What the YAML may say about inflating request bodies.

In: ``DecompressConfig``. Not in: answers (``compress.config``).
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from vizgate.compress.inflate.decoders import has_decoder
from vizgate.extension.contract import MiddlewareConfig
from vizgate.extension.values.fields import Integer, Size
from vizgate.units import MIB

Coding = Literal["gzip", "deflate", "br", "zstd"]


class DecompressConfig(MiddlewareConfig):
    """``use: decompress``: compressed request bodies reach the service as they were before."""

    encodings: tuple[Coding, ...] = Field(
        default=(),
        description="What is inflated; other codings are refused with 415. Default: gzip, deflate, br and zstd, as far "
        "as they are installed.",
    )
    limit: Annotated[Size, Field(gt=0)] = Field(
        default=10 * MIB, description="Longest inflated body; over it the answer is 413."
    )
    ratio: Annotated[Integer, Field(ge=2, le=2000)] = Field(
        default=100, description="How many times as long as what came it may become (from 64KiB on); over it 413."
    )

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if "encodings" in self.model_fields_set and not self.encodings:
            raise ValueError("encodings is empty. Name at least one, or leave it out")
        if len(set(self.encodings)) < len(self.encodings):
            raise ValueError("encodings names one twice. Keep it once")
        for coding in self.encodings:
            if not has_decoder(coding):
                raise ValueError(
                    f"{coding} needs a package. Run: pip install 'vizgate[compress]', or leave {coding} out"
                )
        return self

    @property
    def accepted(self) -> tuple[Coding, ...]:
        """``encodings``, or what is installed."""
        everything: tuple[Coding, ...] = ("gzip", "deflate", "br", "zstd")
        return self.encodings or tuple(coding for coding in everything if has_decoder(coding))
