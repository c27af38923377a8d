"""The numbers that a deployment is sized by: CPU of the gateway per request and memory per connection.

Usage: python benchmarks/sizing.py [--seconds 3] [--rounds 3] [--connections 2000] [--docs]

Every case is a gateway of its own with one worker before nginx on loopback, under wrk with 32 kept connections; cases
take turns within a round, and medians over the rounds are shown. It wants wrk, nginx and redis-server, and takes three
minutes.
"""

from __future__ import annotations

import argparse
import socket
import ssl
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import trustme

sys.path.insert(0, str(Path(__file__).resolve().parent))
from endurance.served.redis import Redis
from sidebyside.accounting import cpu_time_us, memory
from sidebyside.contenders.base import Contender
from sidebyside.measure.idle import measure_idle
from sidebyside.process import Command
from sidebyside.report.machine import describe_place
from sidebyside.session import Pinning, Running, Session, open_session
from sidebyside.site import PROJECT, PortSource, Site
from tls import us_per_request
from trouble.page import table, write_measured

_KEY = "sizing-key-0123456789abcdef"
_KIB = 1024
_TLS_CONNECTIONS = 500
_SETTLE_S = 1.0
_FLEETS = (1, 2, 4)

_CONFIG = """\
version: 1
server:
  listen: [{address: "127.0.0.1:$PORT" $TLS}]
  admin: off
  workers: $WORKERS
  limits: {connections: 20000}
store: $STORE
services:
  up: {targets: ["http://127.0.0.1:$UPSTREAM"], pool: {max_idle: 1024}}
limits:
  wide: {rate: 10000000/second, key: ip}
auth:
  keys: {kind: api_key, keys: [{id: a, hash: "sha256:$HASH", user: a, tier: t}]}
routes:
  - {name: all, match: {path: /*}, service: up $ROUTE}
observe:
  access_log: {format: $LOG}
"""


@dataclass(frozen=True)
class Case:
    """One way to use a gateway. ``route``: more settings of its route."""

    name: str
    route: str = ""
    log: str = "off"
    tls: bool = False
    redis: bool = False
    workers: int = 1
    fields: tuple[str, ...] = ()


CASES = (
    Case("forwarding alone"),
    Case("and the access log", log="json"),
    Case("and a limit in memory", log="json", route=", limit: wide"),
    Case("and an API key", log="json", route=", limit: wide, auth: keys", fields=("-H", f"X-API-Key: {_KEY}")),
    Case("forwarding alone, over TLS", tls=True),
    Case("forwarding and a limit in Redis", route=", limit: wide", redis=True),
)


@dataclass
class Found:
    """Of one case: CPU in microseconds per request, of each round."""

    us: list[float] = field(default_factory=list)


class Bench:
    """Starts the gateways of the cases."""

    def __init__(self, session: Session, redis: Redis, pair: Path) -> None:
        self.session = session
        self.redis = redis
        self._pair = pair

    def contender(self, case: Case) -> Contender:
        """A gateway by *case*."""

        def prepare(site: Site) -> Command:
            values = {
                "PORT": site.port,
                "UPSTREAM": site.upstream_port,
                "TLS": f', tls: {{cert: "{self._pair}"}}' if case.tls else "",
                "STORE": self.redis.url if case.redis else "memory",
                "HASH": sha256(_KEY.encode()).hexdigest(),
                "ROUTE": case.route,
                "LOG": case.log,
                "WORKERS": case.workers,
            }
            text = _CONFIG
            for name, value in values.items():
                text = text.replace(f"${name}", str(value))
            return Command([sys.executable, "-m", "vizgate", "serve", site.write("vizgate.yaml", text)], cwd=PROJECT)

        return Contender(case.name, "", lambda: None, lambda: "", prepare)


def measure_cases(bench: Bench, rounds: int, seconds: int) -> dict[str, Found]:
    """CPU per request of every case, each in a process that lives as long as the others."""
    found = {case.name: Found() for case in CASES}
    with ExitStack() as stack:
        running = [(case, stack.enter_context(bench.session.running(bench.contender(case)))) for case in CASES]
        for case, entry in running:
            us_per_request(entry.process.pid, _url(case, entry), 1, list(case.fields))
        for _ in range(rounds):
            for case, entry in running:
                us = us_per_request(entry.process.pid, _url(case, entry), seconds, list(case.fields))
                found[case.name].us.append(us)
    return found


