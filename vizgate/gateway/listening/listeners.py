"""The listeners that a configuration names.

In: ``Entrance``: a listener and what connections are given to there. Not in: opening them
(``gateway.listening.doors``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from vizgate.auth.mtls.rules import CertificateRules
from vizgate.config.audit.view import SeenCertificate
from vizgate.config.model import Address, GatewayConfig, ListenConfig, ListenTlsConfig, UnixAddress
from vizgate.config.problems import Path, format_path
from vizgate.gateway.listening.places import places_of
from vizgate.gateway.membership import Membership
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
    """One way in, by *config*. ``terms``: what comes before a request. ``rules``: whom it lets in, None for everybody
    that the handshake does. ``trust``: whose PROXY headers are believed.
    """

    config: ListenConfig
    listener: Listener
    terms: ArrivalTerms | None = None
    rules: CertificateRules | None = None
    trust: TrustRules = field(default_factory=TrustRules)

    @property
    def certificates(self) -> ServedCertificates | None:
        """What it shows; None without TLS."""
        return None if self.terms is None else self.terms.certificates

    @property
    def https_port(self) -> int:
        """Of the listener that requests are sent to; 0 to serve them here."""
        return 443 if self.config.redirect_https is True else int(self.config.redirect_https)

    @property
    def reload_s(self) -> float:
        """How often its files are looked at."""
        return 0.0 if self.config.tls is None else self.config.tls.reload

    def lets_in_as(self, other: Entrance) -> bool:
        """Whether who comes in here would come in at *other*, and be served the same way."""
        mine, theirs = self.config, other.config
        if (mine.tls is None) is not (theirs.tls is None) or (mine.proxy_protocol and self.trust != other.trust):
            return False
        auth = None if mine.tls is None else mine.tls.client_auth
        other_auth = None if theirs.tls is None else theirs.tls.client_auth
        return (auth, self.https_port, mine.proxy_protocol) == (other_auth, other.https_port, theirs.proxy_protocol)


def entrances_of(
    config: GatewayConfig, present: Sequence[Entrance] = (), membership: Membership | None = None
) -> tuple[Entrance, ...]:
    """The entrances of the public listeners; reads certificates. What of the *present* ones is as it was is used again:
    the socket at an address, and certificates by the same settings.

    Args: membership: has sockets that take the place of new ones.
    Raises: TlsFailed: they cannot be used.
    """
    trust = TrustRules.of(config.server.trusted_proxies)
    left = list(present)
    entrances = []
    places = places_of(config.server.listen)
    for index, item in enumerate(config.server.listen):
        before = next((entrance for entrance in left if entrance.config.address == item.address), None)
        if before is not None:
            left.remove(before)
        listener = _listener(item, places[index], membership or Membership()) if before is None else before.listener
        entrances.append(_entrance(item, trust, index, before, listener))
    return tuple(entrances)


def _entrance(
    item: ListenConfig, trust: TrustRules, index: int, before: Entrance | None, listener: Listener
) -> Entrance:
    certificates, within_s = None, 10.0
    if item.tls is not None:
        known = None if before is None else before.certificates
        certificates = _certificates(item.tls, ("server", "listen", index, "tls"), known)
        within_s = item.tls.handshake_timeout
    terms = None
    if certificates is not None or item.proxy_protocol:
        proxies = ProxyTerms(trust.trusts, ProxyHeaderReader) if item.proxy_protocol else None
        terms = ArrivalTerms(certificates, proxies, within_s)
    auth = None if item.tls is None else item.tls.client_auth
    rules = CertificateRules(auth.allow) if auth is not None and auth.allow else None
    return Entrance(item, listener, terms, rules, trust)


def _listener(item: ListenConfig, place: str, membership: Membership) -> Listener:
    host, port, unix = place_of(item)
    given = partial(membership.sockets.copies, place)
    return Listener(host, port, unix=unix, given=given, seat=membership.seat)


def place_of(item: ListenConfig) -> tuple[str, int, UnixPlace | None]:
    """Host, port and, instead of both, the Unix socket of *item*."""
    address = item.address
    if isinstance(address, UnixAddress):
        mode = None if item.mode is None else int(item.mode, 8)
        return "", 0, UnixPlace(address.path, mode, item.owner or "")
    return address.host, address.port, None


def admin_listener(address: Address | UnixAddress) -> Listener:
    """The listener of the admin site. A Unix socket of it is for its owner alone."""
    if isinstance(address, UnixAddress):
        return Listener("", 0, unix=UnixPlace(address.path, 0o600))
    return Listener(address.host, address.port)


def _certificates(tls: ListenTlsConfig, at: Path, known: ServedCertificates | None) -> ServedCertificates:
    settings = _settings(tls)
    if known is not None and known.settings == settings:
        return known
    try:
        return ServedCertificates(settings)
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
