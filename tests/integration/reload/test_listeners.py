"""Listeners over a reload: sockets stay, what is done on them changes, and what is new or gone comes and goes."""

from __future__ import annotations

import asyncio
import datetime as dt
import ssl
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.integration.reload.bench import ask, client_of, config_of, free_port, retired, says
from tests.integration.tls.secure import NAME, Files
from tests.integration.tls.secure import ask as ask_securely
from vizgate.gateway.server import Gateway
from vizgate.testing.raw_client import ConnectionEnded, RawClient


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return Files(tmp_path_factory.mktemp("tls"), trustme.CA())


def listening(*listen: Any, **server: Any) -> dict[str, Any]:
    return {"server": {"listen": list(listen), **server}, "routes": [says("one", "/*")]}


async def test_new_address_serves_and_old_one_ends() -> None:
    """Who is connected to the one that is gone has one last answer; nobody else gets in there."""
    first, second = free_port(), free_port()
    one, two = f"127.0.0.1:{first}", f"127.0.0.1:{second}"
    async with Gateway(config_of(listening(one))) as gateway, client_of(gateway) as client:
        assert b"one" == (await ask(client)).body
        await gateway.reload(config_of(listening(two)))
        async with RawClient("127.0.0.1", second) as other:
            assert b"one" == (await ask(other)).body
        assert b"close" == (await ask(client)).get(b"connection")
        await retired(gateway)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", first)
        assert [("127.0.0.1", second)] == gateway.addresses


async def test_address_that_was_just_left_can_be_gone_back_to() -> None:
    """It is let go of in the background, for those who are about to connect; the next reload waits for that."""
    one, two = (listening(f"127.0.0.1:{free_port()}") for _ in range(2))
    async with Gateway(config_of(one)) as gateway:
        for parts in (two, one, two):
            await gateway.reload(config_of(parts))
            async with RawClient(*gateway.addresses[0]) as client:
                assert b"one" == (await ask(client)).body


async def test_who_has_connected_to_a_new_address_early_is_served() -> None:
    """It is bound before the swap, and nobody is served there before: by which plan should that be?"""
    one, port = f"127.0.0.1:{free_port()}", free_port()
    async with Gateway(config_of(listening(one))) as gateway:
        wanted = listening(one, f"127.0.0.1:{port}")
        prepared = await gateway.prepare(config_of({**wanted, "routes": [says("two")]}))
        async with RawClient("127.0.0.1", port) as early:
            asking = asyncio.create_task(ask(early))
            await asyncio.sleep(0.02)
            assert not asking.done()
            prepared.commit()
            assert b"two" == (await asking).body


async def test_sockets_that_stay_are_not_opened_anew(tmp_path: Path) -> None:
    """Also a Unix socket, whose file is the same one."""
    path = tmp_path / "socket"
    parts = listening("127.0.0.1:0", f"unix:{path}")
    async with Gateway(config_of(parts)) as gateway:
        before = [entrance.listener for entrance in gateway._present.doors.entrances]
        inode, addresses = path.stat().st_ino, gateway.addresses
        for text in ("two", "three"):
            await gateway.reload(config_of({**parts, "routes": [says(text)]}))
        assert before == [entrance.listener for entrance in gateway._present.doors.entrances]
        assert (inode, addresses) == (path.stat().st_ino, gateway.addresses)


