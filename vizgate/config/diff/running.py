"""What is different about a configuration and one of which only the shown form is known.

In: ``changes_from_shown`` and ``shown_routes``, for the answer of a running gateway (``config.redact``). Not in: two
configurations (``config.diff.changes``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path as FilePath
from typing import Any

from pydantic import BaseModel

from vizgate.config.diff.change import Change, ChangeKind
from vizgate.config.diff.changes import OUTSIDE
from vizgate.config.diff.comparison import Comparison
from vizgate.config.diff.identity import named, named_alike
from vizgate.config.diff.text import Notation
from vizgate.config.model import GatewayConfig
from vizgate.config.problems import Path
from vizgate.config.redact import HIDDEN
from vizgate.extension.contract import OpenConfig

_NOTHING: tuple[Any, ...] = (None, [], {})


def changes_from_shown(
    shown: Mapping[str, Any], new: GatewayConfig, *, new_base: FilePath | None = None
) -> tuple[Change, ...]:
    """What *new* does otherwise than the configuration that ``redacted`` has *shown*. Secrets cannot be compared, so
    that another one is no change; what holds for every route stands at each.

    Args: new_base: the folder that relative files are told from.
    """
    said = {key: value for key, value in shown.items() if key not in OUTSIDE}
    return tuple(_Shown(Notation(new_base)).model(said, new, ()))


def shown_routes(shown: Mapping[str, Any]) -> GatewayConfig:
    """A configuration with the routes of the one that ``redacted`` has *shown*, which take what those take and lead
    nowhere. A route that is matched by a secret is left out.
    """
    routes = [
        {"name": route["name"], "match": route["match"], "respond": {"status": 204}}
        for route in shown.get("routes", ())
        if HIDDEN not in str(route["match"])
    ]
    return GatewayConfig.model_validate({"routes": routes})


class _Shown:
    """Compares plain settings with models."""

    def __init__(self, notation: Notation) -> None:
        self._notation = notation
        self._comparison = Comparison(notation, notation)

    def model(self, old: Mapping[str, Any], new: BaseModel, path: Path) -> Iterator[Change]:
        """What is different about a model, of which *old* has what was written."""
        fields = type(new).model_fields
        for name, info in fields.items():
            key = info.alias or name
            if key in old:
                yield from self._field(old[key], new, name, (*path, key))
        unsaid = {
            name: info for name, info in fields.items() if (info.alias or name) not in old and not info.is_required()
        }
        before = new.model_copy(
            update={name: info.get_default(call_default_factory=True) for name, info in unsaid.items()}
        )
        skipped = OUTSIDE if not path else frozenset()
        yield from self._comparison.models(before, new, path, lambda name, *_: name not in unsaid or name in skipped)
        if isinstance(new, OpenConfig):
            settings = {key: value for key, value in old.items() if key not in fields}
            yield from self._mappings(settings, new.settings, path)

    def _field(self, old: Any, new: BaseModel, name: str, path: Path) -> Iterator[Change]:
        value = getattr(new, name)
        inside = self._inside(old, value, path)
        if inside is not None:
            yield from inside
        else:
            yield from self._texts(old, self._notation.field(new, name, path), path, is_empty=value in (None, (), {}))

    def _inside(self, old: Any, new: Any, path: Path) -> Iterator[Change] | None:
        """The differences below; None where there is no below."""
        if isinstance(old, Mapping) and isinstance(new, BaseModel):
            is_like = old.get("kind") == getattr(new, "kind", old.get("kind"))
            return self.model(old, new, path) if is_like else None
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            return self._mappings(old, new, path)
        if isinstance(old, list) and isinstance(new, tuple) and new:
            before, after = named_alike(old, new), named(new)
            if before is not None and after is not None:
                return self._mappings(before, after, path)
        return None

    def _mappings(self, old: Mapping[str, Any], new: Mapping[str, Any], path: Path) -> Iterator[Change]:
        for key, value in old.items():
            at = (*path, str(key))
            if key not in new:
                yield Change(ChangeKind.REMOVED, at, old=self._notation.plain(value, at))
                continue
            inside = self._inside(value, new[key], at)
            if inside is not None:
                yield from inside
            else:
                yield from self._texts(value, self._notation.whole(new[key], at), at, is_empty=new[key] in _NOTHING)
        for key, value in new.items():
            if key not in old:
                at = (*path, str(key))
                yield Change(ChangeKind.ADDED, at, new=self._notation.whole(value, at))

    def _texts(self, old: Any, new: str, path: Path, *, is_empty: bool) -> Iterator[Change]:
        text = self._notation.plain(old, path)
        was_empty = old in _NOTHING
        if was_empty and is_empty:
            return
        if was_empty:
            yield Change(ChangeKind.ADDED, path, new=new)
        elif is_empty:
            yield Change(ChangeKind.REMOVED, path, old=text)
        elif text != new and HIDDEN not in text and HIDDEN not in new:  # what is hidden is not known
            yield Change(ChangeKind.CHANGED, path, text, new)
