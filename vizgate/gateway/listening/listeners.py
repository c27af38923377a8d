"""The listeners that a configuration names.

In: ``Entrance``: a listener and what connections are given to there. Not in: opening them (``gateway.server``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vizgate.auth.mtls.rules import CertificateRules
from vizgate.config.audit.view import SeenCertificate
from vizgate.config.model import Address, GatewayConfig, ListenConfig, ListenTlsConfig, UnixAddress
from vizgate.config.problems import Path, format_path
from vizgate.message.forwarding import TrustRules
from vizgate.transport.arrival.arrivals import ArrivalTerms
from vizgate.transport.arrival.peek import ProxyTerms
from vizgate.transport.arrival.sockets import UnixPlace
from vizgate.transport.certificates.served import ServedCertificates
from vizgate.transport.certificates.settings import CertificateFiles, ClientTls, ListenerTls
from vizgate.transport.listener import Listener
from vizgate.transport.tls import TlsFailed
from vizgate.wire.proxy_header import ProxyHeaderReader


@dataclass(frozen=True, slots=True)
class Entrance:
    """One way in. ``rules``: whom it lets in, None for everybody that the handshake does. ``https_port``: of the
    listener that requests are sent to, 0 to serve them here. ``reload_s``: how often its files are looked at.
    """

    listener: Listener
    rules: CertificateRules | None = None
    https_port: int = 0
    reload_s: float = 0.0

    @property
    def certificates(self) -> ServedCertificates | None:
        """What it shows; None without TLS."""
        return None if self.listener.terms is None else self.listener.terms.certificates


def entrances_of(config: GatewayConfig) -> tuple[Entrance, ...]:
    """The entrances of the public listeners; reads certificates. Raises: TlsFailed: they cannot be used."""
    trust = TrustRules.of(config.server.trusted_proxies)
    return tuple(_entrance(item, trust, index) for index, item in enumerate(config.server.listen))


def _entrance(item: ListenConfig, trust: TrustRules, index: int) -> Entrance:
    certificates, within_s = None, 10.0
    if item.tls is not None:
        certificates, within_s = _certificates(item.tls, ("server", "listen", index, "tls")), item.tls.handshake_timeout
    terms = None
    if certificates is not None or item.proxy_protocol:
        proxies = ProxyTerms(trust.trusts, ProxyHeaderReader) if item.proxy_protocol else None
        terms = ArrivalTerms(certificates, proxies, within_s)
    port = 443 if item.redirect_https is True else int(item.redirect_https)
    auth = None if item.tls is None else item.tls.client_auth
    rules = CertificateRules(auth.allow) if auth is not None and auth.allow else None
    return Entrance(_listener(item, terms), rules, port, 0.0 if item.tls is None else item.tls.reload)


def _listener(item: ListenConfig, terms: ArrivalTerms | None) -> Listener:
    address = item.address
    if isinstance(address, UnixAddress):
        mode = None if item.mode is None else int(item.mode, 8)
        return Listener("", 0, unix=UnixPlace(address.path, mode, item.owner or ""), terms=terms)
    return Listener(address.host, address.port, terms=terms)


def admin_listener(address: Address | UnixAddress) -> Listener:
    """The listener of the admin site. A Unix socket of it is for its owner alone."""
    if isinstance(address, UnixAddress):
        return Listener("", 0, unix=UnixPlace(address.path, 0o600))
    return Listener(address.host, address.port)


def _certificates(tls: ListenTlsConfig, at: Path) -> ServedCertificates:
    try:
        return ServedCertificates(_settings(tls))
    except TlsFailed as exc:
        raise TlsFailed(f"{format_path(at)}.{exc}") from exc


def _settings(tls: ListenTlsConfig) -> ListenerTls:
    auth = tls.client_auth
    client = None
    if auth is not None:
        client = ClientTls(str(auth.ca), auth.mode == "require", None if auth.crl is None else str(auth.crl))
    pairs = tuple(
        CertificateFiles(str(pair.cert), None if pair.key is None else str(pair.key), pair.hosts) for pair in tls.pairs
    )
    return ListenerTls(pairs, tls.min_version == "1.2", tls.ciphers, client)


def seen_certificates(config: GatewayConfig, entrances: Sequence[Entrance]) -> list[SeenCertificate]:
    """What the certificates of *entrances* say, each with the place of its setting, for an audit."""
    found = []
    for index, (item, entrance) in enumerate(zip(config.server.listen, entrances, strict=True)):
        facts = () if entrance.certificates is None else entrance.certificates.facts
        for number, known in enumerate(facts):
            at: Path = ("cert",) if item.tls is None or item.tls.cert is not None else ("certificates", number, "cert")
            path = ("server", "listen", index, "tls", *at)
            found.append(SeenCertificate(path, known.begins_s, known.ends_s, known.weakness))
    return found


def with_certificates(entrances: Sequence[Entrance]) -> Iterator[tuple[Entrance, ServedCertificates]]:
    """Those of *entrances* that speak TLS."""
    for entrance in entrances:
        certificates = entrance.certificates
        if certificates is not None:
            yield entrance, certificates
