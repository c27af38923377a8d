"""The ``Vary`` field.

In: adding names to what is there. Not in: what a cache makes of it.
"""

from __future__ import annotations

from collections.abc import Iterable

from vizgate.message.headers import Field


def add_vary(raw: list[Field], names: Iterable[bytes]) -> None:
    """Have *raw* say that the answer depends on the request fields *names*, too; what is said already stays.

    Source: RFC 9110 12.5.5; ``*`` says it of everything.
    """
    at = [index for index, (name, _) in enumerate(raw) if len(name) == 4 and name.lower() == b"vary"]
    if not at:
        raw.append((b"Vary", b", ".join(names)))
        return
    known = {item.strip(b" \t").lower() for index in at for item in raw[index][1].split(b",")}
    missing = [] if b"*" in known else [name for name in names if name.lower() not in known]
    if missing:
        name, value = raw[at[-1]]
        raw[at[-1]] = (name, b", ".join([value, *missing] if value else missing))
