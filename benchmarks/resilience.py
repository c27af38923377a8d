"""What hostile and stalled peers cost: ``python benchmarks/resilience.py``. Prints tables in Markdown.

In: running the sieges on each contender. Not in: the sieges (``siege``) and throughput (``compare.py``).
"""

from __future__ import annotations

import argparse
import asyncio
from dataclasses import replace

from sidebyside.session import Pinning, open_session
from sidebyside.site import PortSource
from siege.contenders import CONTENDERS, HEAD_S
from siege.slow_clients import SlowClients, measure_slow_clients
from siege.stalled import Stalled, measure_stalled_readers, measure_stalled_upstreams

_MIB = 1024 * 1024


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=2000, help="silent ones, and as many dripping ones")
    parser.add_argument("--stalled", type=int, default=24, help="stalled exchanges at once; 0: none")
    parser.add_argument("--rounds", type=int, default=1, help="of the slow clients; contenders take turns within one")
    parser.add_argument("--only", help="names of contenders, by commas")
    options = parser.parse_args()
    chosen = [each for each in CONTENDERS if not options.only or each.name in options.only.split(",")]
    for each in [each for each in chosen if each.missing() is not None]:
        print(f"{each.name}: {each.missing()}")
        chosen.remove(each)
    slow: list[SlowClients] = []
    stalled: list[Stalled] = []
    with open_session(4 * options.clients + 200, Pinning()) as session:
        for contender in [each for _ in range(options.rounds) for each in chosen]:
            with session.running(contender) as entry:
                slow.append(measure_slow_clients(entry, options.clients, options.clients, session.upstream_port))
        for contender in chosen if options.stalled else ():
            port = PortSource().take()
            moved = replace(contender, prepare=lambda site, port=port, of=contender: of.prepare(
                replace(site, upstream_port=port)))  # fmt: skip
            for measure in (measure_stalled_readers, measure_stalled_upstreams):
                with session.running(moved) as entry:
                    stalled.append(asyncio.run(measure(entry, port, options.stalled)))
    _print_slow(slow)
    _print_stalled(stalled)


def _print_slow(results: list[SlowClients]) -> None:
    print(f"\nSlow clients; a head may take {HEAD_S} s.\n")
    print("| | silent + dripping | closed | the last after s | p99 ms before | p99 ms during"
          " | upstream meanwhile | failed | RSS MiB more | CPU s |")  # fmt: skip
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for it in results:
        print(
            f"| {it.name} | {it.silent:,} + {it.dripping:,} | {it.closed:,} | {it.last_closed_s:.2f} "
            f"| {it.before.p99_ms:.1f} | {it.during.p99_ms:.1f} | {it.control.p99_ms:.1f} "
            f"| {it.before.failed + it.during.failed} "
            f"| {it.rss_growth / _MIB:.1f} | {it.cpu_s:.2f} |"
        )


def _print_stalled(results: list[Stalled]) -> None:
    print("\nStalled peers; KiB of proxy memory for each exchange of 64 MiB.\n")
    print("| | stalled | exchanges | KiB each |")
    print("| --- | --- | ---: | ---: |")
    for it in results:
        print(f"| {it.name} | {it.what} | {it.connections} | {it.bytes_each / 1024:.0f} |")


if __name__ == "__main__":
    main()
