"""Which operation a path and a method mean.

In: ``find_operation``. Not in: doing it (``gateway.admin.api``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from vizgate.gateway.operations.operation import Arguments, Operation

_GET = ("GET", "HEAD")


@dataclass(frozen=True, slots=True)
class Found:
    """An operation, and what is said about it: by the path, and later by the body."""

    operation: Operation
    arguments: Arguments


@dataclass(frozen=True, slots=True)
class NotFound:
    """``allow``: the methods that the path is served under; none when there is no such path."""

    allow: tuple[str, ...] = ()


def find_operation(operations: Iterable[Operation], method: str, path: str) -> Found | NotFound:
    """The one of *operations* that *method* and *path* mean.

    Args: path: as it came, undecoded. It is taken apart before it is decoded: no name may reach another operation by an
    encoded slash.
    """
    parts = [unquote(part) for part in path.split("/")[1:]]
    allow: list[str] = []
    for operation in operations:
        arguments = _matched(operation.path.split("/")[1:], parts)
        if arguments is None:
            continue
        methods = _GET if operation.method == "GET" else (operation.method,)
        if method in methods:
            return Found(operation, arguments)
        allow += methods
    return NotFound(tuple(sorted(set(allow))))


def _matched(pattern: Sequence[str], parts: Sequence[str]) -> dict[str, str] | None:
    """The values of the parameters in *pattern*, None when *parts* do not match it."""
    wide = next((index for index, segment in enumerate(pattern) if segment.endswith("+}")), None)
    if wide is not None:
        behind = len(pattern) - wide - 1
        if len(parts) < len(pattern):
            return None
        # Addresses and networks have slashes, and not everybody encodes them.
        end = len(parts) - behind
        parts = [*parts[:wide], "/".join(parts[wide:end]), *parts[end:]]
    if len(parts) != len(pattern):
        return None
    arguments = {}
    for segment, part in zip(pattern, parts, strict=True):
        if segment.startswith("{"):
            arguments[segment.strip("{+}")] = part
        elif segment != part:
            return None
    return arguments if all(arguments.values()) else None
