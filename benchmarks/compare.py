"""Measure vizgate beside other reverse proxies on this machine, and write tables and a plot.

In: the command line and the order of a run. Not in: how each thing is measured (``sidebyside``).
"""

from __future__ import annotations

import argparse
import datetime as dt
import shlex
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from sidebyside import scenario
from sidebyside.contenders import ALL, BASELINE, Contender
from sidebyside.measure.idle import measure_idle
from sidebyside.measure.rounds import Rounds, measure_scenario
from sidebyside.measure.starts import measure_start, measure_version_command
from sidebyside.process import StartFailed
from sidebyside.programs import find_program
from sidebyside.report import machine, markdown, plot, results
from sidebyside.report.results import Participant, Results
from sidebyside.session import Pinning, Session, check, open_session
from sidebyside.site import BENCHMARKS, POOL_SIZE, PROJECT, raise_file_limit

_WHOLE: dict[str, int | str] = {
    "rounds": 3,
    "seconds": 3,
    "idle": 10000,
    "starts": 5,
    "sizes": ",".join(scenario.SIZES),
    "headers": ",".join(scenario.HEADER_SETS),
    "connections": ",".join(map(str, scenario.CONNECTIONS)),
}
_QUICK = _WHOLE | {"rounds": 1, "seconds": 1, "idle": 1000, "starts": 1}
_QUICK |= {"sizes": "100b,1m", "headers": "none", "connections": "64"}
_VERSION_RUNS = 7
#: Connections beyond those that are counted: probes and warm-up.
_SPARE_CONNECTIONS = 500


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The options; what ``--quick`` shortens may still be set by hand."""
    parser = argparse.ArgumentParser(
        prog="compare.py",
        description="Measure vizgate beside other reverse proxies here. A whole run takes about half an hour.",
        epilog="A run that measures everything writes docs/benchmarks.md and .svg; any other writes beside its JSON.",
    )
    parser.add_argument(
        "--list", action="store_true", help="name the contenders and whether they can run here, then stop"
    )
    parser.add_argument("--only", metavar="NAMES", help=f"contenders, comma-separated; {BASELINE} is always measured")
    parser.add_argument("--quick", action="store_true", help="two small cells of the matrix, one round of one second")
    parser.add_argument("--rounds", type=_count, help="rounds per scenario (3)")
    parser.add_argument("--seconds", type=_count, help="seconds of load per contender and round (3)")
    parser.add_argument("--sizes", metavar="LIST", help=f"bodies: {','.join(scenario.SIZES)}")
    parser.add_argument("--headers", metavar="LIST", help=f"request headers: {','.join(scenario.HEADER_SETS)}")
    parser.add_argument("--connections", metavar="LIST", help="connections: 64,1000")
    parser.add_argument("--idle", type=int, metavar="N", help="idle connections to hold (10000); 0 leaves that out")
    parser.add_argument("--starts", type=int, metavar="N", help="starts to time per contender (5); 0 leaves that out")
    parser.add_argument("--pin", action="store_true", help="the contender on core 0, load and upstream on core 1")
    parser.add_argument("--json", type=Path, default=BENCHMARKS / "results" / "latest.json", help="where results go")
    parser.add_argument("--docs", action="store_true", help="write docs/benchmarks.* whatever was left out")
    parser.add_argument("--render", type=Path, metavar="JSON", help="only write tables and plot of an earlier run")
    options = parser.parse_args(arguments)
    _fill_in(parser, options)
    return options


def _fill_in(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    for name, value in (_QUICK if options.quick else _WHOLE).items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    everywhere = all(getattr(options, name) == _WHOLE[name] for name in ("sizes", "headers", "connections", "idle"))
    options.is_whole = everywhere and not options.only and options.starts > 0
    options.sizes = _choices(parser, "--sizes", options.sizes, scenario.SIZES)
    options.headers = _choices(parser, "--headers", options.headers, scenario.HEADER_SETS)
    options.only = _choices(parser, "--only", options.only, [one.name for one in ALL]) if options.only else []
    try:
        options.connections = [_count(text) for text in options.connections.split(",")]
    except (ValueError, argparse.ArgumentTypeError):
        parser.error(f"--connections: not a list of numbers: {options.connections}")


def _choices(
    parser: argparse.ArgumentParser, option: str, text: str, known: Sequence[str] | dict[str, str]
) -> list[str]:
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in known:
            parser.error(f"{option}: there is no '{name}'; choose from {', '.join(known)}")
    return names


def _count(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 10000:
        raise argparse.ArgumentTypeError("must be between 1 and 10000")
    return number


def choose(only: Sequence[str]) -> tuple[list[Contender], list[Participant]]:
    """The contenders to measure, and a line on every one that was asked for."""
    wanted = [one for one in ALL if not only or one.name in only or one.name == BASELINE]
    reasons = {one.name: one.missing() for one in wanted}
    able = [one for one in wanted if reasons[one.name] is None]
    lines = [
        Participant(one.name, one.about, "" if reasons[one.name] else one.version(), reasons[one.name] or "")
        for one in wanted
    ]
    return able, lines


def tell_participants(participants: Sequence[Participant]) -> None:
    """Print who takes part and who does not."""
    for one in participants:
        print(f"{one.name:18} {'skipped: ' + one.skipped if one.skipped else one.version}")


def run(options: argparse.Namespace, contenders: Sequence[Contender], found: Results) -> None:
    """Measure everything the options ask for, adding to *found* as it goes."""
    most = max(options.idle, *options.connections) + _SPARE_CONNECTIONS
    if raise_file_limit() < max(most, 2 * max(options.connections)) + POOL_SIZE:
        print(f"the limit of open files is too low for {most} connections: expect failures")
    rounds = Rounds(options.rounds, options.seconds)
    cells = scenario.matrix(options.sizes, options.headers, options.connections)
    with open_session(most, Pinning(0, 1) if options.pin else Pinning()) as session:
        for number, cell in enumerate(cells, start=1):
            print(f"[{number}/{len(cells)}] {cell.title}", flush=True)
            measure_scenario(session, contenders, cell, rounds, found)
        for contender in contenders:
            run_single(session, contender, options, found)
    if options.starts and any(one.name == "vizgate" for one in contenders):
        found.version_command = measure_version_command(_VERSION_RUNS)


def run_single(session: Session, contender: Contender, options: argparse.Namespace, found: Results) -> None:
    """What is measured on one contender alone: starts and idle connections."""
    try:
        for _ in range(options.starts):
            found.starts.append(measure_start(session, contender))
        if options.idle:
            with session.running(contender) as entry:
                check(entry.port, contender.name)
                found.idle.append(measure_idle(entry, options.idle))
    except StartFailed as error:
        found.failures.append(f"{contender.name}, alone: {error}")
        return
    if options.idle:
        last = found.idle[-1]
        print(
            f"  {contender.name:18} {last.alive:6} idle connections, {last.bytes_per_connection / 1024:7.1f} KiB each",
            flush=True,
        )


def write(found: Results, directory: Path) -> None:
    """Write the page and the plot into *directory*."""
    directory.mkdir(parents=True, exist_ok=True)
    page, picture = directory / "benchmarks.md", directory / "benchmarks.svg"
    page.write_text(markdown.page(found), encoding="utf-8")
    drawn = plot.draw(found, picture)
    print(f"wrote {page}" + (f" and {picture}" if drawn else "; no plot (matplotlib comes with the bench extra)"))


def render(options: argparse.Namespace) -> int:
    """Write tables and plot of an earlier run."""
    write(results.load(options.render), PROJECT / "docs" if options.docs else options.render.parent)
    return 0


def _stop_on_signal(number: int, _: object) -> None:
    raise SystemExit(128 + number)  # unwinds, so that every process that was started is stopped


def main(arguments: Sequence[str]) -> int:
    """Run the comparison; 0 when something was measured, 1 when nothing could be, 2 for a wrong command line."""
    options = parse(arguments)
    if options.render:
        return render(options)
    signal.signal(signal.SIGTERM, _stop_on_signal)
    contenders, participants = choose(options.only)
    tell_participants(participants)
    if options.list:
        return 0
    needed = ["wrk", "nginx", *(["taskset"] if options.pin else [])]
    missing = [name for name in needed if find_program(name) is None]
    if missing:
        print(f"cannot measure without: {', '.join(missing)}", file=sys.stderr)
        return 1
    today = dt.datetime.now(dt.UTC).date().isoformat()
    command = shlex.join(["python", "benchmarks/compare.py", *arguments])
    found = Results(today, command, machine.describe_machine(), participants)
    try:
        run(options, contenders, found)
    finally:
        found.save(options.json)
    print(markdown.ratio_lines(found))
    write(found, PROJECT / "docs" if options.is_whole or options.docs else options.json.parent)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
