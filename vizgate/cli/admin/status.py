"""``vizgate status``: how a running gateway is."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from vizgate.cli.admin.client import add_admin, client_of, reaching
from vizgate.cli.arguments import add_command

if TYPE_CHECKING:
    from vizgate.cli.arguments import Commands

_UNITS = ((86_400, "d"), (3600, "h"), (60, "m"), (1, "s"))


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(commands, "status", reaching(run), "tell how a running gateway and its services are")
    add_admin(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Ask, and print."""
    client = client_of(args)
    status, services = client.ask("GET", "/status", "phase"), client.ask("GET", "/services", "services")
    if args.json:
        print(json.dumps({"status": status, **services}, indent=2, ensure_ascii=False))
        return 0
    print("\n".join(described(status, services["services"])))
    return 0


def described(status: dict[str, Any], services: list[dict[str, Any]]) -> Iterator[str]:
    """What the gateway says of itself, line by line, for people."""
    yield f"vizgate {status['version']}: {status['phase']}, up {_lasting(status['uptime_s'])}"
    yield f"  {_count(status['connections'], 'connection')}, {status['requests_in_flight']} requests in flight"
    yield f"  {_count(status['routes'], 'route')}, {_count(status['services'], 'service')}"
    for name in status["unavailable"]:
        yield f"  the required service {name} has no fit target"
    for plugin, reason in status["plugins"].items():
        yield f"  {plugin} wants no traffic yet: {reason}"
    yield from _of_config(status["config"])
    for worker in status.get("workers", ()):
        told = f"{worker['phase']}, up {_lasting(worker['uptime_s'])}, {_count(worker['connections'], 'connection')}"
        yield f"  worker {worker['pid']}: {told}, {worker['requests_in_flight']} requests in flight"
    for service in services:
        targets = service["targets"]
        fit = sum(target["fit"] for target in targets)
        breaker = f", breaker {service['breaker']}" if "breaker" in service else ""
        yield f"  {service['name']}: {fit} of {_count(len(targets), 'target')} fit{breaker}"
        for target in targets:
            if not target["fit"]:
                yield f"    {target['target']}: {', '.join(target['blocked'])}"


def _of_config(config: dict[str, Any]) -> Iterator[str]:
    yield f"  serves {config['source'] or 'a configuration without a file'} ({config['hash']}) since {config['since']}"
    if config["failure"]:
        first, *rest = config["failure"].splitlines()
        yield f"  the last reload was refused: {first}{f' (and {len(rest)} more)' if rest else ''}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _lasting(seconds: float) -> str:
    """*seconds* in the two largest units that it has any of: ``3h 2m``."""
    left = int(seconds)
    parts: list[str] = []
    for size, unit in _UNITS:
        number, left = divmod(left, size)
        if number or (parts and len(parts) < 2) or unit == "s":
            parts.append(f"{number}{unit}")
    return " ".join(parts[:2])
