"""The upstream that every contender forwards to: one nginx worker that serves three bodies from memory.

In: its configuration and bodies. Not in: its life (``process``).
"""

from __future__ import annotations

import os
from pathlib import Path

from sidebyside.process import Command
from sidebyside.programs import require_program
from sidebyside.scenario import BODY_BYTES
from sidebyside.site import Site

#: Path -> body size in bytes.
BODIES = {f"/{name}": size for name, size in BODY_BYTES.items()}

_CONFIG = """
{user}
worker_processes 1;
worker_rlimit_nofile {files};
daemon off;
pid {directory}/nginx.pid;
error_log stderr error;
events {{ worker_connections {connections}; multi_accept on; }}
http {{
    access_log off;
    sendfile on;
    tcp_nodelay on;
    default_type application/octet-stream;
    keepalive_timeout {keep_alive}s;
    keepalive_requests 100000000;
    open_file_cache max=16 inactive=1h;
    open_file_cache_valid 1h;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        root {bodies};
        location = /100b {{ return 200 "{small}"; }}
        location = /varied/100b {{ add_header X-Request-Id $request_id; return 200 "{small}"; }}
    }}
}}
"""


def body_of(path: str) -> bytes:
    """The body the upstream serves at *path*."""
    return (b"0123456789abcdef" * (BODIES[path] // 16 + 1))[: BODIES[path]]


def nginx_user() -> str:
    """The ``user`` directive: workers of a root master must be able to read the run's directory."""
    return "user root;" if os.geteuid() == 0 else ""


def upstream_command(site: Site, keep_alive_s: int) -> Command:
    """Write bodies and configuration; how to start the upstream on ``site.upstream_port``."""
    bodies = site.directory / "bodies"
    bodies.mkdir()
    for path in BODIES:
        Path(bodies, path[1:]).write_bytes(body_of(path))
    config = site.write(
        "upstream.conf",
        _CONFIG.format(
            user=nginx_user(),
            directory=site.directory,
            bodies=bodies,
            port=site.upstream_port,
            small=body_of("/100b").decode(),
            keep_alive=keep_alive_s,
            connections=site.max_connections,
            files=site.max_files,
        ),
    )
    return Command([require_program("nginx"), "-p", str(site.directory), "-c", config])
