"""Handshakes: which certificate is shown, what is agreed on, and what becomes of those that fail."""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import socket
import ssl
from pathlib import Path

import pytest

from tests.integration.tls.secure import (
    NAME,
    Files,
    arriving,
    ask,
    failed,
    failures_of,
    opened,
    parts_of,
    port_of,
    rest_of,
    text_of,
    until,
)
from vizgate.transport.tls import TlsFailed


async def test_request_over_tls_is_told_as_https(files: Files, log: Path) -> None:
    """TLS 1.3 and HTTP/1.1 are agreed on, and the upstream is told that the client spoke https."""
    async with opened(log, parts_of({"cert": files.pair(NAME)})) as gateway:
        answer = await ask(port_of(gateway), files.client())
        assert gateway.urls == [f"https://127.0.0.1:{port_of(gateway)}"]
    assert (200, "TLSv1.3", "http/1.1") == (answer.status, answer.version, answer.alpn)
    assert "https" == answer.json["scheme"]
    assert ["X-Forwarded-Proto", "https"] in answer.json["headers"]
    assert '"scheme":"https"' in text_of(log)


async def test_name_chooses_the_certificate(files: Files, log: Path) -> None:
    """A client gets the certificate that has the name it asks for, a wildcard included, else the first."""
    pairs = [files.pair(NAME), files.pair("b.example"), files.pair("*.c.example"), files.pair("d.example")]
    certificates = [{"cert": pair} for pair in pairs]
    certificates[3] |= {"hosts": ["e.example"]}
    context = files.client()
    context.check_hostname = False
    shown = {}
    async with opened(log, parts_of({"certificates": certificates})) as gateway:
        for name in (NAME, "B.example", "x.c.example", "x.y.c.example", "d.example", "e.example", "z.example", None):
            shown[name] = (await ask(port_of(gateway), context, name or "")).names[0]
    assert shown == {
        NAME: NAME,
        "B.example": "b.example",
        "x.c.example": "*.c.example",
        "x.y.c.example": NAME,
        "d.example": NAME,
        "e.example": "d.example",
        "z.example": NAME,
        None: NAME,
    }


