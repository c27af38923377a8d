"""The rules of certificates that a listener shows: what they say, what is made of them, when they change."""

from __future__ import annotations

import datetime as dt
import os
import ssl
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from vizgate.transport.certificates.contexts import build_contexts
from vizgate.transport.certificates.facts import read_facts
from vizgate.transport.certificates.served import ServedCertificates
from vizgate.transport.certificates.settings import CertificateFiles, ClientTls, ListenerTls
from vizgate.transport.tls import TlsFailed


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def pair(authority: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "pair.pem"
    authority.issue_cert("a.example", "*.b.example", "192.0.2.7").private_key_and_cert_chain_pem.write_to_path(path)
    return str(path)


def test_facts_are_names_and_dates(authority: trustme.CA, tmp_path: Path) -> None:
    """Host names in the certificate's own order, its begin and end; an address is no name that a client asks for."""
    end = dt.datetime(2031, 2, 3, 4, 5, 6, tzinfo=dt.UTC)
    path = tmp_path / "pair.pem"
    issued = authority.issue_cert("a.example", "*.b.example", "192.0.2.7", not_after=end)
    issued.private_key_and_cert_chain_pem.write_to_path(path)
    facts = read_facts(str(path))
    assert (("a.example", "*.b.example"), end.timestamp(), "") == (facts.names, facts.ends_s, facts.weakness)
    assert facts.begins_s < facts.ends_s


@pytest.mark.parametrize(("bits", "weakness"), [(1024, "its key has 1024 bits only"), (2048, "")])
def test_facts_tell_a_weak_key(bits: int, weakness: str, tmp_path: Path) -> None:
    """Less than 2048 bits of RSA can be broken. A certificate without names is one all the same."""
    key = rsa.generate_private_key(65537, bits)
    name, now = x509.Name([]), dt.datetime.now(dt.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + dt.timedelta(days=1))
    path = tmp_path / "weak.pem"
    path.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    facts = read_facts(str(path))
    assert ((), weakness) == (facts.names, facts.weakness)


def test_context_is_of_tls_1_3_and_asks_nobody(pair: str) -> None:
    """Without settings: nothing older than 1.3, no client certificates, one context."""
    context = build_contexts(ListenerTls((CertificateFiles(pair),))).context
    assert ssl.TLSVersion.TLSv1_3 is context.minimum_version
    assert ssl.CERT_NONE is context.verify_mode
    assert context.sni_callback is None
    assert context.options & ssl.OP_NO_COMPRESSION


@pytest.mark.parametrize("is_required", [True, False])
def test_context_asks_clients(is_required: bool, pair: str, authority: trustme.CA, tmp_path: Path) -> None:
    """The authority is loaded; without a certificate a client gets in only where none is required."""
    ca = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(ca)
    context = build_contexts(ListenerTls((CertificateFiles(pair),), client=ClientTls(str(ca), is_required))).context
    assert (ssl.CERT_REQUIRED if is_required else ssl.CERT_OPTIONAL) is context.verify_mode
    assert 1 == len(context.get_ca_certs())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"certificates": (CertificateFiles("no.pem"),)}, r"^cert: cannot read 'no\.pem': No such file"),
        ({"ciphers": "NONE-OF-THESE", "allows_1_2": True}, "^ciphers: OpenSSL knows none of 'NONE-OF-THESE'$"),
        ({"client": ClientTls("no.pem")}, r"^client_auth\.ca: cannot use 'no\.pem'"),
    ],
)
def test_unusable_settings_are_named(change: dict[str, object], message: str, pair: str) -> None:
    """The message begins with the setting and names the file."""
    settings: dict[str, object] = {"certificates": (CertificateFiles(pair),), **change}
    with pytest.raises(TlsFailed, match=message):
        build_contexts(ListenerTls(**settings))  # type: ignore[arg-type]


def test_revocation_list_must_be_one(pair: str, authority: trustme.CA, tmp_path: Path) -> None:
    """A file of certificates in its place would revoke nothing."""
    ca = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(ca)
    with pytest.raises(TlsFailed, match=r"^client_auth\.crl: '.*ca\.pem' holds no revocation list"):
        build_contexts(ListenerTls((CertificateFiles(pair),), client=ClientTls(str(ca), crl=str(ca))))


def test_renewed_only_when_a_file_has_changed(pair: str, authority: trustme.CA) -> None:
    """What was looked at is not read again before it changes; what is broken neither, and the old one is kept."""
    served = ServedCertificates(ListenerTls((CertificateFiles(pair),)))
    first = served.context
    assert served.renewed() is None
    Path(pair).write_text("broken")
    with pytest.raises(TlsFailed):
        served.renewed()
    assert served.renewed() is None
    assert first is served.context
    authority.issue_cert("new.example").private_key_and_cert_chain_pem.write_to_path(pair)
    os.utime(pair, (1, 1))  # a copy may carry an older time
    found = served.renewed()
    assert found is not None
    served.use(found)
    assert ("new.example",) == served.facts[0].names
    assert "<ServedCertificates [1 certificates]>" == repr(served)
