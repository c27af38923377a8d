"""What is open to everybody.

In: ``open_writes``, ``believed_networks``, ``unverified_upstreams``. Not in: secrets (``config.audit.secrets``).
"""

from __future__ import annotations

from collections.abc import Iterator

from vizgate.config.audit.finding import AuditFinding, AuditView, Severity

_WRITING = ("POST", "PUT", "PATCH", "DELETE")


def open_writes(view: AuditView) -> Iterator[AuditFinding]:
    """Routes to a service that take writing methods from anybody."""
    for index, route in enumerate(view.config.routes):
        asked = [name for name in route.services if view.config.services[name].builtin is None]
        if route.auth or not asked:
            continue
        methods = route.match.methods
        writing = _WRITING if methods is None else tuple(method for method in methods if method in _WRITING)
        if writing:
            message = f"anybody may send {', '.join(writing)} to {' and '.join(asked)}. Write auth, or methods: [GET]"
            yield AuditFinding("write-without-auth", Severity.WARNING, ("routes", index), message)


def believed_networks(view: AuditView) -> Iterator[AuditFinding]:
    """A network of all addresses lets every client say where it comes from."""
    for index, network in enumerate(view.config.server.trusted_proxies):
        if not isinstance(network, str) and network.prefixlen == 0:
            message = f"{network} are all addresses: every client may say who it is. Write the proxy's own"
            yield AuditFinding("trusts-everybody", Severity.WARNING, ("server", "trusted_proxies", index), message)


def unverified_upstreams(view: AuditView) -> Iterator[AuditFinding]:
    """Upstreams whose certificates are not looked at."""
    for name, service in view.config.services.items():
        if not service.tls.verify and any(target.url.scheme == "https" for target in service.targets):
            message = "certificates are not verified, so anybody may stand in for the service. Write ca instead"
            yield AuditFinding("tls-not-verified", Severity.WARNING, ("services", name, "tls", "verify"), message)
