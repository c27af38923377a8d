"""The rules of ``server.listen``: TLS, Unix sockets, PROXY headers, redirects."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from vizgate.config import load_text
from vizgate.config.model import Address, ListenConfig, TargetUrl, UnixAddress

Refused = Callable[..., list[str]]


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A folder with files that can be read; what is in them is looked at when the gateway is made."""
    for name in ("a.pem", "b.pem"):
        (tmp_path / name).write_text("")
    return tmp_path


def listener(text: str, base: Path, more: str = "") -> ListenConfig:
    return load_text(f"server: {{listen: {text}{more}}}", base=base, environment={}).server.listen[0]


def test_tls_is_safe_by_default(base: Path) -> None:
    """TLS 1.3, no client certificates, ten seconds for a handshake, files looked at every ten."""
    tls = listener("{address: 0.0.0.0:443, tls: {cert: a.pem, key: b.pem}}", base).tls
    assert tls is not None
    assert ("1.3", None, None) == (tls.min_version, tls.ciphers, tls.client_auth)
    assert (10.0, 10.0) == (tls.handshake_timeout, tls.reload)
    assert [(base / "a.pem", base / "b.pem", ())] == [(pair.cert, pair.key, pair.hosts) for pair in tls.pairs]


def test_several_certificates(base: Path) -> None:
    """Each has its files and maybe names, which are compared in lower case."""
    text = "{address: a:1, tls: {certificates: [{cert: a.pem}, {cert: b.pem, hosts: ['*.B.example']}]}}"
    tls = listener(text, base).tls
    assert tls is not None
    assert [(), ("*.b.example",)] == [pair.hosts for pair in tls.pairs]


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("unix:/run/vizgate.sock", UnixAddress("/run/vizgate.sock")),
        ("{address: 'unix:/run/vizgate.sock', mode: '0660', owner: 'www-data:adm'}", UnixAddress("/run/vizgate.sock")),
        ("[127.0.0.1:80]", Address("127.0.0.1", 80)),
    ],
)
def test_address_may_be_a_unix_socket(written: str, address: object, base: Path) -> None:
    """Short and long forms, and what is written is what is shown."""
    found = listener(written, base)
    assert address == found.address
    assert str(address) in written


def test_target_and_admin_may_be_unix_sockets() -> None:
    """Both sides and the admin listener take them."""
    text = "server: {admin: 'unix:/run/a.sock'}\nservices: {a: {targets: ['http://unix:/run/b.sock']}}"
    config = load_text(text, environment={})
    assert UnixAddress("/run/a.sock") == config.server.admin
    target = config.services["a"].targets[0].url
    assert TargetUrl("http", "", 0, "/run/b.sock") == target
    assert ("http://unix:/run/b.sock", "localhost") == (str(target), target.authority)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{address: a:1, tls: {}}", "tls: has no certificate. Write cert and key"),
        ("{address: a:1, tls: {cert: a.pem, certificates: [{cert: b.pem}]}}", "tls: has both cert and certificates"),
        ("{address: a:1, tls: {cert: no.pem}}", "tls.cert: cannot read the file"),
        ("{address: a:1, tls: {certificates: [{cert: a.pem}], key: b.pem}}", "tls: key has no use without cert"),
        ("{address: a:1, tls: {cert: a.pem, min_version: '1.1'}}", "min_version: must be one of 1.2, 1.3"),
        ("{address: a:1, tls: {cert: a.pem, ciphers: HIGH}}", "tls: ciphers are for TLS 1.2"),
        ("{address: a:1, tls: {cert: a.pem, handshake_timeout: 2m}}", "handshake_timeout: must be at most"),
        ("{address: a:1, tls: {cert: a.pem, client_auth: {}}}", "client_auth: ca is missing"),
        (
            "{address: a:1, tls: {cert: a.pem, client_auth: {ca: b.pem, allow: [x]}}}",
            "client_auth.allow: 'x' is no rule",
        ),
        ("{address: a:1, tls: {certificates: [{cert: a.pem, hosts: ['a b']}]}}", "hosts[0]: 'a b' is not a host name"),
        ("{address: a:1, tls: {cert: a.pem}, redirect_https: true}", "redirect_https has no use with tls"),
        ("{address: a:1, redirect_https: 0}", "redirect_https"),
        ("{address: a:1, mode: '0600'}", "mode is for Unix sockets"),
        ("{address: 'unix:/a', mode: '9'}", "mode: must match the pattern"),
        ("{address: 'unix:/a', owner: 'a b'}", "owner: must match the pattern"),
        ("unix:run/a", "has no absolute path of a socket"),
        ("unix:/run/", "has no absolute path of a socket"),
        (f"unix:/{'x' * 107}", "is over 107 bytes"),
        ("{address: a:1, proxy_protocol: true}", "proxy_protocol takes headers of trusted_proxies alone"),
    ],
)
def test_what_cannot_be_meant_is_refused(text: str, problem: str, base: Path, refused: Refused) -> None:
    """Each with its remedy."""
    found = refused(f"server: {{listen: {text}}}", base=base)
    assert problem in found[0], found


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        ("'https://unix:/a'", "TLS over a Unix socket is not spoken to targets"),
        ("'http://unix:a'", "has no absolute path of a socket"),
    ],
)
def test_target_that_cannot_be_meant_is_refused(target: str, problem: str, refused: Refused) -> None:
    """A path is absolute, and nobody verifies a certificate on this machine."""
    assert problem in refused(f"services: {{a: {{targets: [{target}]}}}}")[0]


def test_probe_of_a_unix_socket_has_no_port(refused: Refused) -> None:
    """Another port of a target that has none cannot be probed."""
    text = "services: {a: {targets: ['http://unix:/a'], health: {active: {path: /h, port: 81}}}}"
    assert "a Unix socket has no port" in refused(text)[0]
