"""Types of what bodies say.

In: ``ForField``, ``RateText``, ``Count`` and what is made of them. Not in: the same for the YAML
(``extension.values.fields``), where variables may stand in texts.

What is refused is refused by the patterns, so that the description of the API tells the whole truth.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from vizgate.gateway.operations.operation import Arguments
from vizgate.observe.date import Rfc3339
from vizgate.units import parse_duration

#: A duration up to 60 days, written ``90s``, ``15m``, ``1h``, ``7d``.
ForField = Annotated[
    str,
    Field(
        pattern=r"^([1-9][0-9]{0,3}s|[1-9][0-9]{0,2}[mh]|[1-5]?[1-9]d|[1-6]0d)$",
        description="How long: `90s`, `15m`, `1h`, `7d`; at most 60 days.",
        examples=["1h"],
    ),
]

#: As much in so long, written ``100/minute`` or ``10/2s``.
RateText = Annotated[
    str,
    Field(
        pattern=r"^[1-9][0-9]{0,8}/(second|minute|hour|day|[1-9][0-9]{0,3}[smhd])$",
        description="How much in how long.",
        examples=["100/minute"],
    ),
]


def _whole(value: Any) -> Any:
    """JSON has no integers: 5.0 is the same number as 5. A text or a flag is none."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ValueError("must be a whole number")


#: How many.
Count = Annotated[int, Field(ge=1, le=10**15), BeforeValidator(_whole)]


def settled_for(arguments: Arguments, wall_s: float) -> Arguments:
    """*arguments* with ``until``, seconds since the epoch, in the place of ``for``."""
    kept = {name: value for name, value in arguments.items() if name != "for"}
    return kept if "for" not in arguments else kept | {"until": wall_s + parse_duration(arguments["for"])}


def shown_time(wall_s: float) -> str:
    """*wall_s*, seconds since the epoch, as RFC 3339 writes it."""
    return Rfc3339().text(wall_s)
