"""What the YAML may say about checking messages.

In: ``ValidationConfig``. Not in: checking (the modules beside this).
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from vizgate.extension.contract import ComponentConfig
from vizgate.extension.fields import ExistingFile, Flag, Size
from vizgate.units import MIB


class ValidationConfig(ComponentConfig):
    """Requests, and if asked responses, against an OpenAPI document or a JSON Schema."""

    openapi: ExistingFile | None = Field(default=None, description="An OpenAPI 3.0 or 3.1 document, YAML or JSON.")
    schema_: ExistingFile | None = Field(
        default=None, alias="schema", description="A JSON Schema for the request body, instead of openapi."
    )
    mode: Literal["enforce", "report"] = Field(
        default="enforce", description="enforce: 400 with every violation; report: log and count them, and let pass."
    )
    responses: Flag = Field(default=False, description="Whether responses are checked, too; they are only reported.")
    body_limit: Size = Field(default=MIB, description="The longest body that is read to be checked. Over it: 413.")
    base_path: str = Field(default="", description="What stands before the document's paths in the route's paths.")

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if (self.openapi is None) == (self.schema_ is None):
            raise ValueError("write exactly one of openapi and schema")
        return self
