"""Where vizgate spends its time under load: `vizgate serve` under a profiler, driven by wrk.

In: running it and listing functions by the time spent in themselves. Not in: comparing (``compare.py``).
"""

from __future__ import annotations

import argparse
import pstats
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from sidebyside.contenders import ALL, Contender
from sidebyside.measure.wrk import drive
from sidebyside.process import Command
from sidebyside.programs import ask, find_program
from sidebyside.scenario import HEADER_SETS, SIZES, Scenario
from sidebyside.session import Pinning, Session, check, open_session
from sidebyside.site import PEERS_VENV, Site

_SAMPLES_PER_S = 500


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(prog="hotspots.py", description="Show where vizgate spends its time under load.")
    parser.add_argument(
        "--how", choices=["py-spy", "cprofile"], help="py-spy samples (where installed); cprofile traces"
    )
    parser.add_argument("--contender", choices=["vizgate", "vizgate+log"], default="vizgate")
    parser.add_argument("--size", choices=list(SIZES), default="100b")
    parser.add_argument("--headers", choices=list(HEADER_SETS), default="none")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--lines", type=int, default=40, help="how many functions to list")
    parser.add_argument("--native", action="store_true", help="py-spy: count C functions by themselves")
    return parser.parse_args(arguments)


def sampled(session: Session, contender: Contender, load: Scenario, options: argparse.Namespace) -> list[str]:
    """Functions by share of samples, taken by py-spy from outside."""
    with session.running(contender) as entry, tempfile.TemporaryDirectory() as directory:
        check(entry.port, contender.name)
        drive(entry.port, load, 1)
        folded = Path(directory) / "stacks"
        command = [spy_path(), "record", "--format", "raw", "--output", str(folded), "--pid", str(entry.process.pid)]
        command += ["--rate", str(_SAMPLES_PER_S), "--duration", str(options.seconds)]
        command += ["--native"] if options.native else []
        # Not ended by wrk, so that no sample is of an idle gateway: the load goes on a second longer.
        with session.beside("py-spy", Command(command)) as spy:
            drive(entry.port, load, options.seconds + 1)
            spy.wait(options.seconds + 20)
        return share_lines(folded.read_text(encoding="utf-8"), options.lines)


def share_lines(folded: str, count: int) -> list[str]:
    """The innermost functions of *folded* stacks (``outer;inner samples``) with their shares."""
    own: Counter[str] = Counter()
    for line in folded.splitlines():
        stack, _, samples = line.rpartition(" ")
        own[stack.rpartition(";")[2]] += int(samples)
    total = own.total() or 1
    return [f"{100 * samples / total:5.1f} %  {function}" for function, samples in own.most_common(count)]


def traced(session: Session, contender: Contender, load: Scenario, options: argparse.Namespace) -> list[str]:
    """Functions by own time as cProfile counts it; tracing itself slows small functions most."""
    with tempfile.TemporaryDirectory() as directory:
        output = str(Path(directory) / "profile")

        def prepare(site: Site) -> Command:
            command = contender.prepare(site)
            python, _, *rest = command.argv
            return replace(command, argv=[python, "-m", "cProfile", "-o", output, "-m", *rest])

        with session.running(replace(contender, prepare=prepare)) as entry:
            check(entry.port, contender.name)
            drive(entry.port, load, options.seconds)
        stats = pstats.Stats(output).sort_stats(pstats.SortKey.TIME)
        stats.print_stats(options.lines)
        return []


def spy_path() -> str:
    """py-spy's path, in .bench-venv or on PATH; "" when it is not installed."""
    own = PEERS_VENV / "bin" / "py-spy"
    return str(own) if own.exists() and ask([str(own), "--version"]) else (find_program("py-spy") or "")


def main(arguments: Sequence[str]) -> int:
    """Profile one contender under one scenario; 1 when it cannot run here."""
    options = parse(arguments)
    contender = next(one for one in ALL if one.name == options.contender)
    reason = contender.missing()
    if reason or find_program("wrk") is None:
        print(reason or "wrk is not installed", file=sys.stderr)
        return 1
    how = options.how or ("py-spy" if spy_path() else "cprofile")
    if how == "py-spy" and not spy_path():
        print("py-spy is not installed (benchmarks/setup_peers.py)", file=sys.stderr)
        return 1
    load = Scenario(options.size, options.headers, options.connections)
    print(f"{contender.name} under {load.title}, by {how}")
    profile = sampled if how == "py-spy" else traced
    with open_session(options.connections + 500, Pinning()) as session:
        print("\n".join(profile(session, contender, load, options)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
