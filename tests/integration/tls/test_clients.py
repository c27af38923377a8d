"""Certificates of clients: who is let in, and as whom."""

from __future__ import annotations

import asyncio
import datetime as dt
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.integration.doors import configuration
from tests.integration.tls.secure import NAME, Files, arriving, ask, failed, opened, parts_of, port_of, text_of
from vizgate.config import load_text
from vizgate.gateway.server import Gateway
from vizgate.testing import ManualClock

_BILLING = "spiffe://example.org/billing"


def demanding(files: Files, **auth: Any) -> dict[str, Any]:
    """A gateway whose clients show certificates and are known by them."""
    known = {"machines": {"kind": "mtls"}}
    routes = [
        {"name": "known", "match": {"path": "/x"}, "service": "echo", "auth": ["machines"]},
        {"name": "open", "match": {"path": "/*"}, "service": "echo"},
    ]
    tls = {"cert": files.pair(NAME), "client_auth": {"ca": files.ca_file, **auth}}
    return {**parts_of(tls, auth=known, routes=routes), "identity_headers": {"user": "X-Auth-User"}}


async def test_client_is_known_by_its_certificate(files: Files, log: Path) -> None:
    """The authenticator gets the certificate that the handshake has verified, on every request of the connection."""
    cert = files.pair("c.example", file="c.pem", common_name="billing")
    async with opened(log, demanding(files)) as gateway:
        answer = await ask(port_of(gateway), files.client(cert))
    assert 200 == answer.status
    assert ["X-Auth-User", "billing"] in answer.json["headers"]


@pytest.mark.parametrize("kind", ["none", "stranger", "expired", "revoked"])
async def test_bad_certificate_ends_the_handshake(kind: str, files: Files, log: Path) -> None:
    """No certificate, one of another authority, one that has ended, one that was revoked: nothing is served."""
    gone = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    cert = ""
    if kind == "stranger":
        cert = Files(_folder(files), trustme.CA()).pair("c.example", common_name="billing")
    elif kind == "expired":
        cert = files.pair("c.example", file="c.pem", common_name="billing", not_after=gone)
    elif kind == "revoked":
        cert = files.pair("c.example", file="c.pem", common_name="billing")
    auth = {"crl": files.revoked(cert)} if kind == "revoked" else {}
    async with opened(log, demanding(files, **auth)) as gateway:
        with pytest.raises(OSError):
            await ask_twice(port_of(gateway), files.client(cert))
        await failed(gateway, "no_certificate" if kind == "none" else "bad_certificate")
    assert "" == text_of(log)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_certificate_that_has_ended_resumes_nothing(version: ssl.TLSVersion, files: Files, log: Path) -> None:
    """A session is resumed without its certificate being looked at, and hands out the next session: a client whose
    certificate has ended is refused all the same.
    """
    now = dt.datetime.now(dt.UTC)
    cert = files.pair("c.example", file="c.pem", common_name="billing", not_after=now + dt.timedelta(days=1))
    parts = demanding(files)
    parts["server"]["listen"][0]["tls"]["min_version"] = "1.2"
    clock = ManualClock(wall_s=now.timestamp())
    async with Gateway(load_text(configuration(log, parts)), clock=clock) as gateway:
        context = files.client(cert, at_most=version)
        status, session = await asyncio.to_thread(resumed, port_of(gateway), context, None)
        assert b"200" == status
        status, session = await asyncio.to_thread(resumed, port_of(gateway), context, session)
        assert b"200" == status
        clock.advance(2 * 86400)
        with pytest.raises(OSError):
            await asyncio.to_thread(resumed, port_of(gateway), context, session)
        await failed(gateway, "bad_certificate")
        assert 0 == arriving(gateway)