async def test_other_certificate_on_the_same_socket(files: Files) -> None:
    """New connections are shown the new one; a kept one goes on."""
    one, two = (listening({"address": "127.0.0.1:0", "tls": {"cert": files.pair(NAME, file=file)}})
                for file in ("one.pem", "two.pem"))  # fmt: skip
    async with Gateway(config_of(one)) as gateway:
        port = gateway.addresses[0][1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=files.client(), server_hostname=NAME)
        served = writer.get_extra_info("ssl_object").getpeercert()["serialNumber"]
        await gateway.reload(config_of(two))
        writer.write(b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
        assert b"200" in await reader.readline()
        _, other = await asyncio.open_connection("127.0.0.1", port, ssl=files.client(), server_hostname=NAME)
        assert served != other.get_extra_info("ssl_object").getpeercert()["serialNumber"]
        for each in (writer, other):
            each.transport.abort()


async def test_tls_comes_and_goes_on_the_same_socket(files: Files) -> None:
    """Who speaks plain HTTP there since before is served one last time: since the reload it would not be let in."""
    plain = listening("127.0.0.1:0")
    tls = listening({"address": "127.0.0.1:0", "tls": {"cert": files.pair(NAME)}})
    async with Gateway(config_of(plain)) as gateway, client_of(gateway) as client:
        port = gateway.addresses[0][1]
        assert b"one" == (await ask(client)).body
        await gateway.reload(config_of(tls))
        assert b"close" == (await ask(client)).get(b"connection")
        assert 200 == (await ask_securely(port, files.client())).status
        with pytest.raises((OSError, ConnectionEnded)):
            async with client_of(gateway) as outdated:
                await ask(outdated)
        await gateway.reload(config_of(plain))
        async with client_of(gateway) as again:
            assert b"one" == (await ask(again)).body
        with pytest.raises((ssl.SSLError, OSError)):
            await ask_securely(port, files.client())


async def test_redirect_and_trust_change_for_those_who_come(files: Files) -> None:
    """``redirect_https`` acts at once; ``trusted_proxies`` is asked for the next request of a kept connection."""
    echo = {"services": {"echo": {"builtin": "echo"}}, "routes": [{"match": {"path": "/*"}, "service": "echo"}]}
    plain = {**echo, "server": {"listen": ["127.0.0.1:0"]}}
    fields = b"X-Forwarded-For: 192.0.2.7\r\n"
    async with Gateway(config_of(plain)) as gateway, client_of(gateway) as client:
        assert b"192.0.2.7" not in (await ask(client, fields=fields)).body
        trusting = {**echo, "server": {"listen": ["127.0.0.1:0"], "trusted_proxies": ["127.0.0.1/32"]}}
        await gateway.reload(config_of(trusting))
        assert b"192.0.2.7" in (await ask(client, fields=fields)).body
        sending = {**echo, "server": {"listen": [{"address": "127.0.0.1:0", "redirect_https": True}]}}
        await gateway.reload(config_of(sending))
        async with client_of(gateway) as other:
            assert 308 == (await ask(other)).status


async def test_broken_certificate_refuses_the_reload(files: Files, tmp_path: Path) -> None:
    """And the message names the file."""
    broken = tmp_path / "broken.pem"
    broken.write_text("no certificate")
    async with Gateway(config_of(listening("127.0.0.1:0"))) as gateway:
        with pytest.raises(Exception, match=r"broken\.pem"):
            await gateway.reload(config_of(listening({"address": "127.0.0.1:0", "tls": {"cert": str(broken)}})))
        async with client_of(gateway) as client:
            assert b"one" == (await ask(client)).body


async def test_reload_looks_at_certificates_whose_settings_stay(files: Files) -> None:
    """Who renews a certificate and sends a signal need not wait for the next look."""
    parts = listening({"address": "127.0.0.1:0", "tls": {"cert": files.pair(NAME, file="same.pem"), "reload": "1h"}})
    async with Gateway(config_of(parts)) as gateway:
        before = gateway.renewal.ends()
        files.pair(NAME, file="same.pem", not_after=dt.datetime.now(dt.UTC) + dt.timedelta(days=3))
        await gateway.reload(config_of(parts))
        await retired(gateway)
        assert before != gateway.renewal.ends()


async def test_client_that_a_proxy_told_of_ends_when_the_proxy_is_believed_no_more() -> None:
    """What it said at the beginning of a connection would not be taken from it now; else the connection stays."""
    listen = {"address": "127.0.0.1:0", "proxy_protocol": True}
    parts = {**listening(listen, trusted_proxies=["127.0.0.1/32"])}
    async with Gateway(config_of(parts)) as gateway, client_of(gateway) as client:
        await client.send(b"PROXY TCP4 192.0.2.7 192.0.2.1 5 80\r\n")
        assert not (await ask(client)).says_close
        await gateway.reload(config_of({**parts, "routes": [says("two", "/*")]}))
        assert not (await ask(client)).says_close
        await gateway.reload(config_of(listening(listen, trusted_proxies=["192.0.2.0/24"])))
        assert (await ask(client)).says_close
