"""``vizgate check``: is a configuration good, and does it do what its ``tests`` say? Without any network."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path as FilePath
from typing import TYPE_CHECKING

from vizgate.cli.arguments import add_command, add_config, add_log_level

if TYPE_CHECKING:
    from vizgate.cli.arguments import Commands
    from vizgate.cli.checking.report import CheckReport, PlacedFinding
    from vizgate.cli.loading import Places
    from vizgate.config import GatewayConfig
    from vizgate.config.audit.view import SeenCertificate
    from vizgate.config.problems import Path
    from vizgate.errors import VizgateError

_FORMATS = ("text", "json", "sarif")
_SEVERITIES = ("error", "warning", "note")


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(commands, "check", run, "validate a configuration and run its tests, without a network")
    add_config(parser)
    _add_tests(parser)
    _add_audit(parser)
    parser.add_argument("--format", choices=_FORMATS, default="text", help="how what was found is written (text)")
    parser.add_argument("--output", metavar="FILE", help="write it there, and for people here")
    add_log_level(parser)


def _add_tests(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--filter", metavar="TEXT", default="", help="run only the tests with TEXT in their names")
    parser.add_argument("--coverage", action="store_true", help="tell which routes no test reaches")
    parser.add_argument(
        "--min-coverage", metavar="PERCENT", type=_percent, help="fail when tests reach fewer of the routes"
    )
    parser.add_argument("--junit", metavar="FILE", help="write what came of the tests to FILE, for CI servers")


def _add_audit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--audit", action="store_true", help="look for what is allowed and unwise, too; a warning is a problem"
    )
    parser.add_argument(
        "--ignore", metavar="RULE", action="append", type=_rule, default=[], help="let this rule of the audit pass"
    )
    parser.add_argument("--severity", choices=_SEVERITIES, help="the least that is listed (note)")
    parser.add_argument("--fail-on", choices=_SEVERITIES, help="the least that is a problem (warning)")


def _percent(text: str) -> float:
    try:
        share = float(text.removesuffix("%")) / 100
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a percentage. Write a number from 0 to 100")
    return share


def _rule(text: str) -> str:
    from vizgate.config.audit.catalogue import BY_ID
    from vizgate.config.problems import did_you_mean

    if text not in BY_ID:
        raise argparse.ArgumentTypeError(f"no rule is called {text!r}.{did_you_mean(text, BY_ID)}")
    return text


def run(args: argparse.Namespace) -> int:
    """Tell what is wrong, each with its place; 0 when nothing is."""
    from vizgate.errors import VizgateError

    for option, value in (("--ignore", args.ignore), ("--fail-on", args.fail_on), ("--severity", args.severity)):
        if value and not args.audit:
            args.parser.error(f"{option} has no effect without --audit. Write that, too")
    if args.filter and args.min_coverage is not None:
        args.parser.error("--filter leaves tests out, so --min-coverage would say nothing. Leave one of them out")
    try:
        report = _look(args)
    except VizgateError as exc:
        report = _unusable(args.config, exc)
    _tell(report, args)
    return 0 if report.is_good else 1


def _look(args: argparse.Namespace) -> CheckReport:
    """Find everything out. Raises: VizgateError: the configuration cannot be used."""
    import asyncio

    from vizgate.cli.checking.coverage import Coverage
    from vizgate.cli.checking.report import CheckReport
    from vizgate.cli.checking.running import run_tests
    from vizgate.cli.loading import Places, load
    from vizgate.cli.program_log import program_log
    from vizgate.clock import SystemClock
    from vizgate.config.audit.rule import Severity
    from vizgate.errors import VizgateError
    from vizgate.gateway.listening.listeners import entrances_of, seen_certificates

    config, registry = load(args.config)
    entrances = entrances_of(config)  # raises what is wrong with its certificates
    places = Places(args.config)
    wanted = args.filter.lower()
    with program_log(args.log_level):
        tests = asyncio.run(run_tests(config, registry, places, SystemClock(), lambda name: wanted in name.lower()))
    if args.filter and not tests:
        raise VizgateError(f"no test has {args.filter!r} in its name. Leave --filter out to see all")
    return CheckReport(
        args.config,
        routes=len(config.routes),
        services=len(config.services),
        tests=tests,
        left_out=len(config.tests) - len(tests),
        coverage=Coverage.of([route.name for route in config.routes], [test.route for test in tests]),
        least_coverage=args.min_coverage,
        findings=_audited(config, places, seen_certificates(config, entrances), args.ignore) if args.audit else None,
        fails_on=Severity(args.fail_on or "warning"),
    )


def _audited(
    config: GatewayConfig, places: Places, shown: list[SeenCertificate], ignore: list[str]
) -> list[PlacedFinding]:
    """What is unwise in *config*, whose listeners show the certificates *shown*."""
    from vizgate.cli.checking.report import PlacedFinding
    from vizgate.clock import SystemClock
    from vizgate.config.audit.audit import audit

    def identity(path: Path) -> Path:
        if path[:1] == ("routes",) and len(path) > 1:
            return ("routes", config.routes[int(path[1])].name, *path[2:])
        return path

    found = audit(config, SystemClock().wall(), shown, ignore=ignore)
    placed = [PlacedFinding(one, places.of(one.path), identity(one.path)) for one in found]
    return sorted(placed, key=lambda one: (one.place.line, one.place.column))


def _unusable(file: str, error: VizgateError) -> CheckReport:
    """The report of a configuration that cannot even be tried."""
    from vizgate.cli.checking.report import CheckReport
    from vizgate.config.problems import ConfigError, Place, Problem

    problems = error.problems if isinstance(error, ConfigError) else (Problem(Place(file), (), str(error)),)
    return CheckReport(file, problems=problems)


def _tell(report: CheckReport, args: argparse.Namespace) -> None:
    """Write everything that was asked for, where it was asked for."""
    from vizgate.cli.checking.text import complaints, summary
    from vizgate.config.audit.rule import Severity

    tells_coverage = args.coverage or args.min_coverage is not None
    wrong = list(complaints(report))
    right = list(summary(report, shown=Severity(args.severity or "note"), tells_coverage=tells_coverage))
    if args.junit:
        from vizgate.cli.checking.junit import junit_text

        _write(args.junit, junit_text(report))
    document = _document(report, args.format) or "\n".join([*wrong, *right])
    if args.output:
        _write(args.output, document)
    elif args.format != "text":
        print(document)
        return
    for lines, stream in ((wrong, sys.stderr), (right, sys.stdout)):
        for line in lines:
            print(line, file=stream)


def _document(report: CheckReport, form: str) -> str:
    """*report* in another form than text, "" for text."""
    if form == "json":
        from vizgate.cli.checking.json_text import json_text

        return json_text(report)
    if form == "sarif":
        from vizgate.cli.checking.sarif import sarif_text

        return sarif_text(report)
    return ""


def _write(file: str, text: str) -> None:
    from vizgate.errors import VizgateError

    try:
        FilePath(file).write_text(f"{text}\n", "utf-8")
    except OSError as exc:
        raise VizgateError(f"cannot write {file}: {exc.strerror}. Check its folder") from exc