def resumed(port: int, context: ssl.SSLContext, session: ssl.SSLSession | None) -> tuple[bytes, ssl.SSLSession]:
    """The status of one request, and the session for the next one. Raises: OSError: it was not answered."""
    with (
        socket.create_connection(("127.0.0.1", port), 5.0) as plain,
        context.wrap_socket(plain, server_hostname=NAME, session=session) as secure,
    ):
        secure.sendall(b"GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        data = b"".join(iter(lambda: secure.recv(65536), b""))
        if not data:
            raise ConnectionResetError("no answer")
        assert secure.session_reused == (session is not None)
        assert secure.session is not None
        return data[9:12], secure.session


async def ask_twice(port: int, context: ssl.SSLContext) -> None:
    """A client of TLS 1.3 learns with its first answer only that it was refused."""
    try:
        await ask(port, context)
    except EOFError as exc:
        raise ConnectionResetError from exc


def _folder(files: Files) -> Path:
    folder = files.folder / "stranger"
    folder.mkdir()
    return folder


async def test_revocation_list_refuses_only_those_in_it(files: Files, log: Path) -> None:
    """Who is not in the list is served as before."""
    good, bad = (files.pair("c.example", file=f"{name}.pem", common_name=name) for name in ("good", "bad"))
    async with opened(log, demanding(files, crl=files.revoked(bad))) as gateway:
        assert 200 == (await ask(port_of(gateway), files.client(good))).status
        with pytest.raises(OSError):
            await ask_twice(port_of(gateway), files.client(bad))


async def test_optional_certificate(files: Files, log: Path) -> None:
    """With ``optional`` a client without one comes in and is nobody; a bad one is refused all the same."""
    stranger = Files(_folder(files), trustme.CA()).pair("c.example")
    async with opened(log, demanding(files, mode="optional")) as gateway:
        assert 401 == (await ask(port_of(gateway), files.client())).status
        with pytest.raises(OSError):
            await ask_twice(port_of(gateway), files.client(stranger))


@pytest.mark.parametrize(
    ("rule", "names", "is_in"),
    [
        (f"spiffe:{_BILLING}", {"uri": [_BILLING]}, True),
        ("spiffe:spiffe://example.org/*", {"uri": [_BILLING]}, True),
        ("spiffe:spiffe://example.com/*", {"uri": [_BILLING]}, False),
        ("dns:*.jobs.example", {"dns": ["a.jobs.example"]}, True),
        ("dns:*.jobs.example", {"dns": ["jobs.example"]}, False),
        ("common_name:billing", {"dns": ["c.example"]}, True),
        ("common_name:sales", {"dns": ["c.example"]}, False),
    ],
)
async def test_rules_choose_among_the_verified(
    rule: str, names: dict[str, list[str]], is_in: bool, files: Files, log: Path
) -> None:
    """A certificate of the right authority that no rule names is not let in, and nothing of it is served."""
    texts = names.get("dns", []) + names.get("uri", [])
    cert = _with_uris(files, texts) if "uri" in names else files.pair(*texts, file="c.pem", common_name="billing")
    async with opened(log, demanding(files, allow=[rule])) as gateway:
        if is_in:
            assert 200 == (await ask(port_of(gateway), files.client(cert))).status
        else:
            with pytest.raises(OSError):
                await ask_twice(port_of(gateway), files.client(cert))
            await failed(gateway, "not_allowed")


def _with_uris(files: Files, uris: list[str]) -> str:
    """A certificate with URIs, which trustme does not make."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    issuer = x509.load_pem_x509_certificate(files.ca.cert_pem.bytes())
    signer = serialization.load_pem_private_key(files.ca.private_key_pem.bytes(), None)
    key = ec.generate_private_key(ec.SECP256R1())
    now = dt.datetime.now(dt.UTC)
    day = dt.timedelta(days=1)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "billing")])
    builder = x509.CertificateBuilder(
        issuer.subject, name, key.public_key(), x509.random_serial_number(), now - day, now + day
    )
    alternative = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri) for uri in uris])
    builder = builder.add_extension(alternative, critical=False)
    builder = builder.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()),  # type: ignore[arg-type]
        critical=False,
    )
    made = builder.sign(signer, hashes.SHA256())  # type: ignore[arg-type]
    path = files.folder / "uris.pem"
    encoding = serialization.Encoding.PEM
    private = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(private + made.public_bytes(encoding))
    return str(path)
