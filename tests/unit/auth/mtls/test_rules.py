"""The rules of which certificates a listener lets in."""

from __future__ import annotations

from typing import Any

import pytest

from vizgate.auth.mtls.rules import CertificateRules

CERTIFICATE: dict[str, Any] = {
    "subject": ((("organizationName", "Example"),), (("commonName", "billing"),)),
    "subjectAltName": (
        ("DNS", "a.jobs.example"), ("DNS", "b.example"), ("URI", "spiffe://example.org/ns/jobs"),
        ("email", "a@b.example"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "is_in"),
    [
        ("common_name:billing", True), ("common_name:bill*", True), ("common_name:Billing", False),
        ("dns:b.example", True), ("dns:*.jobs.example", True), ("dns:*.example.org", False),
        ("email:*@b.example", True), ("uri:spiffe://example.org/*", True),
        ("spiffe:spiffe://example.org/ns/*", True), ("spiffe:spiffe://example.com/*", False),
    ],
)  # fmt: skip
def test_rule_holds_for_any_name_of_its_kind(rule: str, is_in: bool) -> None:
    """One name that fits is enough, and a name of another kind is none."""
    assert is_in == CertificateRules(["dns:nobody", rule]).match(CERTIFICATE)


def test_spiffe_wants_one_uri() -> None:
    """X509-SVID 2: with two URIs a certificate is no SPIFFE identity, whichever of them would fit."""
    names = (*CERTIFICATE["subjectAltName"], ("URI", "spiffe://example.org/other"))
    assert not CertificateRules(["spiffe:spiffe://example.org/*"]).match(CERTIFICATE | {"subjectAltName": names})


def test_certificate_without_names_is_not_let_in() -> None:
    """Nothing fits nothing, not even a star."""
    rules = CertificateRules(["dns:*", "uri:*", "email:*", "common_name:*"])
    assert not rules.match({})


@pytest.mark.parametrize("rule", ["", "billing", "serial:1", "dns:", "dns:*.*", "spiffe:*", "spiffe:example.org/*"])
def test_rule_of_another_form_is_refused(rule: str) -> None:
    """A rule that would never hold, or always, is an error."""
    with pytest.raises(ValueError, match=r"is no rule|has more than one|names no trust domain"):
        CertificateRules([rule])
