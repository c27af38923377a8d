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
