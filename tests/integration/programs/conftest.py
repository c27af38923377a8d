"""Programs that other people wrote, as client and as upstream; a test whose program is missing skips and names it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trustme

from tests.integration.installed import free_port, program

FILE_BYTES = 1_048_576

_NGINX = """\
daemon off;
{user}
error_log stderr warn;
pid {folder}/nginx.pid;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    gzip on;
    gzip_proxied any;  # by default nginx does not compress what goes through a proxy (Via)
    gzip_types text/plain;
    server {{
        listen 127.0.0.1:{port};
        listen 127.0.0.1:{tls_port} ssl;
        ssl_certificate {folder}/server.pem;
        ssl_certificate_key {folder}/server.pem;
        root {folder}/files;
        location /seen {{ return 200 "$request_method $request_uri $http_x_forwarded_for"; }}
    }}
}}
"""


@dataclass
class Nginx:
    """An nginx with its files in *folder*; it may be stopped and started again on the same ports."""

    folder: Path
    port: int = field(default_factory=free_port)
    tls_port: int = field(default_factory=free_port)
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Return once it accepts connections."""
        config = self.folder / "nginx.conf"
        # Workers of an nginx that root starts are another user, who could not read the files of a test.
        user = "user root;" if os.geteuid() == 0 else ""
        config.write_text(_NGINX.format(user=user, folder=self.folder, port=self.port, tls_port=self.tls_port))
        command = [program("nginx"), "-p", str(self.folder), "-e", "stderr", "-c", str(config)]
        self.process = await asyncio.create_subprocess_exec(*command)
        async with asyncio.timeout(10):
            while not await _accepts(self.port):
                assert self.process.returncode is None, "nginx did not start"

    async def stop(self) -> None:
        """End it at once, its connections too."""
        if self.process is not None:
            self.process.terminate()
            await self.process.wait()
            self.process = None


async def _accepts(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


@pytest.fixture
async def nginx(tmp_path: Path, authority: trustme.CA) -> AsyncIterator[Nginx]:
    """A running nginx with ``/file`` (1 MiB), ``/text.txt`` (compressible) and ``/seen`` (says what it saw)."""
    files = tmp_path / "files"
    files.mkdir()
    (files / "file").write_bytes(bytes(range(256)) * (FILE_BYTES // 256))
    (files / "text.txt").write_text("vizgate " * 10_000)
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "server.pem"))
    server = Nginx(tmp_path)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


Curl = Callable[..., Awaitable[bytes]]


@pytest.fixture
def curl() -> Curl:
    """Runs curl with arguments, such as ``--head`` and a URL, and gives what it prints; it must succeed."""
    found = program("curl")

    async def run(*arguments: str) -> bytes:
        process = await asyncio.create_subprocess_exec(
            found, "--silent", "--show-error", "--max-time", "20", *arguments,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        output, errors = await process.communicate()
        assert process.returncode == 0, errors.decode()
        return output

    return run


@asynccontextmanager
async def serving(text: str) -> AsyncIterator[str]:
    """A gateway with the services and routes of *text*, on a free port; gives its URL."""
    from vizgate import Gateway

    server = "version: 1\nserver: {listen: '127.0.0.1:0', admin: off}\nobserve: {access_log: off}\n"
    async with Gateway.from_text(server + text) as gateway:
        yield f"http://127.0.0.1:{gateway.addresses[0][1]}"
