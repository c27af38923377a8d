"""Whom authenticators believe, and over which way.

In: rules about servers that answer for others. Not in: what tokens must say (``config.audit.identity.tokens``).
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from vizgate.auth.config import AuthConfig
from vizgate.auth.forward.config import ForwardAuthConfig
from vizgate.auth.introspection.config import IntrospectionConfig
from vizgate.auth.jwt.config import JwtConfig
from vizgate.config.audit.hosts import is_loopback
from vizgate.config.audit.rule import Rule, Severity
from vizgate.config.audit.view import AuditView
from vizgate.config.problems import Finding


def _plain_authorities(view: AuditView) -> Iterator[Finding]:
    for name, auth in view.config.auth.items():
        key, url = _asked(auth)
        if url is not None and urlsplit(url).scheme == "http" and not is_loopback(urlsplit(url).hostname or ""):
            message = "whoever is on the way can answer for it, and read what is asked. Write https"
            yield Finding(("auth", name, key), message)


def _asked(auth: AuthConfig) -> tuple[str, str | None]:
    """The setting that names a server, and its URL."""
    if isinstance(auth, JwtConfig):
        return "jwks_url", auth.jwks_url
    if isinstance(auth, IntrospectionConfig):
        return "endpoint", auth.endpoint
    return "url", auth.url if isinstance(auth, ForwardAuthConfig) else None


RULES = (
    Rule(
        "authority-without-tls",
        Severity.WARNING,
        "Somebody who is believed is asked without TLS",
        "Whoever can answer for the server that publishes keys, looks tokens up or decides about requests decides who"
        " comes in. On this machine nobody is on the way.",
        _plain_authorities,
    ),
)
