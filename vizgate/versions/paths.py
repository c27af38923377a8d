"""Which version of an API a route is for.

In: ``version_of`` and ``can_be``, on the text of a route's path. Not in: what that means (``versions.life``).
"""

from __future__ import annotations

import re
from collections.abc import Collection

#: The path parameter that says which version is asked for.
PARAMETER = "version"

_PARAMETER = re.compile(r"\{version(?::([a-z]+))?\}")


def version_of(path: str, versions: Collection[str]) -> str | None:
    """Of which of *versions* a route with the path template *path* is.

    "" when each request says it, in ``{version}``; the name of one when a fixed segment does, ``v1`` for the version 1;
    None when the path says nothing.
    """
    if _PARAMETER.search(path):
        return ""
    segments = path.split("/")
    return next((name for name in versions if f"v{name}" in segments), None)


def can_be(path: str, name: str) -> bool:
    """Whether a request that takes a route with the path template *path* can be for the version *name*."""
    parameter = _PARAMETER.search(path)
    if parameter is None:
        return version_of(path, [name]) == name
    # The value of an int is written without zeros in front, and that is what names are compared with.
    return parameter[1] != "int" or (name.isascii() and name.isdigit() and name == str(int(name)))
