"""TLS with the programs that people use: curl and openssl as clients."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import trustme

from tests.integration.doors import gateway_of
from tests.integration.installed import program

pytestmark = pytest.mark.system


async def run(*words: str, sent: bytes = b"") -> tuple[int, str]:
    """Exit code and everything that a program says."""
    process = await asyncio.create_subprocess_exec(
        *words, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await asyncio.wait_for(process.communicate(sent), 20)
    return process.returncode or 0, said.decode("utf-8", "replace")


@pytest.fixture
def ca(tmp_path: Path, authority: trustme.CA) -> str:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    return str(tmp_path / "ca.pem")


def parts(tmp_path: Path, authority: trustme.CA, *names: str) -> dict[str, object]:
    pairs = []
    for number, name in enumerate(names):
        path = tmp_path / f"{number}.pem"
        authority.issue_cert(name).private_key_and_cert_chain_pem.write_to_path(path)
        pairs.append({"cert": str(path)})
    return {
        "server": {"listen": [{"address": "127.0.0.1:0", "tls": {"certificates": pairs}, "proxy_protocol": False}]},
        "services": {"echo": {"builtin": "echo"}},
        "routes": [{"name": "echo", "match": {"path": "/*"}, "service": "echo"}],
    }


async def test_curl_speaks_http_1_1_over_tls_1_3(tmp_path: Path, authority: trustme.CA, ca: str) -> None:
    """curl, which would rather speak HTTP/2, agrees on HTTP/1.1, verifies the certificate, and uploads."""
    curl = program("curl")
    async with gateway_of(tmp_path / "log", parts(tmp_path, authority, "localhost")) as gateway:
        url = f"https://localhost:{gateway.addresses[0][1]}/x"
        code, said = await run(curl, "-sv", "--http2", "--cacert", ca, "--data", "a=b", url)
        assert 0 == code, said
        assert "TLSv1.3" in said
        assert "HTTP/1.1 200 OK" in said
        assert '"body":"a=b"' in said
        old, _ = await run(curl, "-s", "--tls-max", "1.2", "--cacert", ca, url)
        assert 35 == old  # CURLE_SSL_CONNECT_ERROR


async def test_openssl_sees_the_certificate_of_the_name(tmp_path: Path, authority: trustme.CA, ca: str) -> None:
    """``openssl s_client`` verifies the chain of each name, and can resume its session."""
    openssl = program("openssl")
    names = ("a.example", "*.b.example")
    async with gateway_of(tmp_path / "log", parts(tmp_path, authority, *names)) as gateway:
        address = f"127.0.0.1:{gateway.addresses[0][1]}"
        for name in ("a.example", "x.b.example"):
            words = ("-connect", address, "-servername", name, "-CAfile", ca, "-verify_hostname", name, "-brief")
            code, said = await run(openssl, "s_client", *words)
            assert 0 == code, said
            assert "Verification: OK" in said
            assert "Protocol version: TLSv1.3" in said
