"""How services are spoken to.

In: rules about TLS to targets and about what a target believes of a client. Not in: how long is waited
(``config.audit.upstream.waiting``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from vizgate.config.audit.hosts import is_inside, is_loopback
from vizgate.config.audit.rule import Rule, Severity
from vizgate.config.audit.view import AuditView
from vizgate.config.problems import Finding
from vizgate.discovery.http.config import HttpDiscoveryConfig
from vizgate.discovery.kubernetes.config import KubernetesDiscoveryConfig


def _unverified(view: AuditView) -> Iterator[Finding]:
    for name, service in view.config.services.items():
        if not service.tls.verify and service.may_speak_tls:
            message = "certificates are not verified, so anybody may stand in for the service. Write ca instead"
            yield Finding(("services", name, "tls", "verify"), message)


def _plain_targets(is_found: Callable[[str], bool], message: str) -> Callable[[AuditView], Iterator[Finding]]:
    """Finds targets without TLS by their hosts; one for each service, since its targets are neighbours as a rule."""

    def find(view: AuditView) -> Iterator[Finding]:
        for name, service in view.config.services.items():
            for index, target in enumerate(service.targets):
                url = target.url
                if url.scheme == "http" and not url.unix_path and not is_loopback(url.host) and is_found(url.host):
                    yield Finding(("services", name, "targets", index), message)
                    break

    return find


def _plain_sources(view: AuditView) -> Iterator[Finding]:
    for name, service in view.config.services.items():
        source = service.discovery
        url = source.url if isinstance(source, (HttpDiscoveryConfig, KubernetesDiscoveryConfig)) else None
        if url is not None and urlsplit(url).scheme == "http" and not is_loopback(urlsplit(url).hostname or ""):
            message = "whoever is on the way chooses where requests go, and reads the token. Write https"
            yield Finding(("services", name, "discovery", "url"), message)


def _hosts_of_clients(view: AuditView) -> Iterator[Finding]:
    asked = {name for route in view.config.routes if route.match.hosts is None for name in route.services}
    for name, service in view.config.services.items():
        is_afar = any(target.url.scheme == "https" and not is_inside(target.url.host) for target in service.targets)
        if name in asked and is_afar and service.host_header == "preserve":
            message = "clients choose the Host that the target sees. Write host_header: target, or hosts on the routes"
            yield Finding(("services", name), message)


def _plain_redirects(view: AuditView) -> Iterator[Finding]:
    for index, route in enumerate(view.config.routes):
        origin = "" if route.redirect is None else route.redirect.parts[0]
        if origin.startswith("http://") and not is_loopback(origin.removeprefix("http://").partition(":")[0]):
            message = "clients are sent where everybody on the way can read along. Write https"
            yield Finding(("routes", index, "redirect", "to"), message)


RULES = (
    Rule(
        "tls-not-verified",
        Severity.WARNING,
        "Certificates of a service are not verified",
        "`verify: false` encrypts and lets anybody answer. Give the authority under `ca`.",
        _unverified,
    ),
    Rule(
        "upstream-without-tls",
        Severity.WARNING,
        "A target somewhere in the Internet is asked without TLS",
        "Requests, credentials and answers can be read and changed on the way. Write https:// in the target's URL.",
        _plain_targets(
            lambda host: not is_inside(host), "whoever is on the way can read and change everything. Write https"
        ),
    ),
    Rule(
        "upstream-without-tls-inside",
        Severity.NOTE,
        "A target in a network of one's own is asked without TLS",
        "It depends on who else is in that network. Loopback and Unix sockets are never told of.",
        _plain_targets(is_inside, "whoever is in this network can read along. Write https where that matters"),
    ),
    Rule(
        "discovery-without-tls",
        Severity.WARNING,
        "Targets are looked up without TLS",
        "Whoever can answer for the registry chooses where requests, with their credentials, go.",
        _plain_sources,
    ),
    Rule(
        "host-from-client",
        Severity.NOTE,
        "A service elsewhere sees whatever Host clients send",
        "`host_header: preserve` and a route for all hosts let a client name any site of a shared server, or put a host"
        " of its own into links and caches there. Write `host_header: target`, or `hosts` on the routes.",
        _hosts_of_clients,
    ),
    Rule(
        "redirect-without-tls",
        Severity.WARNING,
        "Clients are redirected to http://",
        "What they send there next, cookies included, can be read on the way.",
        _plain_redirects,
    ),
)
