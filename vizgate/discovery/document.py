"""Targets as documents list them, in files and in answers over HTTP.

In: ``targets_of`` and ``Defaults``. Not in: reading JSON and YAML (the sources).

A document is a list, and each of its entries

- a text: a URL, or ``host:port``;
- a mapping with ``url``, or with ``host``, ``port`` and ``scheme``; beside that ``weight``, ``priority``, ``zone`` and
  ``draining``;
- a group as Prometheus's file_sd and http_sd have it: ``{targets: [host:port, ...], labels: {...}}``. Of its labels
  ``__scheme__`` is looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from vizgate.extension.kinds.discovery import MAX_TARGETS, DiscoveredTarget, DiscoveryFailed, Scheme

_KEYS = frozenset({"url", "host", "port", "scheme", "weight", "priority", "zone", "draining"})


@dataclass(frozen=True, slots=True)
class Defaults:
    """What targets have that do not say otherwise. ``port``: None where each must say its own."""

    scheme: Scheme = "http"
    port: int | None = None


def targets_of(document: Any, defaults: Defaults, at: str = "") -> tuple[DiscoveredTarget, ...]:
    """The targets that *document* lists.

    Args: at: where the list is in it, as ``data.instances``; "" when it is the document itself.
    Raises: DiscoveryFailed: it is no such list, or an entry of it is no target; no part of it is used then.
    """
    entries = _found(document, at)
    if not isinstance(entries, list):
        raise DiscoveryFailed(f"there is no list of targets{f' at {at}' if at else ''}, but {_kind_of(entries)}")
    targets: list[DiscoveredTarget] = []
    for index, entry in enumerate(entries):
        try:
            targets += _targets_of(entry, defaults)
        except ValueError as exc:
            raise DiscoveryFailed(f"entry {index}: {exc}") from None
        if len(targets) > MAX_TARGETS:
            raise DiscoveryFailed(f"it lists more than {MAX_TARGETS} targets")
    return tuple(targets)


def _found(document: Any, at: str) -> Any:
    for key in at.split(".") if at else ():
        document = document.get(key) if isinstance(document, Mapping) else None
    return document


def _targets_of(entry: Any, defaults: Defaults) -> Iterator[DiscoveredTarget]:
    if isinstance(entry, str):
        yield DiscoveredTarget.parse(entry, scheme=defaults.scheme, port=defaults.port)
    elif not isinstance(entry, Mapping):
        raise ValueError(f"is {_kind_of(entry)}, not a text or a mapping")  # noqa: TRY004  # one error for the caller
    elif "targets" in entry:
        yield from _group(entry, defaults)
    else:
        yield _single(entry, defaults)


def _group(entry: Mapping[str, Any], defaults: Defaults) -> Iterator[DiscoveredTarget]:
    addresses, labels = entry["targets"], entry.get("labels", {})
    if not isinstance(addresses, list) or not isinstance(labels, Mapping):
        raise ValueError("is a group without a list of targets, or with labels that are no mapping")  # noqa: TRY004
    _refuse_unknown(entry, {"targets", "labels"})
    scheme: Any = labels.get("__scheme__", defaults.scheme)
    for address in addresses:
        if not isinstance(address, str):
            raise ValueError(f"holds {_kind_of(address)} among its targets")  # noqa: TRY004
        yield DiscoveredTarget.parse(address, scheme=scheme, port=defaults.port)


def _single(entry: Mapping[str, Any], defaults: Defaults) -> DiscoveredTarget:
    _refuse_unknown(entry, _KEYS)
    scheme: Any = entry.get("scheme", defaults.scheme)
    if ("url" in entry) is ("host" in entry):
        raise ValueError("must have either url or host")
    if "url" in entry:
        if not isinstance(entry["url"], str) or "port" in entry or "scheme" in entry:
            raise ValueError("must have a text as url, and then neither port nor scheme")
        at = DiscoveredTarget.parse(entry["url"], scheme=scheme, port=defaults.port)
    else:
        port: Any = entry.get("port", defaults.port)
        at = DiscoveredTarget(entry["host"], port, scheme)
    is_leaving = entry.get("draining", False)
    if not isinstance(is_leaving, bool):
        raise ValueError("draining must be true or false")  # noqa: TRY004
    return DiscoveredTarget(
        at.host,
        at.port,
        at.scheme,
        weight=entry.get("weight", 1),
        priority=entry.get("priority", 0),
        zone=entry.get("zone", ""),
        is_leaving=is_leaving,
    )


def _refuse_unknown(entry: Mapping[str, Any], known: frozenset[str] | set[str]) -> None:
    unknown = sorted(str(key)[:30] for key in entry.keys() - known)
    if unknown:
        raise ValueError(f"has the unknown key {unknown[0]!r}. Known: {', '.join(sorted(known))}")


def _kind_of(value: Any) -> str:
    if value is None:
        return "nothing"
    words: dict[type, str] = {dict: "a mapping", list: "a list", str: "a text"}
    return words.get(type(value), f"something of the type {type(value).__name__}")
