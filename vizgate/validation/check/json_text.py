"""JSON out of a message.

In: reading it strictly. Not in: checking what it says (``content.kinds``).
"""

from __future__ import annotations

import json
from typing import Any

import orjson


class NotJson(ValueError):
    """Content that is not JSON, or that different readers would read differently; the message shows nothing of it."""


def read_json(data: bytes) -> Any:
    """The value of *data*.

    RFC 8259 4: "When the names within an object are not unique, the behavior of software that receives such an object
    is unpredictable": the gateway would check one member, and the service use another. So that is refused.

    Raises: NotJson: also for numbers beyond a double, and for more than 1,024 levels.
    """
    try:
        value = orjson.loads(data)
    except ValueError as exc:
        raise NotJson(f"is not JSON: {_reason(exc)}") from None
    # What a service writes compactly comes back as the same bytes, so no name was lost; that costs little.
    if b"{" in data and orjson.dumps(value) != data:
        _refuse_twins(data)
    return value


def _reason(error: ValueError) -> str:
    text = str(error)
    return text.partition(": line")[0] + (
        f" (at byte {error.pos})" if isinstance(error, orjson.JSONDecodeError) else ""
    )


def _refuse_twins(data: bytes) -> None:
    def check(pairs: list[tuple[str, Any]]) -> None:
        if len({name for name, _ in pairs}) != len(pairs):
            raise NotJson("has an object with the same name twice")

    try:
        json.loads(data, object_pairs_hook=check)
    except NotJson:
        raise
    except (ValueError, RecursionError):
        raise NotJson("is not JSON that every reader takes") from None
