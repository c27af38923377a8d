"""The rules of services as several workers see them, told as one."""

from __future__ import annotations

from vizgate.gateway.operations.calls.services import merge_service
from vizgate.gateway.operations.operation import Document
from vizgate.gateway.operations.table import OPERATIONS


def service(blocked: list[str], in_flight: int | None, breaker: str) -> Document:
    target = {
        "target": "h:1", "weight": 1, "fit": not blocked, "blocked": blocked, "in_flight": in_flight, "breaker": breaker
    }  # fmt: skip
    return {"name": "a", "available": not blocked, "required": False, "balancer": "random", "targets": [target]}


def test_target_is_fit_where_every_worker_may_ask_it() -> None:
    """Every reason is told, in one order; what is in flight is in flight in all."""
    merged = merge_service([service([], 2, "closed"), service(["open", "drained"], 3, "open")])
    assert {
        "target": "h:1", "weight": 1, "fit": False, "blocked": ["drained", "open"], "in_flight": 5, "breaker": "open"
    } == merged["targets"][0]  # fmt: skip
    assert merged["available"]


def test_what_nobody_counts_stays_untold() -> None:
    """Half of a number would be none."""
    assert merge_service([service([], None, "closed")] * 2)["targets"][0]["in_flight"] is None


def test_services_are_merged_one_by_one() -> None:
    """By their place, which is the same everywhere."""
    document = {"services": [service([], 1, "closed")]}
    assert 3 == OPERATIONS["services"].merge([document] * 3)["services"][0]["targets"][0]["in_flight"]


def test_targets_are_merged_by_address() -> None:
    """Sources of targets run in each worker, and need not agree at every moment."""
    one, other = service([], 1, "closed"), service([], 2, "closed")
    other["targets"] = [{**other["targets"][0], "target": "i:1"}, *other["targets"]]
    merged = merge_service([one, other])
    assert {"h:1": 3, "i:1": 2} == {target["target"]: target["in_flight"] for target in merged["targets"]}


def test_of_sources_the_one_that_knows_least_is_told() -> None:
    """Its age, or that it has never had an answer; failures of all are counted."""
    ages = (3.0, None, 8.0)
    documents = [
        {**service([], 1, "closed"), "discovery": {"source": "dns a", "age_seconds": age, "failures": 2}}
        for age in ages
    ]
    assert {"source": "dns a", "age_seconds": None, "failures": 6} == merge_service(documents)["discovery"]
    assert 8.0 == merge_service(documents[::2])["discovery"]["age_seconds"]
    assert "discovery" not in merge_service([service([], 1, "closed")])
