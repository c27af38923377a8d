"""Cookies of a request.

In: ``cookie_value``. Not in: several cookies of one name, which are suspicious where a cookie is a credential
(``auth.bearer``, ``access.csrf``).
"""

from __future__ import annotations

from collections.abc import Iterable

from vizgate.message.headers import Field


def cookie_value(fields: Iterable[Field], name: bytes) -> bytes | None:
    """The value of the first cookie called *name* among header *fields*; None without one. Source: RFC 6265 4.2.1."""
    start = name + b"="
    for field, line in fields:
        if len(field) == 6 and start in line and field.lower() == b"cookie":
            for pair in line.split(b";"):
                stripped = pair.strip()
                if stripped.startswith(start):
                    return stripped[len(start) :]
    return None
