"""Proxies that the system's packages bring: nginx, HAProxy, Caddy; each with one worker, thread or processor."""

from __future__ import annotations

import json
from collections.abc import Callable

from sidebyside.contenders.base import Contender
from sidebyside.process import Command
from sidebyside.programs import ask, find_program, require_program, version_in
from sidebyside.site import KEEP_ALIVE_S, POOL_SIZE, Site
from sidebyside.upstream import nginx_user

# No temporary files: a body that does not fit the buffers waits in the upstream, as in every other contender.
_NGINX = """
{user}
worker_processes 1;
worker_rlimit_nofile {files};
daemon off;
pid {directory}/nginx.pid;
error_log stderr error;
events {{ worker_connections {connections}; }}
http {{
    access_log off;
    tcp_nodelay on;
    keepalive_timeout {keep_alive}s;
    keepalive_requests 100000000;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_max_temp_file_size 0;
    proxy_buffer_size 16k;
    proxy_buffers 8 16k;
    upstream up {{
        server 127.0.0.1:{upstream};
        keepalive {pool};
        keepalive_requests 100000000;
    }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{ proxy_pass http://up; }}
    }}
}}
"""

_HAPROXY = """
global
    nbthread 1
    maxconn {connections}
    ulimit-n {files}
    no strict-limits
defaults
    mode http
    option forwardfor
    http-reuse always
    timeout connect 5s
    timeout client {keep_alive}s
    timeout http-keep-alive {keep_alive}s
    timeout server 60s
listen all
    bind 127.0.0.1:{port} backlog 4096
    server up 127.0.0.1:{upstream}
"""


def _nginx(site: Site) -> Command:
    text = _NGINX.format(
        user=nginx_user(),
        directory=site.directory,
        port=site.port,
        upstream=site.upstream_port,
        keep_alive=KEEP_ALIVE_S,
        pool=POOL_SIZE,
        connections=2 * site.max_connections,
        files=site.max_files,
    )
    return Command([require_program("nginx"), "-p", str(site.directory), "-c", site.write("nginx.conf", text)])


def _haproxy(site: Site) -> Command:
    text = _HAPROXY.format(
        port=site.port,
        upstream=site.upstream_port,
        keep_alive=KEEP_ALIVE_S,
        connections=site.max_connections,
        files=site.max_files,
    )
    return Command([require_program("haproxy"), "-db", "-f", site.write("haproxy.cfg", text)])


def _caddy(site: Site) -> Command:
    keep_alive = {"max_idle_conns": POOL_SIZE, "max_idle_conns_per_host": POOL_SIZE}
    forward = {
        "handler": "reverse_proxy",
        "transport": {"protocol": "http", "compression": False, "keep_alive": keep_alive},
        "upstreams": [{"dial": f"127.0.0.1:{site.upstream_port}"}],
    }
    server = {
        "listen": [f"127.0.0.1:{site.port}"],
        "automatic_https": {"disable": True},
        "idle_timeout": f"{KEEP_ALIVE_S}s",
        "protocols": ["h1"],
        "routes": [{"handle": [forward]}],
    }
    config = {
        "admin": {"disabled": True},
        "logging": {"logs": {"default": {"level": "ERROR"}}},
        "apps": {"http": {"servers": {"bench": server}}},
    }
    path = site.write("caddy.json", json.dumps(config))
    home = {"HOME": str(site.directory), "XDG_DATA_HOME": str(site.directory), "XDG_CONFIG_HOME": str(site.directory)}
    return Command([require_program("caddy"), "run", "--config", path], env={"GOMAXPROCS": "1", **home})


def _native(name: str, flag: str, about: str, prepare: Callable[[Site], Command]) -> Contender:
    def missing() -> str | None:
        return None if find_program(name) else f"the program {name} is not installed"

    def version() -> str:
        return version_in(ask([require_program(name), flag]))

    return Contender(name, about, missing, version, prepare)


CONTENDERS = (
    _native("nginx", "-v", "one worker, upstream keep-alive, no temporary files", _nginx),
    _native("haproxy", "-v", "one thread, `http-reuse always`", _haproxy),
    _native("caddy", "version", "`GOMAXPROCS=1`, admin endpoint off", _caddy),
)