async def test_tls_1_2_must_be_asked_for(files: Files, log: Path) -> None:
    """By default TLS 1.2 is refused; with ``min_version`` it is spoken, with the ciphers that are named."""
    old = files.client(at_most=ssl.TLSVersion.TLSv1_2)
    pair = files.pair(NAME)
    async with opened(log, parts_of({"cert": pair})) as gateway:
        with pytest.raises(OSError):
            await ask(port_of(gateway), old)
        await failed(gateway, "version")
    ciphers = {"min_version": "1.2", "ciphers": "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES256-GCM-SHA384"}
    async with opened(log, parts_of({"cert": pair, **ciphers})) as gateway:
        assert "TLSv1.2" == (await ask(port_of(gateway), old)).version
        assert "TLSv1.3" == (await ask(port_of(gateway), files.client())).version
        old.set_ciphers("ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256")
        with pytest.raises(OSError):
            await ask(port_of(gateway), old)
        await failed(gateway, "cipher")


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "plain_http"),
        (b"\x00" * 100, "not_tls"),
        (b"\x16\x03\x01\x00\x05hello", None),
        (b"", "gone"),
    ],
)
async def test_what_is_no_handshake_is_closed_quietly(
    sent: bytes, reason: str | None, files: Files, log: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Plain HTTP and noise on a TLS port end the connection; they are counted, and no stack trace is logged."""
    caplog.set_level(logging.INFO)
    async with opened(log, parts_of({"cert": files.pair(NAME)})) as gateway:
        reader, writer = await asyncio.open_connection("127.0.0.1", port_of(gateway))
        writer.write(sent)
        if not sent:
            writer.write_eof()
        assert b"HTTP/" not in await rest_of(reader)
        writer.close()
        await until(lambda: failures_of(gateway))
        assert reason is None or {reason: 1} == failures_of(gateway)
        assert 200 == (await ask(port_of(gateway), files.client())).status
    assert [] == [record for record in caplog.records if record.levelno > logging.INFO or record.exc_info]


async def test_silent_handshake_ends_in_time(files: Files, log: Path) -> None:
    """Who connects and says nothing, or only half of a handshake, is closed at ``handshake_timeout``."""
    async with opened(log, parts_of({"cert": files.pair(NAME), "handshake_timeout": "200ms"})) as gateway:
        for sent in (b"", b"\x16\x03\x01\x02\x00\x01"):
            reader, writer = await asyncio.open_connection("127.0.0.1", port_of(gateway))
            writer.write(sent)
            assert b"" == await rest_of(reader)
            writer.close()
        await failed(gateway, "timeout", 2)


async def test_handshakes_count_as_connections(files: Files, log: Path) -> None:
    """Connections that never finish their handshake take places: over ``limits.connections`` the next is closed."""
    parts = parts_of({"cert": files.pair(NAME)}, server={"limits": {"connections": 2}})
    async with opened(log, parts) as gateway:
        silent = [socket.create_connection(("127.0.0.1", port_of(gateway))) for _ in range(2)]
        await until(lambda: arriving(gateway) == 2)
        with pytest.raises(OSError):
            await ask(port_of(gateway), files.client())
        assert 1 == failures_of(gateway)["full"]
        for sock in silent:
            sock.close()
        await failed(gateway, "gone", 2)
        assert 200 == (await ask(port_of(gateway), files.client())).status


async def test_last_place_is_one(files: Files, log: Path) -> None:
    """A connection whose handshake has ended does not stand in its own way."""
    parts = parts_of({"cert": files.pair(NAME)}, server={"limits": {"connections": 1}})
    async with opened(log, parts) as gateway:
        assert 200 == (await ask(port_of(gateway), files.client())).status
        assert 0 == arriving(gateway)


async def test_no_file_left_is_no_spin(files: Files, log: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Without a descriptor for the next connection the listener rests instead of trying for ever, and then goes on."""
    async with opened(log, parts_of({"cert": files.pair(NAME)})) as gateway:
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        sock = socket.socket()
        sock.settimeout(5)
        held = os.dup(sock.fileno())
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (held + 1, limits[1]))
            await asyncio.get_running_loop().run_in_executor(None, sock.connect, ("127.0.0.1", port_of(gateway)))
            await until(lambda: "cannot accept connections" in caplog.text)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
            os.close(held)
        assert 1 == caplog.text.count("cannot accept connections")
        assert 200 == (await ask(port_of(gateway), files.client())).status
        sock.close()


async def test_stop_does_not_wait_for_silent_handshakes(files: Files, log: Path) -> None:
    """A stop lets handshakes end for a moment, and then closes what goes on being silent."""
    async with opened(log, parts_of({"cert": files.pair(NAME)})) as gateway:
        sock = socket.create_connection(("127.0.0.1", port_of(gateway)))
        await until(lambda: arriving(gateway))
        async with asyncio.timeout(4):
            await gateway.stop()
        sock.settimeout(2)
        assert b"" == await asyncio.to_thread(sock.recv, 1)
        sock.close()


@pytest.mark.parametrize("kind", ["key", "empty", "text", "encrypted"])
async def test_pair_that_does_not_fit_is_refused(kind: str, files: Files, log: Path) -> None:
    """A key of another certificate, and files that hold no certificate, are errors that name setting and file."""
    cert, key = Path(files.pair(NAME)), Path(files.pair("b.example"))
    if kind != "key":
        _spoil(cert, kind)
        key = cert
    with pytest.raises(TlsFailed, match=rf"^server\.listen\[0\]\.tls\.cert: .*'{cert}'"):
        async with opened(log, parts_of({"cert": str(cert), "key": str(key)})):
            pass


def _spoil(cert: Path, kind: str) -> None:
    cert.write_text({"empty": "", "text": "no certificate"}[kind] if kind != "encrypted" else _encrypted(cert))


def _encrypted(pair: Path) -> str:
    from cryptography.hazmat.primitives import serialization

    text = pair.read_bytes()
    key = serialization.load_pem_private_key(text, None)
    form = serialization.PrivateFormat.PKCS8
    locked = key.private_bytes(serialization.Encoding.PEM, form, serialization.BestAvailableEncryption(b"secret"))
    return (locked + text[text.index(b"-----BEGIN CERTIFICATE") :]).decode()
