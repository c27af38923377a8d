"""``vizgate check``: is a configuration good, and does it do what its ``tests`` say? Without any network."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from vizgate.cli.arguments import add_command, add_config, add_log_level

if TYPE_CHECKING:
    from vizgate.cli.arguments import Commands
    from vizgate.config import CheckConfig, GatewayConfig, Problem
    from vizgate.config.audit.finding import SeenCertificate
    from vizgate.config.problems import Path
    from vizgate.extension.registry import Registry
    from vizgate.gateway.rehearsal import Rehearsal


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(commands, "check", run, "validate a configuration and run its tests, without a network")
    add_config(parser)
    parser.add_argument(
        "--audit", action="store_true", help="look for what is allowed and unwise, too; a warning is a problem"
    )
    add_log_level(parser)


def run(args: argparse.Namespace) -> int:
    """Print what is wrong, each with its place; 0 when nothing is."""
    import asyncio

    from vizgate.cli.loading import load
    from vizgate.cli.program_log import program_log
    from vizgate.gateway.listening.listeners import entrances_of, seen_certificates

    config, registry = load(args.config)
    entrances = entrances_of(config)  # raises what is wrong with its certificates
    with program_log(args.log_level):
        failed, problems = asyncio.run(_try_all(args.config, config, registry))
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        print(f"{args.config}: {failed} of {_count(len(config.tests), 'test')} failed", file=sys.stderr)
        return 1
    counts = [_count(len(config.routes), "route"), _count(len(config.services), "service")]
    tests = f"{_count(len(config.tests), 'test')} passed" if config.tests else "no tests"
    print(f"{args.config}: good ({', '.join(counts)}; {tests})")
    return _audit(args.config, config, seen_certificates(config, entrances)) if args.audit else 0


def _audit(file: str, config: GatewayConfig, shown: list[SeenCertificate]) -> int:
    """Print what is unwise in *config*, whose listeners show the certificates *shown*; 1 when a warning is among it."""
    from vizgate.cli.loading import Places
    from vizgate.cli.table import table
    from vizgate.clock import SystemClock
    from vizgate.config.audit.audit import audit
    from vizgate.config.audit.finding import Severity
    from vizgate.config.problems import format_path

    found, places = audit(config, SystemClock().wall(), shown), Places(file)
    rows = [
        (one.severity.value, one.rule, str(places.of(one.path)), f"{format_path(one.path)}: {one.message}")
        for one in found
    ]
    if rows:
        print(table(rows))
    warnings = sum(one.severity is Severity.WARNING for one in found)
    print(f"{file}: audit found {_count(warnings, 'warning')} and {_count(len(found) - warnings, 'note')}")
    return 1 if warnings else 0


async def _try_all(file: str, config: GatewayConfig, registry: Registry) -> tuple[int, list[Problem]]:
    """How many tests failed, and everything that is wrong with them."""
    from vizgate.cli.loading import Places
    from vizgate.config import Problem
    from vizgate.gateway.rehearsal import Rehearsal

    rehearsal = Rehearsal(config, registry)
    if not config.tests:
        return 0, []
    places, problems, failed = Places(file), list[Problem](), 0
    async with rehearsal:
        for number, test in enumerate(config.tests):
            found = await _try(rehearsal, test)
            failed += bool(found)
            at: Path = ("tests", number)
            problems += [Problem(places.of((*at, *path)), (*at, *path), message) for path, message in found]
    return failed, problems


async def _try(rehearsal: Rehearsal, test: CheckConfig) -> list[tuple[Path, str]]:
    from vizgate.cli.expectation import differences
    from vizgate.gateway.rehearsal import RehearsalStuck

    request = test.request
    try:
        identity = None if request.identity is None else request.identity.identity()
        fields, body = request.sent_fields.items(), request.sent_body
        result = await rehearsal.send(
            request.method, request.url, fields, body=body, identity=identity, client=request.client
        )
    except RehearsalStuck as exc:
        return [((), str(exc))]
    except ValueError as exc:
        return [(("request", "headers"), str(exc))]
    return [(("expect", *path), message) for path, message in differences(test.expect, result)]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
