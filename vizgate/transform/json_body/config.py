"""What the YAML may say about changing JSON.

In: ``JsonBodyConfig``. Not in: doing it (``transform.json_body.change``).
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from vizgate.extension.contract import MiddlewareConfig
from vizgate.extension.values.fields import Size
from vizgate.transform.json_body.path import parse_path
from vizgate.units import MIB


def _path(text: str) -> str:
    parse_path(text)
    return text


#: Keys with dots between, one that has dots itself in quotes. Of a list on the way each item is meant.
JsonPath = Annotated[str, AfterValidator(_path)]


class JsonChanges(BaseModel):
    """Changes to one document, in this order: pick, drop, rename, wrap."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pick: tuple[JsonPath, ...] | None = Field(default=None, description="Drop everything that is not listed.")
    drop: tuple[JsonPath, ...] = Field(default=(), description="Drop what is listed.")
    rename: dict[JsonPath, Annotated[str, Field(min_length=1)]] = Field(
        default_factory=dict, description="Path to the new name of its last key."
    )
    wrap: Annotated[str, Field(min_length=1)] | None = Field(
        default=None, description="Put the whole document under this key of a new one."
    )

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("nothing to change. Write pick, drop, rename or wrap")
        return self


class JsonBodyConfig(MiddlewareConfig):
    """``use: json_body``: changes to JSON bodies, each way."""

    request: JsonChanges | None = Field(default=None, description="Changes to what the service gets.")
    response: JsonChanges | None = Field(default=None, description="Changes to what the client gets.")
    limit: Annotated[Size, Field(gt=0)] = Field(default=MIB, description="Longest body that is changed.")
    otherwise: Literal["refuse", "pass"] = Field(
        default="refuse",
        description="What becomes of JSON that cannot be changed: too long, compressed, or malformed. `refuse` answers "
        "413, 415, 400 for requests and 502 for responses; `pass` lets it through as it is.",
    )

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.request is None and self.response is None:
            raise ValueError("nothing to change. Write request or response")
        return self
