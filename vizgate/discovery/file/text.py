"""JSON and YAML as plain values.

In: ``parse``. Not in: what the values mean (``discovery.document``).
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from vizgate.extension.kinds.discovery import DiscoveryFailed


def parse(data: bytes, *, is_json: bool) -> Any:
    """What *data* says; blocks for as long as that takes.

    Raises: DiscoveryFailed: it is no whole document, or has a key twice.
    """
    try:
        text = data.decode("utf-8")
        return json.loads(text, object_pairs_hook=_without_doubles) if is_json else _yaml(text)
    except UnicodeDecodeError:
        raise DiscoveryFailed("it is not UTF-8 text") from None
    except (ValueError, RecursionError) as exc:
        raise DiscoveryFailed(f"it is no whole {'JSON' if is_json else 'YAML'} document: {_told(exc)}") from None


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice in one mapping")
    return found


def _yaml(text: str) -> Any:
    import yaml

    try:
        return yaml.load(text, Loader=_loader())  # noqa: S506  # it is a safe one
    except yaml.YAMLError as exc:
        raise ValueError(_told(exc)) from None
    except LookupError:
        # The library's own, about tags such as !!bool and !!int whose value is none.
        raise ValueError("a value is not of the type that its tag says") from None


@cache
def _loader() -> Any:
    """A safe loader that refuses double keys. Aliases stand for one and the same object, so that many of them cost
    nothing.
    """
    import yaml

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Loader(base):  # type: ignore[misc]  # which of the two it is is known at run time
        def construct_mapping(self, node: Any, deep: bool = False) -> Any:  # noqa: FBT001, FBT002  # the library's
            keys = [key for key, _ in node.value]
            # Not written out to be compared: a list of aliases has no end, for all practical purposes.
            if not all(isinstance(key, yaml.ScalarNode) for key in keys):
                raise ValueError("a key is no text")
            if len({key.value for key in keys}) < len(keys):
                raise ValueError("a key stands twice in one mapping")
            return super().construct_mapping(node, deep)

    return Loader


def _told(exc: Exception) -> str:
    mark = getattr(exc, "problem_mark", None)
    if mark is not None:
        return f"{getattr(exc, 'problem', None) or 'malformed'} in line {mark.line + 1}"
    return str(exc).partition("\n")[0]
