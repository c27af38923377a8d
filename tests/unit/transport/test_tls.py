"""The rules of TLS contexts for upstreams."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
import trustme

from vizgate.transport.tls import TlsFailed, UpstreamTls, upstream_context


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def test_upstream_context_verifies_by_default() -> None:
    """Certificate and name are verified, and nothing older than TLS 1.2 is spoken (RFC 9325 3.1)."""
    context = upstream_context(UpstreamTls())
    assert (context.check_hostname, context.verify_mode) == (True, ssl.CERT_REQUIRED)
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


def test_upstream_context_verifies_nothing_if_asked() -> None:
    """``verify: false`` believes every certificate."""
    context = upstream_context(UpstreamTls(verify=False))
    assert (context.check_hostname, context.verify_mode) == (False, ssl.CERT_NONE)


def test_upstream_context_own_authority_and_certificate(authority: trustme.CA, tmp_path: Path) -> None:
    """A list of authorities replaces the system's, and a certificate of our own is loaded."""
    ca, pem = tmp_path / "ca.pem", tmp_path / "client.pem"
    authority.cert_pem.write_to_path(ca)
    authority.issue_cert("vizgate.example").private_key_and_cert_chain_pem.write_to_path(pem)
    context = upstream_context(UpstreamTls(ca=str(ca), cert=str(pem)))
    assert len(context.get_ca_certs()) == 1


@pytest.mark.parametrize("content", [None, "", "no certificate"])
@pytest.mark.parametrize("setting", ["ca", "cert"])
def test_upstream_context_unusable_file_is_named(tmp_path: Path, setting: str, content: str | None) -> None:
    """A file that is missing, empty or something else is an error that names setting and file."""
    path = tmp_path / "file.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(TlsFailed, match=rf"tls\.{setting}: cannot use '.*file\.pem'"):
        upstream_context(UpstreamTls(**{setting: str(path)}))
