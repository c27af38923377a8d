"""Unix sockets on both sides."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.integration.tls.secure import NAME, Files, ask_on, opened, parts_of
from vizgate.transport.arrival.sockets import UnixPlace, fit_permissions
from vizgate.transport.listener import ListenFailed


@pytest.fixture
def folder() -> Iterator[Path]:
    """One with a short name: the kernel has room for 107 bytes."""
    with TemporaryDirectory(prefix="vg") as name:
        yield Path(name)


def on(path: Path, **listener: Any) -> dict[str, Any]:
    return parts_of(listener.pop("tls", None), **{"address": f"unix:{path}", **listener})


@asynccontextmanager
async def connected(path: Path) -> Any:
    reader, writer = await asyncio.open_unix_connection(str(path))
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def test_listens_on_a_unix_socket(folder: Path, log: Path) -> None:
    """It is served as over TCP, with the permissions that were asked for, and the file is gone after the stop."""
    path = folder / "gw.sock"
    async with opened(log, on(path, mode="0660")) as gateway:
        assert [(f"unix:{path}", 0)] == gateway.addresses
        assert [f"http://unix:{path}"] == gateway.urls
        assert 0o660 == stat.S_IMODE(path.stat().st_mode)
        async with connected(path) as (reader, writer):
            first, second = await ask_on(reader, writer), await ask_on(reader, writer)
    assert [200, 200] == [first.status, second.status]
    assert "" == first.json["client"]
    assert not [name for name, _ in first.json["headers"] if name == "X-Forwarded-For"]
    assert not path.exists()


async def test_tls_over_a_unix_socket(folder: Path, files: Files, log: Path) -> None:
    """The steps before the first request are the same wherever a connection comes from."""
    path = folder / "gw.sock"
    async with opened(log, on(path, tls={"cert": files.pair(NAME)})):
        reader, writer = await asyncio.open_unix_connection(str(path), ssl=files.client(), server_hostname=NAME)
        assert "https" == (await ask_on(reader, writer)).json["scheme"]
        writer.transport.abort()


async def test_peers_are_believed_if_the_setting_says_so(folder: Path, log: Path) -> None:
    """``trusted_proxies: [unix]`` takes the word of whoever may open the socket file, and nobody else's."""
    path = folder / "gw.sock"
    for trusted, client in (([], ""), (["unix"], "192.0.2.7"), (["10.0.0.0/8"], "")):
        async with opened(log, on(path, server={"trusted_proxies": trusted})), connected(path) as (reader, writer):
            writer.write(b"GET /x HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.7\r\n\r\n")
            await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
            body = await asyncio.wait_for(reader.readuntil(b'"route":"echo"}'), 10)
            assert client == json.loads(body)["client"]


async def test_stale_socket_file_is_replaced(folder: Path, log: Path) -> None:
    """A file that a crash has left behind does not keep the gateway from starting."""
    path = folder / "gw.sock"
    with socket.socket(socket.AF_UNIX) as crashed:
        crashed.bind(str(path))
    async with opened(log, on(path)), connected(path) as (reader, writer):
        assert 200 == (await ask_on(reader, writer)).status


async def test_what_others_use_is_left_alone(folder: Path, log: Path) -> None:
    """A socket that somebody listens on, and a file that is no socket, are errors and stay as they are."""
    path = folder / "gw.sock"
    async with opened(log, on(path)), connected(path) as (reader, writer):
        with pytest.raises(ListenFailed, match=rf"^cannot listen on unix:{path}: Address already in use$"):
            async with opened(log, on(path)):
                pass
        assert 200 == (await ask_on(reader, writer)).status
    path.write_text("mine")
    with pytest.raises(ListenFailed, match="something that is no socket is there"):
        async with opened(log, on(path)):
            pass
    assert "mine" == path.read_text()


async def test_socket_of_a_successor_is_not_removed(folder: Path, log: Path) -> None:
    """Who has put another socket in the place keeps it when the first gateway stops."""
    path = folder / "gw.sock"
    async with opened(log, on(path)):
        path.unlink()
        with socket.socket(socket.AF_UNIX) as successor:
            successor.bind(str(path))
    assert path.exists()


async def test_unknown_owner_is_told(folder: Path, log: Path) -> None:
    """An owner that this machine does not know is an error with its name."""
    with pytest.raises(ListenFailed, match="cannot listen on unix:"):
        async with opened(log, on(folder / "gw.sock", owner="nobody-of-this-name")):
            pass
    assert not (folder / "gw.sock").exists()


def test_permissions_are_those_of_the_socket_alone(folder: Path) -> None:
    """Who puts a link in its place while the gateway starts gets nothing: the file that it leads to is left alone."""
    secret, path = folder / "secret", folder / "gw.sock"
    secret.write_text("s")
    secret.chmod(0o600)
    path.symlink_to(secret)
    with pytest.raises(OSError, match="no socket"):
        fit_permissions(UnixPlace(str(path), 0o666, str(os.getuid())))
    path.unlink()
    path.hardlink_to(secret)
    with pytest.raises(OSError, match="no socket"):
        fit_permissions(UnixPlace(str(path), 0o666, str(os.getuid())))
    assert 0o600 == secret.stat().st_mode & 0o777


@pytest.mark.parametrize("host_header", ["preserve", "target"])
async def test_target_on_a_unix_socket(host_header: str, folder: Path, log: Path) -> None:
    """Requests go to ``http://unix:/path`` over kept connections; its own name is localhost."""
    back, front = folder / "back.sock", folder / "front.sock"
    services = {"up": {"targets": [f"http://unix:{back}"], "host_header": host_header}}
    routes = [{"name": "up", "match": {"path": "/*"}, "service": "up"}]
    async with opened(log, on(back)) as behind, opened(log, on(front, services=services, routes=routes)) as gateway:
        async with connected(front) as (reader, writer):
            answers = [await ask_on(reader, writer) for _ in range(3)]
        assert 1 == behind.state.metrics.gateway.connections_total
        _, text = gateway.state.metrics.exposition()
    assert f'target="unix:{back}"' in text.decode()
    assert [200] * 3 == [answer.status for answer in answers]
    assert ["Host", "a.example" if host_header == "preserve" else "localhost"] in answers[0].json["headers"]


async def test_target_that_is_not_there(folder: Path, log: Path) -> None:
    """A socket file that nobody listens on is a failed connection like any other: 502."""
    services = {"up": {"targets": [f"http://unix:{folder / 'no.sock'}"]}}
    routes = [{"name": "up", "match": {"path": "/*"}, "service": "up"}]
    path = folder / "gw.sock"
    async with opened(log, on(path, services=services, routes=routes)), connected(path) as (reader, writer):
        assert 502 == (await ask_on(reader, writer)).status


async def test_admin_on_a_unix_socket(folder: Path, log: Path) -> None:
    """The admin listener on a Unix socket answers, and is for its owner alone."""
    path = folder / "admin.sock"
    async with (
        opened(log, on(folder / "gw.sock", server={"admin": f"unix:{path}"})),
        connected(path) as (reader, writer),
    ):
        assert 0o600 == stat.S_IMODE(path.stat().st_mode)
        writer.write(b"GET /services HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert (await asyncio.wait_for(reader.readuntil(b"\r\n"), 10)).startswith(b"HTTP/1.1 200")
    assert not path.exists()
