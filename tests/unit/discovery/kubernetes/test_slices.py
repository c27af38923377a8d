"""What EndpointSlices mean as targets."""

from __future__ import annotations

from typing import Any

import pytest

from vizgate.discovery.kubernetes.slices import Wanted, read_slice, targets_of
from vizgate.extension.kinds.discovery import DiscoveredTarget, DiscoveryFailed

HTTP = [{"name": "http", "port": 80}]


def endpoint(address: str, **conditions: bool) -> dict[str, Any]:
    return {"addresses": [address], "conditions": conditions}


def slice_of(*endpoints: dict[str, Any], ports: Any = HTTP, family: str = "IPv4") -> dict[str, Any]:
    return {"addressType": family, "ports": ports, "endpoints": list(endpoints)}


def found(*slices: dict[str, Any], wanted: Wanted | None = None) -> list[tuple[str, bool]]:
    wanted = wanted or Wanted()
    parts = [read_slice(document, wanted) for document in slices]
    return [(target.address, target.is_leaving) for target in targets_of(parts, wanted)]


def test_unknown_condition_is_ready() -> None:
    """The API wants an unknown state to be taken for ready."""
    assert [("10.0.0.1:80", False)] == found(slice_of({"addresses": ["10.0.0.1"]}))


def test_only_the_first_address_of_a_pod_counts() -> None:
    """All of them are of one pod."""
    assert [("10.0.0.1:80", False)] == found(slice_of({"addresses": ["10.0.0.1", "10.0.0.2"]}))


def test_pod_that_moves_between_slices_is_one_target() -> None:
    """Ready in one of them is ready, whatever the order."""
    ready, leaving = endpoint("10.0.0.1", ready=True), endpoint("10.0.0.1", ready=False, serving=True, terminating=True)
    other = endpoint("10.0.0.2", ready=True)
    for slices in ([ready, leaving], [leaving, ready]):
        assert [("10.0.0.1:80", False), ("10.0.0.2:80", False)] == found(*map(slice_of, slices), slice_of(other))


def test_pods_that_end_serve_where_nobody_is_ready() -> None:
    """As kube-proxy has it (KEP-1669): a service that is being replaced must not be without any."""
    ending = endpoint("10.0.0.1", ready=False, serving=True, terminating=True)
    assert [("10.0.0.1:80", False)] == found(slice_of(ending, endpoint("10.0.0.2", ready=False, serving=False)))


def test_pod_with_two_families_is_one_target() -> None:
    """IPv4 where there is some; another family on request; host names where there is nothing else."""
    slices = [slice_of(endpoint("fd00::1"), family="IPv6"), slice_of(endpoint("10.0.0.1"))]
    assert [("10.0.0.1:80", False)] == found(*slices)
    assert [("[fd00::1]:80", False)] == found(*slices, wanted=Wanted(family="IPv6"))
    assert [("[fd00::1]:80", False)] == found(slices[0])
    assert [("db.example:80", False)] == found(slice_of(endpoint("db.example"), family="FQDN"))
    assert [] == found(*slices, wanted=Wanted(family="FQDN"))


def test_port_without_a_number_is_every_port() -> None:
    """Whoever wants a number gets it; a name leads to none."""
    anything = slice_of(endpoint("10.0.0.1"), ports=[{"name": "", "port": None}])
    assert [("10.0.0.1:9000", False)] == found(anything, wanted=Wanted(port=9000))
    with pytest.raises(DiscoveryFailed, match="no port is 'http'"):
        found(anything, wanted=Wanted(port="http"))


def test_slice_without_pods_asks_for_no_port() -> None:
    """A service that has none at present is empty, not misconfigured."""
    assert [] == found(slice_of(ports=None), slice_of(ports=[]), wanted=Wanted(port="http"))
    assert [] == found()


def test_zone_and_name_are_told() -> None:
    """For `server.zone`, and for certificates."""
    wanted = Wanted(scheme="https", server_name="api.shop.svc")
    part = read_slice(slice_of({"addresses": ["10.0.0.1"], "zone": "eu-1a"}), wanted)
    assert (DiscoveredTarget("10.0.0.1", 80, "https", zone="eu-1a", server_name="api.shop.svc"),) == targets_of(
        [part], wanted
    )


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"addressType": "IPv4", "ports": 3},
        {"addressType": "IPv4", "ports": ["x"], "endpoints": []},
        {"addressType": "IPv4", "ports": HTTP, "endpoints": [{"addresses": []}]},
        {"addressType": "IPv4", "ports": HTTP, "endpoints": [{"addresses": [None]}]},
        {"addressType": "IPv4", "ports": HTTP, "endpoints": [{"addresses": ["a b"]}]},
        {"addressType": "IPv4", "ports": [{"port": "x"}], "endpoints": [{"addresses": ["10.0.0.1"]}]},
    ],
)
def test_what_is_no_slice_fails(document: Any) -> None:
    """With one error, whatever is wrong."""
    with pytest.raises(DiscoveryFailed, match="cannot be read"):
        read_slice(document, Wanted())
