"""Python peers, from .bench-venv: an aiohttp proxy, Starlette with httpx, fastapi-proxy-lib, proxy.py.

In: how each is started. Not in: the applications themselves (``benchmarks/peers``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sidebyside.contenders.base import Contender
from sidebyside.process import Command
from sidebyside.programs import ask
from sidebyside.site import BENCHMARKS, KEEP_ALIVE_S, PEERS_VENV, POOL_SIZE, Site

_PYTHON = PEERS_VENV / "bin" / "python"
_PEERS = BENCHMARKS / "peers"
_BACKLOG = "4096"
_VERSIONS = (
    "import sys; from importlib.metadata import version; print(*(f'{p} {version(p)}' for p in sys.argv[1:]), sep=', ')"
)


def _env(site: Site) -> dict[str, str]:
    settings = {"BENCH_PORT": site.port, "BENCH_UPSTREAM": f"http://127.0.0.1:{site.upstream_port}"}
    settings |= {"BENCH_POOL": POOL_SIZE, "BENCH_KEEP_ALIVE_S": KEEP_ALIVE_S}
    return {"PYTHONPATH": str(_PEERS), **{name: str(value) for name, value in settings.items()}}


def _aiohttp(site: Site) -> Command:
    return Command([str(_PYTHON), str(_PEERS / "aiohttp_proxy.py")], env=_env(site))


def _under_uvicorn(application: str) -> Callable[[Site], Command]:
    def prepare(site: Site) -> Command:
        command = [str(_PYTHON), "-m", "uvicorn", application, "--host", "127.0.0.1", "--port", str(site.port)]
        command += ["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"]
        command += ["--no-server-header", "--no-date-header", "--timeout-keep-alive", str(KEEP_ALIVE_S)]
        command += ["--backlog", _BACKLOG]
        return Command(command, env=_env(site))

    return prepare


def _proxy_py(site: Site) -> Command:
    command = [str(_PYTHON), "-m", "proxy", "--hostname", "127.0.0.1", "--port", str(site.port)]
    command += ["--num-workers", "1", "--num-acceptors", "1", "--threadless", "--local-executor", "1"]
    command += ["--log-level", "ERROR", "--backlog", _BACKLOG, "--timeout", str(KEEP_ALIVE_S)]
    command += ["--open-file-limit", str(site.max_files), "--data-dir", str(site.directory)]
    command += ["--disable-http-proxy", "--enable-reverse-proxy", "--plugins", "proxy_py_routes.ToUpstream"]
    return Command(command, env=_env(site))


def _peer(name: str, packages: Sequence[str], about: str, prepare: Callable[[Site], Command]) -> Contender:
    def missing() -> str | None:
        found = _PYTHON.exists() and version() != ""
        return None if found else f"{', '.join(packages)} not in .bench-venv (benchmarks/setup_peers.py)"

    def version() -> str:
        return ask([str(_PYTHON), "-c", _VERSIONS, *packages]).strip()

    return Contender(name, about, missing, version, prepare)


CONTENDERS = (
    _peer("aiohttp", ["aiohttp", "uvloop"], "own streaming proxy, uvloop", _aiohttp),
    _peer(
        "proxy.py",
        ["proxy.py"],
        "own reverse-proxy plugin: one acceptor, local executor, an upstream connection per client connection",
        _proxy_py,
    ),
    _peer(
        "starlette+httpx",
        ["starlette", "httpx", "uvicorn", "uvloop"],
        "own streaming proxy under uvicorn (uvloop, httptools)",
        _under_uvicorn("starlette_proxy:app"),
    ),
    _peer(
        "fastapi-proxy-lib",
        ["fastapi-proxy-lib", "httpx", "uvicorn"],
        "`reverse_http_app` under uvicorn (uvloop, httptools)",
        _under_uvicorn("fastapi_proxy:app"),
    ),
)