def _url(case: Case, entry: Running) -> str:
    return f"{'https' if case.tls else 'http'}://localhost:{entry.port}/100b"


def measure_redis(bench: Bench, seconds: int) -> float:
    """CPU of Redis itself, in microseconds for each decision."""
    case = next(case for case in CASES if case.redis)
    with bench.session.running(bench.contender(case)) as entry:
        before_us, decided = cpu_time_us(bench.redis.pid), bench.redis.commands()
        us_per_request(entry.process.pid, _url(case, entry), seconds, [])
        return (cpu_time_us(bench.redis.pid) - before_us) / (bench.redis.commands() - decided)


def measure_memory(bench: Bench, connections: int) -> list[list[str]]:
    """Rows about memory: of a gateway that idles, and of connections that do."""
    rows = [[f"a gateway with {count} {'workers' if count > 1 else 'worker'}", f"{_at_work(bench, count):.0f} MiB"]
            for count in _FLEETS]  # fmt: skip
    with bench.session.running(bench.contender(CASES[0])) as entry:
        idle = measure_idle(entry, connections)
        rows.append(["an idle connection", f"{idle.bytes_per_connection / _KIB:.1f} KiB"])
    secure = next(case for case in CASES if case.tls)
    with bench.session.running(bench.contender(secure)) as entry:
        rows.append(["an idle connection over TLS", f"{_tls_idle(entry):.1f} KiB"])
    return rows


def _at_work(bench: Bench, workers: int) -> float:
    """MiB of all processes of a gateway that has had something to do, pages that they share counted once."""
    case = Case(f"{workers} workers", workers=workers)
    with bench.session.running(bench.contender(case)) as entry:
        time.sleep(_SETTLE_S)  # a supervisor listens before its workers are there
        us_per_request(entry.process.pid, _url(case, entry), 2, [])
        return memory(entry.process.pid).pss / _KIB / _KIB


def _tls_idle(entry: Running) -> float:
    """KiB of each of many connections over TLS that have had one answer."""
    warm = [_ask_over_tls(entry.port) for _ in range(50)]
    for each in warm:
        each.close()
    time.sleep(_SETTLE_S)
    before = memory(entry.process.pid).pss
    opened = [_ask_over_tls(entry.port) for _ in range(_TLS_CONNECTIONS)]
    time.sleep(_SETTLE_S)
    after = memory(entry.process.pid).pss
    for each in opened:
        each.close()
    return (after - before) / len(opened) / _KIB


def _ask_over_tls(port: int) -> ssl.SSLSocket:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    connection = context.wrap_socket(socket.create_connection(("127.0.0.1", port), 10))
    connection.sendall(b"GET /100b HTTP/1.1\r\nHost: localhost\r\n\r\n")
    answer = b""
    while len(answer.partition(b"\r\n\r\n")[2]) < 100:
        answer += connection.recv(65536)
    return connection


def report(found: dict[str, Found], redis_us: float, rows: list[list[str]]) -> str:
    """The page's measured part."""
    medians = {name: statistics.median(each.us) for name, each in found.items()}
    cpu = table(
        ["what one worker does", "CPU per request", "requests per second and core"],
        [[name, f"{us:.0f} us", f"{round(1e6 / us, -2):,.0f}"] for name, us in medians.items()],
    )
    cpu += f"\nRedis itself takes {redis_us:.0f} us of CPU for each decision.\n"
    return "\n".join([cpu, table(["memory", ""], rows), describe_place()])


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=3, help="of each run of wrk")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=2000, help="idle ones, without TLS")
    parser.add_argument("--docs", action="store_true", help="write docs/how-to/size-a-deployment.md")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        pair = folder / "pair.pem"
        trustme.CA().issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(pair)
        session = stack.enter_context(open_session(2 * arguments.connections + 1000, Pinning()))
        redis = stack.enter_context(Redis(folder, PortSource().take()))
        bench = Bench(session, redis, pair)
        found = measure_cases(bench, arguments.rounds, arguments.seconds)
        redis_us = measure_redis(bench, arguments.seconds)
        text = report(found, redis_us, measure_memory(bench, arguments.connections))
    print(text)
    if arguments.docs:
        write_measured(PROJECT / "docs" / "how-to" / "size-a-deployment.md", text)


if __name__ == "__main__":
    main()
