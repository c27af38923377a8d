"""Which clients a listener lets in, by the names in their certificates.

In: ``CertificateRules``. Not in: whether a certificate is good, which the handshake finds out, and who the user is
(``auth.mtls.authenticator``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from vizgate.auth.mtls.names import NamePatterns, names_in

_KINDS = ("spiffe", "dns", "uri", "email", "common_name")
_SPIFFE = "spiffe://"


class CertificateRules:
    """Rules such as ``spiffe:spiffe://example.org/jobs/*``, ``dns:*.example.org``, ``common_name:billing``.

    Raises: ValueError: a rule of another form.
    """

    __slots__ = ("_patterns",)

    def __init__(self, rules: Iterable[str]) -> None:
        by_kind: dict[str, list[str]] = {}
        for rule in rules:
            kind, _, pattern = rule.partition(":")
            if kind not in _KINDS or not pattern:
                raise ValueError(f"{rule!r} is no rule. Write {', '.join(f'{kind}:' for kind in _KINDS)} and a name")
            if kind == "spiffe" and (not pattern.startswith(_SPIFFE) or pattern == f"{_SPIFFE}*"):
                raise ValueError(f"{rule!r} names no trust domain. Write for example spiffe:spiffe://example.org/*")
            by_kind.setdefault(kind, []).append(pattern)
        self._patterns = {kind: NamePatterns(patterns) for kind, patterns in by_kind.items()}

    def match(self, certificate: Mapping[str, Any]) -> bool:
        """Whether any rule holds for a name in *certificate*."""
        return any(
            patterns.match(name)
            for kind, patterns in self._patterns.items()
            for name in (_spiffe_ids(certificate) if kind == "spiffe" else names_in(certificate, kind))
        )

    def __repr__(self) -> str:
        return f"<CertificateRules [{', '.join(self._patterns)}]>"


def _spiffe_ids(certificate: Mapping[str, Any]) -> list[str]:
    # X509-SVID 2: "An X.509 SVID MUST contain exactly one URI SAN"; with several, each reader takes another.
    names = list(names_in(certificate, "uri"))
    return names if len(names) == 1 and names[0].startswith(_SPIFFE) else []
