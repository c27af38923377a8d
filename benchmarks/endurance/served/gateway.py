"""The gateway of a long run: its configuration, its certificates, its processes and its log.

In: ``GatewayUnderTest``. Not in: what is done to it (``chaos.py``, ``soak.py``).
"""

from __future__ import annotations

import os
import re
import signal
import ssl
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from string import Template

import trustme

from endurance.watch.connections import holders, listening_inode
from sidebyside.process import Command, ManagedProcess, StartFailed
from sidebyside.site import BENCHMARKS, PROJECT

KEY = "endurance-key-0123456789abcdef"
#: What a line of the log must not say.
_ALARM = re.compile(r"Traceback|exception|never retrieved|never awaited|\bERROR\b|\bCRITICAL\b", re.IGNORECASE)
#: What it has to say about those that were killed on purpose.
_KILLED = re.compile(r"worker \d+ .*was killed by SIGKILL")
#: The last line about a start.
_SERVES = re.compile(r"^  HTTP/1.1 by .*, event loop", re.MULTILINE)
_PATIENCE_S = 30.0
_POLL_S = 0.01

_CONFIG = """\
version: 1
server:
  listen: ["127.0.0.1:$port", {address: "127.0.0.1:$tls_port", tls: {cert: $folder/pair.pem}}]
  admin: 127.0.0.1:$admin_port
  workers: $workers
store: $store
services:
  api:
    targets: [$targets]
    timeouts: {connect: 1s, response: 10s}
    pool: {max_idle: 8}
    retry: {attempts: 3, backoff: 10ms, budget: 100%}
    health: {active: {path: /health/10, interval: 500ms, healthy_after: 1, unhealthy_after: 2}}
  steady: {targets: [$steady]}
limits:
  wide: {rate: 1000000/second, key: ip, on_store_failure: allow}
auth:
  keys: {kind: api_key, keys: [{id: a, hash: "sha256:$hash", user: a, tier: t}]}
routes:
  - {match: {path: /plain/*}, service: api, limit: wide}
  - match: {path: /cached/*}
    service: api
    middleware: [{use: cache, size: 2MiB}, {use: headers, response: {set: {X-Reload: "$generation"}}}]
  - {match: {path: /keyed/*}, service: api, auth: keys, limit: wide}
  - {match: {path: /ws}, service: steady}
  - {match: {path: /tasks}, respond: {status: 204}, middleware: [{use: "endurance.served.tasks:Tasks"}]}
observe:
  access_log: {format: json, to: $folder/access.log}
"""


@dataclass
class GatewayUnderTest:
    """A running ``vizgate serve``. ``generation``: how often its configuration was written."""

    folder: Path
    values: dict[str, object]
    authority: trustme.CA = field(default_factory=trustme.CA)
    generation: int = 0
    process: ManagedProcess = field(init=False)
    _inode: str = ""

    @property
    def port(self) -> int:
        return int(str(self.values["port"]))

    @property
    def tls_port(self) -> int:
        return int(str(self.values["tls_port"]))

    def write_config(self) -> None:
        """Write the next configuration, which differs in a field of answers."""
        self.generation += 1
        text = Template(_CONFIG).substitute(
            self.values, folder=self.folder, generation=self.generation, hash=sha256(KEY.encode()).hexdigest()
        )
        _replace(self.folder / "vizgate.yaml", text.encode())

    def write_certificate(self) -> int:
        """Put a new certificate in the place of the old one, as a whole; its serial number."""
        issued = self.authority.issue_cert("localhost")
        _replace(self.folder / "pair.pem", issued.private_key_and_cert_chain_pem.bytes())
        return serial_of(issued.cert_chain_pems[0].bytes().decode())

    def reload(self) -> None:
        """Write the next configuration and have it read."""
        self.write_config()
        os.kill(self.process.pid, signal.SIGHUP)

    def wait_serving(self) -> None:
        """Return when all of it serves; a supervisor listens before its workers do. Raises: StartFailed: it never."""
        end_s = time.monotonic() + _PATIENCE_S
        while not _SERVES.search(self._log()):
            if time.monotonic() > end_s or not self.process.is_alive():
                raise StartFailed(f"vizgate does not serve: {self.process.log_tail()}")
            time.sleep(_POLL_S)

    def _log(self) -> str:
        return self.process.log.read_text(encoding="utf-8", errors="replace")

    def workers(self) -> list[int]:
        """The processes that serve: the only one, or those below the supervisor."""
        if self.values["workers"] == 1:
            return [self.process.pid]
        self._inode = self._inode or listening_inode(self.port)
        return holders(self.process.pid, self._inode)

    def is_whole(self) -> bool:
        """Whether as many workers as there should be have told that they serve."""
        log, workers = self._log(), self.workers()
        return len(workers) == self.values["workers"] and all(f"serves (process {pid})" in log for pid in workers)

    @property
    def trust(self) -> ssl.SSLContext:
        """What a client trusts that wants to speak to it over TLS."""
        context = ssl.create_default_context()
        self.authority.configure_trust(context)
        return context

    def alarms(self) -> list[str]:
        """Lines of its log that tell of something nobody handled."""
        lines = self._log().splitlines()
        return [line for line in lines if _ALARM.search(line) and not _KILLED.search(line)]


def serial_of(pem: str) -> int:
    """The serial number of the first certificate in *pem*."""
    from cryptography.x509 import load_pem_x509_certificate

    return load_pem_x509_certificate(pem.encode()).serial_number


def _replace(path: Path, data: bytes) -> None:
    new = path.with_suffix(".new")
    new.write_bytes(data)
    new.replace(path)


@contextmanager
def open_gateway(folder: Path, values: dict[str, object]) -> Iterator[GatewayUnderTest]:
    """A gateway that serves meanwhile. Args: values: of the configuration: ports, workers, store, targets."""
    gateway = GatewayUnderTest(folder, values)
    gateway.write_certificate()
    gateway.write_config()
    path = os.pathsep.join(map(str, (BENCHMARKS, PROJECT)))
    command = Command(
        [sys.executable, "-m", "vizgate", "serve", str(folder / "vizgate.yaml")], {"PYTHONPATH": path}, PROJECT
    )
    with ManagedProcess("vizgate", command, folder / "vizgate.log") as process:
        gateway.process = process
        process.wait_listening(gateway.port)
        gateway.wait_serving()
        yield gateway
