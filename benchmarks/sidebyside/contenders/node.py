"""Proxies for Node.js: @fastify/http-proxy in benchmarks/fastify."""

from __future__ import annotations

import json

from sidebyside.contenders.base import Contender
from sidebyside.process import Command
from sidebyside.programs import ask, find_program, require_program, version_in
from sidebyside.site import BENCHMARKS, KEEP_ALIVE_S, Site

_HOME = BENCHMARKS / "fastify"
_PACKAGE = _HOME / "node_modules" / "@fastify" / "http-proxy" / "package.json"


def _missing() -> str | None:
    if find_program("node") is None:
        return "the program node is not installed"
    return None if _PACKAGE.exists() else "npm packages are not installed (benchmarks/setup_peers.py)"


def _version() -> str:
    package = json.loads(_PACKAGE.read_text(encoding="utf-8"))
    return f"{package['version']} (Node {version_in(ask([require_program('node'), '--version']))})"


def _prepare(site: Site) -> Command:
    env = {"NODE_ENV": "production", "PORT": str(site.port), "UPSTREAM": f"http://127.0.0.1:{site.upstream_port}"}
    env["KEEP_ALIVE_MS"] = str(KEEP_ALIVE_S * 1000)
    return Command([require_program("node"), "server.js"], env=env, cwd=_HOME)


CONTENDERS = (
    Contender(
        "fastify",
        "@fastify/http-proxy over undici with its own pool size (128), logger off",
        _missing,
        _version,
        _prepare,
    ),
)
