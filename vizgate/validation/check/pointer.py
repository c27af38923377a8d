"""JSON pointers (RFC 6901).

In: writing and reading them. Not in: what they point at (``document.references``).
"""

from __future__ import annotations

from collections.abc import Iterable

Parts = tuple[str, ...]


def write_pointer(parts: Iterable[str | int]) -> str:
    """``/a~1b/0`` for ``("a/b", 0)``; "" for no parts, which is the whole document."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def read_pointer(text: str) -> Parts:
    """The parts of a pointer. Raises: ValueError: it is neither empty nor begins with a slash."""
    if not text:
        return ()
    if not text.startswith("/"):
        raise ValueError("a pointer begins with a slash")
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in text[1:].split("/"))
