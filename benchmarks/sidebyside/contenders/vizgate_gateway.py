"""vizgate itself: `vizgate serve`, without and with its access log."""

from __future__ import annotations

import sys
from collections.abc import Callable

from sidebyside.contenders.base import Contender
from sidebyside.process import Command
from sidebyside.programs import ask, version_in
from sidebyside.site import KEEP_ALIVE_S, POOL_SIZE, PROJECT, Site

VIZGATE = (sys.executable, "-m", "vizgate")

_CONFIG = """\
version: 1
server:
  listen: 127.0.0.1:{port}
  admin: off
  limits: {{connections: {connections}, idle_timeout: {keep_alive}s}}
services:
  up:
    targets: [http://127.0.0.1:{upstream}]
    pool: {{max_idle: {pool}}}
routes:
  - {{name: all, match: {{path: /*}}, service: up}}
observe:
  access_log: {{format: {log_format}}}
"""


def _missing() -> str | None:
    text = ask([*VIZGATE, "version"], cwd=PROJECT)
    return None if version_in(text) != "?" else f"{sys.executable} cannot run vizgate"


def _version() -> str:
    return f"{version_in(ask([*VIZGATE, 'version'], cwd=PROJECT))} (Python {sys.version.split()[0]})"


def _prepare(log_format: str) -> Callable[[Site], Command]:
    def prepare(site: Site) -> Command:
        text = _CONFIG.format(
            port=site.port,
            upstream=site.upstream_port,
            connections=site.max_connections,
            keep_alive=KEEP_ALIVE_S,
            pool=POOL_SIZE,
            log_format=log_format,
        )
        return Command([*VIZGATE, "serve", site.write("vizgate.yaml", text)], cwd=PROJECT)

    return prepare


CONTENDERS = (
    Contender("vizgate", "one worker, access log and admin listener off", _missing, _version, _prepare("off")),
    Contender("vizgate+log", "the same with the JSON access log to /dev/null", _missing, _version, _prepare("json")),
)
