"""The audit of certificates and of TLS on listeners."""

from __future__ import annotations

from pathlib import Path

import pytest

from vizgate.config import load_text
from vizgate.config.audit.audit import audit
from vizgate.config.audit.rule import Severity
from vizgate.config.audit.view import SeenCertificate
from vizgate.config.model import GatewayConfig

NOW_S = 1_800_000_000.0
DAY_S = 86_400.0
AT = ("server", "listen", 0, "tls", "cert")


@pytest.mark.parametrize(
    ("begins", "ends", "weakness", "wanted"),
    [
        (-1, 90, "", []),
        (-1, 15, "", []),
        (-1, 13, "", ["the certificate ends in 13 days. Renew it"]),
        (-9, -2, "", ["the certificate has ended 2 days ago. Renew it"]),
        (1, 90, "", ["the certificate begins in 1.0 days only. Take one that is good now"]),
        (
            -1,
            90,
            "its key has 1024 bits only",
            ["the certificate is weak: its key has 1024 bits only. Have a new one made"],
        ),
    ],
)
def test_certificate_that_is_not_good_for_long(begins: int, ends: int, weakness: str, wanted: list[str]) -> None:
    """Warnings, at the place of the setting."""
    seen = SeenCertificate(AT, NOW_S + begins * DAY_S, NOW_S + ends * DAY_S, weakness)
    found = audit(GatewayConfig(), NOW_S, [seen])
    assert wanted == [one.message for one in found]
    assert all((one.severity, one.path) == (Severity.WARNING, AT) for one in found)


def test_old_version_is_noted(tmp_path: Path) -> None:
    """TLS 1.2 was asked for, so it is a note and no warning."""
    (tmp_path / "a.pem").write_text("")
    text = (
        "server: {listen: [{address: a:1, tls: {cert: a.pem}}, {address: a:2, tls: {cert: a.pem, min_version: '1.2'}}]}"
    )
    found = audit(load_text(text, base=tmp_path, environment={}), NOW_S)
    assert [("tls-version", Severity.NOTE, 1)] == [(one.rule, one.severity, one.path[2]) for one in found]
