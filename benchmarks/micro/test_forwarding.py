"""What the forwarding rules cost per request: sorting a head's fields, and telling the upstream where it came from."""

from __future__ import annotations

import ipaddress

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from vizgate.message.forwarding import ASSERTED, PeerForwarding, TrustRules
from vizgate.message.headers import Field
from vizgate.wire.fields import FieldSorter

PLAIN: list[Field] = [(b"Host", b"shop.example"), *((b"X-Field-%d" % number, b"value") for number in range(9))]
CONNECTION: list[Field] = [*PLAIN, (b"Connection", b"keep-alive, X-Field-3"), (b"Keep-Alive", b"timeout=5")]
CLAIMS: list[Field] = [*PLAIN, (b"X-Forwarded-For", b"192.0.2.7, 10.0.0.9"), (b"X-Forwarded-Proto", b"https")]
TRUSTING = TrustRules((ipaddress.ip_network("10.0.0.0/8"),))


@pytest.mark.parametrize("fields", [PLAIN, CONNECTION, CLAIMS], ids=["plain", "connection-named", "claims"])
def test_sort_fields(benchmark: BenchmarkFixture, fields: list[Field]) -> None:
    """Ten to twelve fields, with nothing special, with hop-by-hop fields, with what a client asserts."""
    sorter = FieldSorter(ASSERTED, drop_underscored=True)
    assert benchmark(sorter.sort, fields).hosts == (b"shop.example",)


def test_provenance_untrusted(benchmark: BenchmarkFixture) -> None:
    """The usual case: nobody is trusted and nothing is claimed."""
    forwarding = PeerForwarding(TrustRules(), "192.0.2.7", "http")
    assert benchmark(forwarding.provenance, (), b"shop.example", 1).client == "192.0.2.7"


def test_provenance_untrusted_claims(benchmark: BenchmarkFixture) -> None:
    """A client that is not trusted claims to be somebody else."""
    forwarding = PeerForwarding(TrustRules(), "192.0.2.7", "http")
    claims = FieldSorter(ASSERTED).sort([(b"X-Forwarded-For", b"198.51.100.1")]).asserted
    assert benchmark(forwarding.provenance, claims, b"shop.example", 1).client == "192.0.2.7"


def test_provenance_trusted_chain(benchmark: BenchmarkFixture) -> None:
    """A trusted proxy in front names a chain of two."""
    forwarding = PeerForwarding(TRUSTING, "10.0.0.1", "http")
    claims = FieldSorter(ASSERTED).sort(CLAIMS).asserted
    assert benchmark(forwarding.provenance, claims, b"shop.example", 1).client == "192.0.2.7"


def test_connection_setup(benchmark: BenchmarkFixture) -> None:
    """What one new downstream connection pays."""
    assert benchmark(PeerForwarding, TRUSTING, "10.0.0.1", "http").is_trusted
