"""The proxies under siege: vizgate, nginx and HAProxy with the same short deadlines.

In: their configurations. Not in: what is done to them (``slow_clients``, ``stalled``).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from string import Template

from sidebyside.contenders.base import Contender
from sidebyside.process import Command
from sidebyside.programs import ask, find_program, version_in
from sidebyside.site import PROJECT, Site
from sidebyside.upstream import nginx_user

#: How long a client may take for a head, in seconds.
HEAD_S = 5

_VIZGATE = """\
version: 1
server:
  listen: 127.0.0.1:$port
  admin: off
  http: $codec
  limits: {head_timeout: ${head}s, idle_timeout: ${head}s, connections: $connections, body: 1GiB}
services:
  up: {targets: [http://127.0.0.1:$upstream]}
routes:
  - {name: all, match: {path: /*}, service: up}
observe:
  access_log: {format: off}
"""

_NGINX = """
$user
worker_processes 1;
worker_rlimit_nofile $files;
daemon off;
pid $directory/nginx.pid;
error_log stderr error;
events { worker_connections $connections; }
http {
    access_log off;
    client_header_timeout ${head}s;
    keepalive_timeout ${head}s;
    client_max_body_size 1g;
    client_body_temp_path $directory/body;
    proxy_temp_path $directory/proxy;
    fastcgi_temp_path $directory/fastcgi;
    uwsgi_temp_path $directory/uwsgi;
    scgi_temp_path $directory/scgi;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_request_buffering off;
    proxy_max_temp_file_size 0;
    upstream up { server 127.0.0.1:$upstream; keepalive 64; }
    server {
        listen 127.0.0.1:$port backlog=4096;
        location / { proxy_pass http://up; }
    }
}
"""

_HAPROXY = """
global
    nbthread 1
    maxconn $connections
    ulimit-n $files
    no strict-limits
defaults
    mode http
    http-reuse always
    timeout http-request ${head}s
    timeout http-keep-alive ${head}s
    timeout connect 5s
    timeout client 60s
    timeout server 60s
listen all
    bind 127.0.0.1:$port backlog 4096
    server up 127.0.0.1:$upstream
"""


def _text(template: str, site: Site, **more: str) -> str:
    return Template(template).substitute(
        user=nginx_user(),
        directory=site.directory,
        port=site.port,
        upstream=site.upstream_port,
        connections=2 * site.max_connections,
        files=site.max_files,
        head=HEAD_S,
        **more,
    )


def _vizgate(codec: str) -> Callable[[Site], Command]:
    def prepare(site: Site) -> Command:
        path = site.write("vizgate.yaml", _text(_VIZGATE, site, codec=codec))
        return Command([sys.executable, "-m", "vizgate", "serve", path], cwd=PROJECT)

    return prepare


def _nginx(site: Site) -> Command:
    return Command([find_program("nginx") or "", "-p", str(site.directory), "-c",
                    site.write("nginx.conf", _text(_NGINX, site))])  # fmt: skip


def _haproxy(site: Site) -> Command:
    return Command([find_program("haproxy") or "", "-db", "-f", site.write("haproxy.cfg", _text(_HAPROXY, site))])


def _never_missing() -> None:
    return None


def _program(name: str, flag: str, about: str, prepare: Callable[[Site], Command]) -> Contender:
    return Contender(
        name,
        about,
        lambda: None if find_program(name) else f"{name} is not installed",
        lambda: version_in(ask([name, flag])),
        prepare,
    )


CONTENDERS = (
    Contender("vizgate", "httptools", _never_missing, lambda: "", _vizgate("httptools")),
    Contender("vizgate-h11", "h11", _never_missing, lambda: "", _vizgate("h11")),
    _program("nginx", "-v", "one worker", _nginx),
    _program("haproxy", "-v", "one thread", _haproxy),
)
