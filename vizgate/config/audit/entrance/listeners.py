"""How clients come in.

In: rules about trust in what stands in front, about TLS and about what is sent without it. Not in: the certificates
themselves (``config.audit.entrance.certificates``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from vizgate.auth.mtls.config import MtlsConfig
from vizgate.config.audit.hosts import is_everything
from vizgate.config.audit.rule import Rule, Severity
from vizgate.config.audit.view import AuditView
from vizgate.config.model import Address
from vizgate.config.problems import Finding

_WEAK_CIPHER = re.compile(r"NULL|EXPORT|\bLOW\b|RC4|RC2|DES|MD5|IDEA|SEED|ADH|AECDH|ECBE|COMPLEMENTOFALL|^ALL$")
_LEAST_SECLEVEL = 2


def _believed_networks(view: AuditView) -> Iterator[Finding]:
    for index, network in enumerate(view.config.server.trusted_proxies):
        if not isinstance(network, str) and is_everything(network):
            message = f"{network} is half the world or more: every client may say who it is. Write the proxy's own"
            yield Finding(("server", "trusted_proxies", index), message)


def _old_tls(view: AuditView) -> Iterator[Finding]:
    for index, listener in enumerate(view.config.server.listen):
        if listener.tls is not None and listener.tls.min_version == "1.2":
            message = "TLS 1.2 is spoken to those who ask for it. Remove min_version once no client needs it"
            yield Finding(("server", "listen", index, "tls", "min_version"), message)


def _weak_ciphers(view: AuditView) -> Iterator[Finding]:
    for index, listener in enumerate(view.config.server.listen):
        weak = _weak_words(listener.tls.ciphers or "") if listener.tls is not None else []
        if weak:
            message = f"{', '.join(weak)} can be broken. Remove ciphers, or write ECDHE+AESGCM:ECDHE+CHACHA20"
            yield Finding(("server", "listen", index, "tls", "ciphers"), message)


def _weak_words(ciphers: str) -> list[str]:
    words = [word for word in re.split(r"[:, ]+", ciphers) if word and word[0] not in "!-"]
    levels = [word for word in words if word.startswith("@SECLEVEL=") and int(word[-1]) < _LEAST_SECLEVEL]
    return [word for word in words if not word.startswith("@") and _WEAK_CIPHER.search(word.upper())] + levels


def _plain_credentials(view: AuditView) -> Iterator[Finding]:
    """A trusted proxy in front is what ends TLS as a rule."""
    config = view.config
    shown = sorted({name for route in config.routes for name in route.auth})
    if not shown or config.server.trusted_proxies:
        return
    for index, listener in enumerate(config.server.listen):
        address = listener.address
        is_plain = listener.tls is None and listener.redirect_https is False
        if is_plain and isinstance(address, Address) and not address.is_loopback:
            message = (
                f"credentials of {', '.join(shown)} come here in plain text. Write tls, redirect_https, or"
                " server.trusted_proxies if a proxy in front has TLS"
            )
            yield Finding(("server", "listen", index), message)


def _beside_tls(view: AuditView) -> Iterator[Finding]:
    server = view.config.server
    if server.trusted_proxies or all(listener.tls is None for listener in server.listen):
        return
    for index, listener in enumerate(server.listen):
        address = listener.address
        is_plain = listener.tls is None and listener.redirect_https is False
        if is_plain and isinstance(address, Address) and not address.is_loopback:
            message = "the same routes are served without TLS here. Write redirect_https"
            yield Finding(("server", "listen", index), message)


def _silent(view: AuditView) -> Iterator[Finding]:
    if view.is_exposed and view.config.observe.access_log.format == "off":
        message = "nobody will know afterwards who has asked for what. Write json, and sample where that is too much"
        yield Finding(("observe", "access_log"), message)


def _unused_certificates(view: AuditView) -> Iterator[Finding]:
    has_rule = any(isinstance(auth, MtlsConfig) for auth in view.config.auth.values())
    for index, listener in enumerate(view.config.server.listen):
        client = None if listener.tls is None else listener.tls.client_auth
        if client is not None and client.mode == "optional" and not has_rule:
            message = "no route asks for a certificate, so it keeps nobody out. Write mode: require, or kind: mtls"
            yield Finding(("server", "listen", index, "tls", "client_auth", "mode"), message)


def _believed_ids(view: AuditView) -> Iterator[Finding]:
    server = view.config.server
    if view.config.observe.request_id.trust and view.is_exposed and not server.trusted_proxies:
        message = "every client may choose the id that its requests have in the log. Remove trust"
        yield Finding(("observe", "request_id", "trust"), message)


RULES = (
    Rule(
        "trusts-everybody",
        Severity.ERROR,
        "A network of trusted proxies is so wide that it names nobody",
        "Whoever is trusted says which address a request comes from, so limits by address, `ip_filter` and the access"
        " log believe every client. Write the addresses of the proxies in front. With `proxy_protocol` the same list"
        " says whose PROXY headers are believed.",
        _believed_networks,
    ),
    Rule(
        "tls-version",
        Severity.NOTE,
        "A listener speaks TLS 1.2",
        "It was asked for, and old clients may need it. Remove `min_version` when none is left.",
        _old_tls,
    ),
    Rule(
        "tls-ciphers",
        Severity.WARNING,
        "A listener offers ciphers that can be broken",
        "`ciphers` names some that are weak by now, or lowers OpenSSL's own level below 2. Without it OpenSSL chooses.",
        _weak_ciphers,
    ),
    Rule(
        "credentials-without-tls",
        Severity.WARNING,
        "Credentials are asked for on a listener without TLS",
        "Passwords, keys and tokens can be read, and used, by whoever is on the way. Write `tls`, send clients to https"
        " with `redirect_https`, or name the proxy that ends TLS in front under `server.trusted_proxies`.",
        _plain_credentials,
    ),
    Rule(
        "plain-beside-tls",
        Severity.WARNING,
        "A listener without TLS serves what another serves with it",
        "Whoever is on the way keeps clients on the one that can be read. `redirect_https` sends them to the other.",
        _beside_tls,
    ),
    Rule(
        "access-log-off",
        Severity.NOTE,
        "A public gateway writes no access log",
        "After an attack it is what tells who has asked for what. `sample` keeps it short.",
        _silent,
    ),
    Rule(
        "client-certificate-unused",
        Severity.WARNING,
        "Client certificates are optional and nothing asks for them",
        "With `mode: optional` a client without a certificate comes in, and only an authenticator with `kind: mtls`"
        " on a route turns it away.",
        _unused_certificates,
    ),
    Rule(
        "request-id-believed",
        Severity.NOTE,
        "Clients choose the ids of their requests",
        "Two requests may then have one id in the log, or one that somebody else's had. `trust` is for gateways behind"
        " a proxy that sets it.",
        _believed_ids,
    ),
)
