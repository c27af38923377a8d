"""Whom authenticators believe, and over which way.

In: ``plain_authorities``, ``endless_tokens``, ``open_on_failure``, ``forgotten_revocations``. Not in: keys that stand
in the configuration (``config.audit.keys``).
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from vizgate.auth.config import AuthConfig
from vizgate.auth.forward.config import ForwardAuthConfig
from vizgate.auth.introspection.config import IntrospectionConfig
from vizgate.auth.jwt.config import JwtConfig
from vizgate.config.audit.finding import AuditFinding, AuditView, Severity
from vizgate.store.config import AnyStoreConfig, MemoryStoreConfig, SharedStoreConfig


def plain_authorities(view: AuditView) -> Iterator[AuditFinding]:
    """Servers that are believed, asked without TLS on a way that others may be on."""
    for name, auth in view.config.auth.items():
        key, url = _asked(auth)
        if url is not None and urlsplit(url).scheme == "http" and not _is_loopback(urlsplit(url).hostname or ""):
            message = "whoever is on the way can answer for it, and read what is asked. Write https"
            yield AuditFinding("authority-without-tls", Severity.WARNING, ("auth", name, key), message)


def endless_tokens(view: AuditView) -> Iterator[AuditFinding]:
    """Tokens that need not end."""
    for name, auth in view.config.auth.items():
        if isinstance(auth, JwtConfig) and "exp" not in auth.require:
            message = "a token without exp is good for ever. Write exp, too"
            yield AuditFinding("token-without-expiry", Severity.WARNING, ("auth", name, "require"), message)


def open_on_failure(view: AuditView) -> Iterator[AuditFinding]:
    """Revoked tokens that pass while the store is away."""
    for name, auth in view.config.auth.items():
        if isinstance(auth, JwtConfig) and auth.revocation == "store" and auth.on_store_failure == "allow":
            message = "revoked tokens pass while the store is away. Keep it if that is meant"
            yield AuditFinding("revocation-fails-open", Severity.NOTE, ("auth", name, "on_store_failure"), message)


def forgotten_revocations(view: AuditView) -> Iterator[AuditFinding]:
    """Revoked tokens that are good again after a restart."""
    remedy = _how_to_keep(view.config.store)
    for name, auth in view.config.auth.items():
        if remedy and isinstance(auth, JwtConfig) and auth.revocation == "store":
            message = f"the store forgets at the end of the gateway which tokens are revoked. Write {remedy}"
            yield AuditFinding("revocation-forgotten", Severity.WARNING, ("auth", name, "revocation"), message)


def _how_to_keep(store: AnyStoreConfig) -> str:
    """What makes *store* last longer than the gateway, "" where it does."""
    if isinstance(store, MemoryStoreConfig) and store.persist is None:
        return "store: {kind: memory, persist: FILE}"
    if isinstance(store, SharedStoreConfig) and store.path is None:
        return "store: {kind: shared, path: FILE}"
    return ""


def _asked(auth: AuthConfig) -> tuple[str, str | None]:
    """The setting that names a server, and its URL."""
    if isinstance(auth, JwtConfig):
        return "jwks_url", auth.jwks_url
    if isinstance(auth, IntrospectionConfig):
        return "endpoint", auth.endpoint
    return "url", auth.url if isinstance(auth, ForwardAuthConfig) else None


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
