"""What EndpointSlices mean as targets.

In: ``SlicePart`` of one slice, and ``targets_of`` all of them. Not in: how they come (``discovery.kubernetes.events``).

| condition of an endpoint | what it is here |
|---|---|
| ready (also when it is left out) | a target |
| not ready, serving and terminating | a target that is leaving; an ordinary one where nobody is ready |
| anything else | none |

Source: the API discovery.k8s.io/v1, and KEP-1669 for the second row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from vizgate.extension.kinds.discovery import DiscoveredTarget, DiscoveryFailed, Scheme


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which endpoints. ``port``: name or number, None for the only one. ``family``: None for IPv4 if there is any."""

    port: str | int | None = None
    family: str | None = None
    scheme: Scheme = "http"
    server_name: str = ""


@dataclass(frozen=True, slots=True)
class SlicePart:
    """What one slice adds. ``family``: of its addresses. ``ports``: what it has, for people, when none is wanted."""

    family: str
    targets: tuple[DiscoveredTarget, ...]
    ports: tuple[str, ...] = ()


def read_slice(document: Mapping[str, Any], wanted: Wanted) -> SlicePart:
    """What the slice *document* adds. Raises: DiscoveryFailed: it is no slice."""
    try:
        family = document["addressType"]
        ports = [port for port in document.get("ports") or () if port.get("protocol", "TCP") == "TCP"]
        number = _port_of(ports, wanted.port)
        endpoints = document.get("endpoints") or ()
        if number is None:
            return SlicePart(family, (), tuple(_port_text(port) for port in ports) if endpoints else ())
        return SlicePart(family, tuple(_targets(endpoints, number, wanted)))
    except (AttributeError, LookupError, TypeError, ValueError) as exc:
        raise DiscoveryFailed(f"an EndpointSlice cannot be read: {type(exc).__name__}") from None


def _port_of(ports: list[Mapping[str, Any]], wanted: str | int | None) -> int | None:
    """The number of the port that is *wanted*; None when there is none, or nobody can tell which."""
    if wanted is None:
        return _number(ports[0]) if len(ports) == 1 else None
    key = "name" if isinstance(wanted, str) else "port"
    for port in ports:
        if port.get(key) == wanted:
            return _number(port)
        # discovery.k8s.io/v1: a port without a number "is interpreted as all ports".
        if isinstance(wanted, int) and port.get("port") is None:
            return wanted
    return None


def _number(port: Mapping[str, Any]) -> int | None:
    number = port.get("port")
    return None if number is None else int(number)


def _port_text(port: Mapping[str, Any]) -> str:
    return f"{port.get('name') or 'unnamed'} ({port.get('port')})"


def _targets(endpoints: Iterable[Mapping[str, Any]], port: int, wanted: Wanted) -> Iterator[DiscoveredTarget]:
    for endpoint in endpoints:
        conditions = endpoint.get("conditions") or {}
        # "In most cases consumers should interpret this unknown state as ready."
        is_ready = conditions.get("ready") is not False
        is_leaving = conditions.get("serving") is True and conditions.get("terminating") is True
        if is_ready or is_leaving:
            # "It is not allowed to use more than one of them": all addresses are of one pod.
            yield DiscoveredTarget(
                endpoint["addresses"][0],
                port,
                wanted.scheme,
                zone=endpoint.get("zone") or "",
                server_name=wanted.server_name,
                is_leaving=not is_ready,
            )


def targets_of(parts: Iterable[SlicePart], wanted: Wanted) -> tuple[DiscoveredTarget, ...]:
    """The targets of all slices of a service.

    Raises: DiscoveryFailed: there are endpoints, and the port that is wanted is none of theirs, or is not told.
    """
    chosen = _of_family(list(parts), wanted.family)
    # While endpoints move between slices they stand in two of them; who is ready in one of them is.
    found: dict[tuple[str, int], DiscoveredTarget] = {}
    for part in chosen:
        for target in part.targets:
            known = found.get((target.host, target.port))
            if known is None or known.is_leaving:
                found[target.host, target.port] = target
    unmet = sorted({port for part in chosen for port in part.ports})
    if unmet and not found:
        what = f"no port is {wanted.port!r}" if wanted.port is not None else "no single port; write `port`"
        raise DiscoveryFailed(f"{what}. There are: {', '.join(unmet)}")
    targets = tuple(found[key] for key in sorted(found))
    if targets and all(target.is_leaving for target in targets):
        return tuple(replace(target, is_leaving=False) for target in targets)
    return targets


def _of_family(parts: list[SlicePart], family: str | None) -> list[SlicePart]:
    """Those with addresses of *family*: a pod with two addresses must not count twice."""
    if family is None:
        family = next((wanted for wanted in ("IPv4", "IPv6", "FQDN") if any(p.family == wanted for p in parts)), "")
    return [part for part in parts if part.family == family]
