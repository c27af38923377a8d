"""Certificates of listeners that should not be as they are.

In: rules about what has been read of them. Not in: reading certificates (``transport.certificates``), and what is
refused outright.
"""

from __future__ import annotations

from collections.abc import Iterator

from vizgate.config.audit.rule import Rule, Severity
from vizgate.config.audit.view import AuditView, SeenCertificate
from vizgate.config.problems import Finding

_DAY_S = 86_400.0
#: As the log of a running gateway warns (``gateway.listening.renewal``).
_SOON_DAYS = 14.0


def _validity(view: AuditView) -> Iterator[Finding]:
    for seen in view.certificates:
        fault = _fault_of(seen, view.now_s)
        if fault:
            yield Finding(seen.path, fault)


def _fault_of(seen: SeenCertificate, now_s: float) -> str:
    days = (seen.ends_s - now_s) / _DAY_S
    if days < 0:
        return f"the certificate has ended {-days:.0f} days ago. Renew it"
    if seen.begins_s > now_s:
        return f"the certificate begins in {(seen.begins_s - now_s) / _DAY_S:.1f} days only. Take one that is good now"
    return f"the certificate ends in {days:.0f} days. Renew it" if days < _SOON_DAYS else ""


def _weakness(view: AuditView) -> Iterator[Finding]:
    for seen in view.certificates:
        if seen.weakness:
            yield Finding(seen.path, f"the certificate is weak: {seen.weakness}. Have a new one made")


RULES = (
    Rule(
        "certificate-validity",
        Severity.WARNING,
        "A certificate has ended, ends within 14 days, or is not good yet",
        "Clients refuse it. Renew it; a new file is used without a restart.",
        _validity,
    ),
    Rule(
        "certificate-weak",
        Severity.WARNING,
        "A certificate has a short key or a weak signature",
        "It can be forged with means that exist. Have a new one made: ECDSA P-256, or RSA with 2048 bits, and SHA-256.",
        _weakness,
    ),
)
