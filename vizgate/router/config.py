"""What the YAML may say under ``match:`` of a route.

In: ``MatchConfig`` and ``ConditionConfig``, with every check that needs one route only. Not in: comparing routes with
each other (``router.rule``) and matching (``router.router``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from vizgate.extension.values.fields import Text
from vizgate.message.headers import encode_name, encode_value
from vizgate.router.conditions import check_pattern
from vizgate.router.hosts import parse_host_pattern
from vizgate.router.template import parse_path_template

_METHOD = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Z]+")
_NEVER_FORWARDED = frozenset({"CONNECT", "TRACE"})
_PRESENT = "present"

_T = TypeVar("_T")


class ConditionConfig(BaseModel):
    """What a header or query parameter must be; exactly one of the three is given.

    In YAML a plain text stands for ``exact``, and the word ``present`` for any value; ``{exact: present}`` asks for
    that very word. A condition holds when one of the values of that name fulfils it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    exact: Text | None = Field(default=None, description="The whole value, compared with case.")
    regex: str | None = Field(default=None, description="A Python regular expression to be found in the value.")
    present: bool = Field(default=False, description="Any value will do.")

    @model_validator(mode="after")
    def _check(self) -> ConditionConfig:
        if (self.exact is not None) + (self.regex is not None) + self.present != 1:
            raise ValueError("give exactly one of exact, regex and present")
        if self.regex is not None:
            check_pattern(self.regex)
        return self


def _condition_of_text(value: Any) -> Any:
    if isinstance(value, str):
        return {"present": True} if value == _PRESENT else {"exact": value}
    if isinstance(value, (Mapping, ConditionConfig)):
        return value
    raise ValueError("must be a text (put it in quotes), the word present, or {regex: PATTERN}")


_Condition = Annotated[
    ConditionConfig, BeforeValidator(_condition_of_text, json_schema_input_type=str | ConditionConfig)
]


def _method(text: str) -> str:
    if _METHOD.fullmatch(text) is None:
        hint = f". Methods are written in capitals: {text.upper()}" if _METHOD.fullmatch(text.upper()) else ""
        raise ValueError(f"'{text}' is not a method{hint}")
    if text in _NEVER_FORWARDED:
        raise ValueError(f"{text} is never forwarded. Leave it out")
    return text


def _host(text: str) -> str:
    return parse_host_pattern(text).text


def _path(text: str) -> str:
    parse_path_template(text)
    return text


def _not_empty(names: Iterable[_T] | None) -> tuple[_T, ...] | None:
    if names is None:
        return None
    unique = tuple(dict.fromkeys(names))
    if not unique:
        raise ValueError("an empty list would match nothing. Leave the key out to match all")
    return unique


def _header_conditions(conditions: dict[str, ConditionConfig]) -> dict[str, ConditionConfig]:
    found: dict[str, ConditionConfig] = {}
    for name, condition in conditions.items():
        lower = encode_name(name).decode("ascii").lower()
        if lower in found:
            raise ValueError(f"'{name}' is given twice, because names of headers compare without case")
        if condition.exact is not None:
            encode_value(condition.exact)
            if condition.exact != condition.exact.strip(" \t"):
                raise ValueError(f"'{name}' asks for white space around a value, which is never sent")
        found[lower] = condition
    return found


class MatchConfig(BaseModel):
    """Which requests a route is for. Every part that is given must hold.

    Attributes: path: a template (see ``router.template``). methods: None for all; GET brings HEAD along. hosts: None
    for all, else as in ``router.hosts``. headers: by lower-case name. query: by name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: Annotated[str, AfterValidator(_path)] = Field(
        default="/*",
        description="{name}, {name:int}, {name:uuid}, {name:path} (rest of the path); * as last segment.",
        examples=["/api/v{version:int}/users/{id}", "/shop/*"],
    )
    methods: Annotated[tuple[Annotated[str, AfterValidator(_method)], ...] | None, AfterValidator(_not_empty)] = Field(
        default=None, description="Left out: all. HEAD goes with GET.", examples=[["GET", "PUT"]]
    )
    hosts: Annotated[tuple[Annotated[str, AfterValidator(_host)], ...] | None, AfterValidator(_not_empty)] = Field(
        default=None, description="Left out: all. Names without port.", examples=[["api.example.com", "*.example.org"]]
    )
    headers: Annotated[dict[str, _Condition], AfterValidator(_header_conditions)] = Field(
        default_factory=dict, description="Every one must hold.", examples=[{"x-canary": "yes"}]
    )
    query: dict[str, _Condition] = Field(
        default_factory=dict, description="Every one must hold.", examples=[{"debug": "1"}]
    )
