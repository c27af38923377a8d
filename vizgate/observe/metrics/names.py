"""Names that a component may give to its numbers.

In: ``check_family``. Not in: the families (``counters``, ``gauges``).

One name that Prometheus does not take, or takes twice, and it refuses the whole page: of the gateway, not of a plugin.
"""

from __future__ import annotations

import re
from collections.abc import Collection

_NAME = re.compile(r"[a-z_][a-z0-9_]{0,199}", re.ASCII)
#: Families of the gateway itself, without ``vizgate_``, and ``_total`` of counters.
OWN = frozenset({
    "access_log_dropped", "build", "connections", "connections_active", "request_bytes", "request_duration_seconds",
    "requests", "requests_active", "response_bytes", "terminations", "upstream_attempts", "upstream_duration_seconds",
})  # fmt: skip
# What the formats add to the name of a counter.
_ENDINGS = ("_total", "_created")


def check_family(name: str, help_text: object, labels: tuple[str, ...], others: Collection[str]) -> None:
    """Refuse a family that would spoil the page. Args: others: names of families of the other kind.

    Raises: ValueError: its name, its help or a label is none, or the name is taken.
    """
    for word in (name, *labels):
        if not isinstance(word, str) or not _NAME.fullmatch(word):
            raise ValueError(f"{word!r} is no name of a metric or a label. Use a-z, 0-9 and _")
    if len({*labels}) < len(labels):
        raise ValueError(f"{name} has a label twice")
    if not isinstance(help_text, str):
        raise ValueError(f"the help of {name} is no text")  # noqa: TRY004  # as the others: what was given is wrong
    if name.endswith(_ENDINGS):
        raise ValueError(f"{name} ends with what the formats add themselves. Leave that away")
    if name in OWN or name in others:
        raise ValueError(f"{name} is the name of another family. Choose one that begins with the name of your plugin")
