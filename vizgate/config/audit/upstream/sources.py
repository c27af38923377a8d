"""Who says where requests go.

In: rules about sources of targets. Not in: the targets themselves (``config.audit.upstream.services``).
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from vizgate.config.audit.hosts import is_loopback
from vizgate.config.audit.rule import Rule, Severity
from vizgate.config.audit.view import AuditView
from vizgate.config.problems import Finding
from vizgate.discovery.http.config import HttpDiscoveryConfig
from vizgate.discovery.kubernetes.config import KubernetesDiscoveryConfig


def _plain(view: AuditView) -> Iterator[Finding]:
    for name, service in view.config.services.items():
        source = service.discovery
        url = source.url if isinstance(source, (HttpDiscoveryConfig, KubernetesDiscoveryConfig)) else None
        if url is not None and urlsplit(url).scheme == "http" and not is_loopback(urlsplit(url).hostname or ""):
            message = "whoever is on the way says where requests go, and reads the token. Write https"
            yield Finding(("services", name, "discovery", "url"), message)


RULES = (
    Rule(
        "discovery-without-tls",
        Severity.WARNING,
        "A source of targets is asked without TLS",
        "Whoever can answer for it can send every request of the service to himself. On this machine nobody is on the"
        " way.",
        _plain,
    ),
)
