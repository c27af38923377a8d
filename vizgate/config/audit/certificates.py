"""TLS on listeners that should not be as it is.

In: ``certificates``, ``old_tls``. Not in: reading certificates (``transport.certificates``), and what is refused
outright.
"""

from __future__ import annotations

from collections.abc import Iterator

from vizgate.config.audit.finding import AuditFinding, AuditView, SeenCertificate, Severity

_DAY_S = 86_400.0
#: As the log of a running gateway warns (``gateway.listening.renewal``).
_SOON_DAYS = 14.0


def certificates(view: AuditView) -> Iterator[AuditFinding]:
    """Every certificate that is no longer, not yet, or not for long good, or weak."""
    for seen in view.certificates:
        fault = _fault_of(seen, view.now_s)
        if fault:
            yield AuditFinding("certificate-validity", Severity.WARNING, seen.path, fault)
        if seen.weakness:
            message = f"the certificate is weak: {seen.weakness}. Have a new one made"
            yield AuditFinding("certificate-weak", Severity.WARNING, seen.path, message)


def _fault_of(seen: SeenCertificate, now_s: float) -> str:
    days = (seen.ends_s - now_s) / _DAY_S
    if days < 0:
        return f"the certificate has ended {-days:.0f} days ago. Renew it"
    if seen.begins_s > now_s:
        return f"the certificate begins in {(seen.begins_s - now_s) / _DAY_S:.1f} days only. Take one that is good now"
    return f"the certificate ends in {days:.0f} days. Renew it" if days < _SOON_DAYS else ""


def old_tls(view: AuditView) -> Iterator[AuditFinding]:
    """Listeners that speak TLS 1.2."""
    for index, listener in enumerate(view.config.server.listen):
        if listener.tls is not None and listener.tls.min_version == "1.2":
            message = "TLS 1.2 is spoken to those who ask for it. Remove min_version once no client needs it"
            path = ("server", "listen", index, "tls", "min_version")
            yield AuditFinding("tls-version", Severity.NOTE, path, message)
