"""The cache, as operators have it forget.

In: the operation ``purge_cache``. Not in: forgetting (``gateway.purging``, ``cache``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import ConfigDict, Field

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
from vizgate.gateway.purging import clear_caches, purge_caches


class PurgedAnswer(AnswerModel):
    """What is gone."""

    purged: int = Field(description="How many stored answers were forgotten.")


class PurgeBody(BodyModel):
    """What to forget: one of these."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    url: str = Field(
        default_factory=str,
        pattern=r"^https?://[!-~]+$",
        max_length=8000,
        description="Every answer for this absolute URL.",
    )
    tag: str = Field(
        default_factory=str, pattern=r"^[!-~]+$", max_length=1000, description="Every answer with this surrogate key."
    )
    all: Literal[True] = Field(default_factory=lambda: True, description="Everything.")


async def _purge(gateway: Operated, arguments: Arguments) -> Document:
    what = [name for name in ("url", "tag", "all") if name in arguments]
    if len(what) != 1:
        raise OperationRefused(422, "write exactly one of url, tag and all")
    if "all" in arguments:
        purged = clear_caches(gateway.state)
    else:
        try:
            purged = purge_caches(gateway.state, url=arguments.get("url"), tag=arguments.get("tag"))
        except ValueError as error:
            raise OperationRefused(422, str(error)) from None
    return changed({"purged": 0}, {"purged": purged}, {"purged": purged})


def _merge(documents: Sequence[Document]) -> Document:
    return {"purged": sum(document["purged"] for document in documents)}


CACHE_OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="purge_cache",
        method="POST",
        path="/cache/purge",
        summary="Forget stored answers: those for a URL, those with a tag, or all.",
        description="What is on its way at that moment is not stored.",
        perform=_purge,
        answer=PurgedAnswer,
        body=PurgeBody,
        merge=merge_changes(_merge),
        is_change=True,
        refusals={422: "The URL is not absolute."},
    ),
)
