"""A source of DNS records before it asks anybody."""

from __future__ import annotations

import sys

import pytest

from vizgate.discovery.dns.config import DnsDiscoveryConfig
from vizgate.discovery.dns.records import Naming
from vizgate.discovery.dns.resolver import DnsMissing
from vizgate.discovery.dns.source import DnsDiscovery


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the configuration is compiled, not when the first request comes."""
    monkeypatch.setitem(sys.modules, "dns", None)
    with pytest.raises(DnsMissing, match=r"pip install 'vizgate\[discovery\]'"):
        DnsDiscovery(DnsDiscoveryConfig(kind="dns", name="a", port=80))


@pytest.mark.parametrize(
    ("queried", "name"),
    [
        ("api.internal.", "api.internal"),
        ("_http._tcp.api.internal", "api.internal"),
        ("_odd", "_odd"),
        ("a._b", "a._b"),
    ],
)
def test_certificates_must_be_for_the_name_that_was_configured(queried: str, name: str) -> None:
    """Labels of a service before it are no part of it (RFC 6125 1.8)."""
    assert Naming("https", name) == Naming.of("https", queried)
