"""Limits, as operators change them until the next reload.

In: the operations ``limits``, ``change_limit``, ``reset_limit``. Not in: counting (``limiter``).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from pydantic import ConfigDict, Field, ValidationError

from vizgate.gateway.operations.fields import Count, RateText
from vizgate.gateway.operations.operated import Operated
from vizgate.gateway.operations.operation import (
    AnswerModel,
    Arguments,
    BodyModel,
    Document,
    Operation,
    OperationRefused,
    changed,
    merge_changes,
)
from vizgate.limiter.limit import Limit

_log = logging.getLogger("vizgate.admin")

_NUMBERS = ("rate", "burst", "in_flight", "quota")


class LineAnswer(AnswerModel):
    """One line of a limit."""

    tier: str = Field(description="The tier it is for, empty in a limit without tiers.")
    limit: str = Field(description="How much is let through.")
    configured: str = Field(description="How much the configuration says.")
    allowed: int = Field(description="Requests that were let through.")
    refused: int = Field(description="Requests that were refused.")


class LimitAnswer(AnswerModel):
    """One limit."""

    name: str = Field(description="Its name.")
    algorithm: str = Field(description="How it counts.")
    changed: bool = Field(description="Whether an operator has changed it since the last reload.")
    lines: list[LineAnswer] = Field(description="One for each tier.")


class LimitsAnswer(AnswerModel):
    """All limits."""

    limits: list[LimitAnswer] = Field(description="Those that any route keeps.")


class LimitBody(BodyModel):
    """Other numbers for a line. What is not said stays as the configuration has it."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": [name]} for name in _NUMBERS]})

    tier: str = Field(default="", max_length=100, description="Whose line; empty in a limit without tiers.")
    rate: RateText = Field(default_factory=str, description="How much in how long, such as `100/minute`.")
    burst: Count = Field(default_factory=int, description="token_bucket: most at once.")
    in_flight: Count = Field(default_factory=int, description="concurrency: most at a time.")
    quota: Count = Field(default_factory=int, description="quota: how much per period.")


def limit_document(limit: Limit) -> Document:
    """What *limit* says now, and what the configuration says."""
    configured = limit.configured.lines()
    lines = [
        {
            "tier": line.tier,
            "limit": line.rule.text,
            "configured": limit.configured.rule(configured[line.tier]).text,
            "allowed": line.allowed.value,
            "refused": line.refused.value,
        }
        for line in limit.lines
    ]
    return {
        "name": limit.name,
        "algorithm": limit.config.algorithm,
        "changed": limit.config != limit.configured,
        "lines": lines,
    }


async def _limits(gateway: Operated, arguments: Arguments) -> Document:  # noqa: ARG001  # see ``Perform``
    return {"limits": [limit_document(limit) for limit in gateway.plan.limits.values()]}


async def _change(gateway: Operated, arguments: Arguments) -> Document:
    limit = _named(gateway, arguments["name"])
    numbers = {name: arguments[name] for name in _NUMBERS if name in arguments}
    if not numbers:
        raise OperationRefused(422, f"there is no number. Write one of {', '.join(_NUMBERS)}")
    before = _texts(limit)
    try:
        limit.adopt(limit.config.with_numbers(arguments.get("tier", ""), numbers))
    except KeyError:
        tiers = ", ".join(line.tier for line in limit.lines if line.tier)
        raise OperationRefused(404, f"this limit has no such tier; it has {tiers or 'none at all'}") from None
    except ValidationError as error:
        raise OperationRefused(409, _reason(error)) from None
    return _told(limit, before)


async def _reset(gateway: Operated, arguments: Arguments) -> Document:
    limit = _named(gateway, arguments["name"])
    before = _texts(limit)
    limit.adopt(limit.configured)
    return _told(limit, before)


def _named(gateway: Operated, name: str) -> Limit:
    limit = gateway.plan.limits.get(name)
    if limit is None:
        raise OperationRefused(404, "no limit that a route keeps has this name; GET /limits lists them")
    return limit


def _texts(limit: Limit) -> dict[str, str]:
    return {line.tier: line.rule.text for line in limit.lines}


def _told(limit: Limit, before: dict[str, str]) -> Document:
    after = _texts(limit)
    _log.info("limit %s: %s", limit.name, ", ".join(f"{tier or 'all'} {text}" for tier, text in after.items()))
    return changed(before, after, limit_document(limit))


def _reason(error: ValidationError) -> str:
    messages = [details["msg"].removeprefix("Value error, ") for details in error.errors(include_url=False)]
    return "; ".join(messages)


def _merge_limit(documents: Sequence[Document]) -> Document:
    lines = [
        dict(same[0]) | {name: sum(line[name] for line in same) for name in ("allowed", "refused")}
        for same in zip(*[document["lines"] for document in documents], strict=False)
    ]
    return documents[0] | {"lines": lines}


def _merge_limits(documents: Sequence[Document]) -> Document:
    return {"limits": [_merge_limit(same) for same in zip(*[d["limits"] for d in documents], strict=False)]}


_NO_LIMIT = "No limit that a route keeps has this name."

LIMIT_OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="limits",
        method="GET",
        path="/limits",
        summary="Every limit, and what it has let through.",
        perform=_limits,
        answer=LimitsAnswer,
        merge=_merge_limits,
    ),
    Operation(
        name="change_limit",
        method="PUT",
        path="/limits/{name}",
        summary="Other numbers for a limit, until the next reload.",
        description="Another rate begins to count anew. For longer, change the configuration.",
        perform=_change,
        answer=LimitAnswer,
        body=LimitBody,
        merge=merge_changes(_merge_limit),
        is_change=True,
        standing=lambda arguments: ("limit", arguments["name"], arguments.get("tier", "")),
        until_reload=True,
        refusals={
            404: f"{_NO_LIMIT[:-1]}, or it has no such tier.",
            409: "The numbers are not those that its algorithm uses, or together they cannot be.",
        },
    ),
    Operation(
        name="reset_limit",
        method="DELETE",
        path="/limits/{name}",
        summary="Back to what the configuration says about a limit.",
        perform=_reset,
        answer=LimitAnswer,
        merge=merge_changes(_merge_limit),
        is_change=True,
        standing=lambda arguments: ("limit", arguments["name"]),
        is_undo=True,
        refusals={404: _NO_LIMIT},
    ),
)
