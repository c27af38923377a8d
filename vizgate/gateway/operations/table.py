"""Every operation there is.

In: ``OPERATIONS``, and the operation ``description``, which tells of them all. Not in: what they do
(``operations.calls``).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from pydantic import ConfigDict, Field

from vizgate.gateway.operations.calls.blocks import BLOCK_OPERATIONS
from vizgate.gateway.operations.calls.breakers import BREAKER_OPERATIONS
from vizgate.gateway.operations.calls.cache import CACHE_OPERATIONS
from vizgate.gateway.operations.calls.lifecycle import LIFECYCLE_OPERATIONS
from vizgate.gateway.operations.calls.limits import LIMIT_OPERATIONS
from vizgate.gateway.operations.calls.log_level import LOG_LEVEL_OPERATIONS
from vizgate.gateway.operations.calls.services import SERVICE_OPERATIONS
from vizgate.gateway.operations.calls.shown import SHOWN_OPERATIONS
from vizgate.gateway.operations.openapi import openapi_document
from vizgate.gateway.operations.operated import Operated
from vizgate.gateway.operations.operation import AnswerModel, Arguments, Document, Operation


class DescriptionAnswer(AnswerModel):
    """An OpenAPI document."""

    model_config = ConfigDict(extra="allow")

    openapi: str = Field(description="The version of OpenAPI.")


async def _describe(gateway: Operated, arguments: Arguments) -> Document:  # noqa: ARG001  # see ``Perform``
    return _description()


@cache
def _description() -> Document:
    return openapi_document(OPERATIONS.values())


_DESCRIPTION = Operation(
    name="description",
    method="GET",
    path="/openapi.json",
    summary="This API, described by OpenAPI 3.1.",
    perform=_describe,
    answer=DescriptionAnswer,
)

#: By name, in the order of the documentation.
OPERATIONS: Mapping[str, Operation] = {
    operation.name: operation
    for operation in (
        *LIFECYCLE_OPERATIONS,
        *SHOWN_OPERATIONS,
        *SERVICE_OPERATIONS,
        *BREAKER_OPERATIONS,
        *LIMIT_OPERATIONS,
        *CACHE_OPERATIONS,
        *BLOCK_OPERATIONS,
        *LOG_LEVEL_OPERATIONS,
        _DESCRIPTION,
    )
}
