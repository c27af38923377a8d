"""Certificates in files, gateways that show them, and clients that look at them.

In: ``Files``, ``parts_of``, ``opened``, ``ask``. Not in: the cases.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from tests.integration.doors import gateway_of
from vizgate.gateway.server import Gateway

NAME = "a.example"
_LATER = dt.timedelta(days=30)


@dataclass(slots=True)
class Files:
    """A certificate authority whose certificates lie in *folder*."""

    folder: Path
    ca: trustme.CA

    @property
    def ca_file(self) -> str:
        path = self.folder / "ca.pem"
        if not path.exists():
            self.ca.cert_pem.write_to_path(path)
        return str(path)

    def pair(self, *names: str, file: str = "", **more: Any) -> str:
        """Certificate and key for *names*, in one file; gives its path."""
        path = self.folder / (file or f"{names[0].replace('*', 'any').replace('/', '_')}.pem")
        self.ca.issue_cert(*names, **more).private_key_and_cert_chain_pem.write_to_path(path)
        return str(path)

    def revoked(self, *files: str, ends_in: dt.timedelta = _LATER) -> str:
        """The authority's list of revoked certificates: those in *files*."""
        now = dt.datetime.now(dt.UTC)
        issuer = x509.load_pem_x509_certificate(self.ca.cert_pem.bytes())
        key = serialization.load_pem_private_key(self.ca.private_key_pem.bytes(), None)
        begin = now - 2 * _LATER
        builder = x509.CertificateRevocationListBuilder(issuer.subject, begin, now + ends_in)
        for file in files:
            serial = x509.load_pem_x509_certificates(Path(file).read_bytes())[0].serial_number
            revoked = x509.RevokedCertificateBuilder(serial, begin)
            builder = builder.add_revoked_certificate(revoked.build())
        path = self.folder / "crl.pem"
        path.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        return str(path)

    def client(self, cert: str = "", *, at_most: ssl.TLSVersion | None = None) -> ssl.SSLContext:
        """A client that believes this authority. Args: cert: what it shows."""
        context = ssl.create_default_context(cafile=self.ca_file)
        context.set_alpn_protocols(["h2", "http/1.1"])
        if at_most is not None:
            context.maximum_version = at_most
        if cert:
            context.load_cert_chain(cert)
        return context


def parts_of(tls: dict[str, Any] | None, **more: Any) -> dict[str, Any]:
    """A gateway that echoes, on one listener. Args: more: of the listener, or of the configuration where it is a key
    of that.
    """
    top = {key: more.pop(key) for key in ("services", "routes", "auth") if key in more}
    server = more.pop("server", {})
    listener = {"address": "127.0.0.1:0", **({} if tls is None else {"tls": tls}), **more}
    return {
        "server": {"listen": [listener], **server},
        "services": {"echo": {"builtin": "echo"}},
        "routes": [{"name": "echo", "match": {"path": "/*"}, "service": "echo"}],
        **top,
    }


@asynccontextmanager
async def opened(log: Path, parts: dict[str, Any]) -> AsyncIterator[Gateway]:
    async with gateway_of(log, parts) as gateway:
        yield gateway


@dataclass(frozen=True, slots=True)
class Answer:
    """``names``: of the certificate that was shown. ``version`` and ``alpn``: what was agreed on."""

    status: int
    fields: dict[str, str]
    body: bytes
    names: tuple[str, ...]
    version: str
    alpn: str | None

    @property
    def json(self) -> Any:
        return json.loads(self.body)


async def ask(
    port: int, context: ssl.SSLContext | None, name: str | None = NAME, *, before: bytes = b"", host: str = NAME
) -> Answer:
    """The answer to one request over TLS. Args: before: is sent ahead of it all, in the clear."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(before)
        if context is not None:
            await writer.start_tls(context, server_hostname=name)
        return await ask_on(reader, writer, host=host)
    finally:
        writer.transport.abort()


async def ask_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, host: str = NAME) -> Answer:
    """One more request on a connection that is there."""
    writer.write(f"GET /x HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)).decode("latin-1")
    lines = head.split("\r\n")
    fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:-2])}
    body = await reader.readexactly(int(fields.get("content-length", "0")))
    tls = writer.get_extra_info("ssl_object")
    certificate = None if tls is None else tls.getpeercert()
    names = tuple(value for _, value in (certificate or {}).get("subjectAltName", ()))
    version, alpn = ("", None) if tls is None else (tls.version(), tls.selected_alpn_protocol())
    return Answer(int(lines[0].split(" ")[1]), fields, body, names, version, alpn)


def port_of(gateway: Gateway) -> int:
    return gateway.addresses[0][1]


def failures_of(gateway: Gateway) -> dict[str, int]:
    """How many connections have failed, by reason."""
    family = gateway.state.metrics.counters("connections_failed", "", ("reason",))
    return {reason: counter.value for (reason,), counter in family.series.items()}


async def failed(gateway: Gateway, reason: str, count: int = 1) -> None:
    """Wait until *count* connections have failed for *reason*."""
    await until(lambda: failures_of(gateway).get(reason, 0) >= count)


async def until(condition: Callable[[], object]) -> None:
    """Wait until *condition* holds."""
    for _ in range(2000):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise TimeoutError


def arriving(gateway: Gateway) -> int:
    """How many handshakes go on."""
    return 0 if gateway._public is None else gateway._public.arriving


async def rest_of(reader: asyncio.StreamReader) -> bytes:
    """Everything to the end of the connection."""
    try:
        return await asyncio.wait_for(reader.read(), 10)
    except ConnectionResetError:  # the kernel resets what is closed with something unread in it
        return b""


def text_of(log: Path) -> str:
    return log.read_text()
