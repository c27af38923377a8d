"""The rules of operations as values: their table, merging, what stands."""

from __future__ import annotations

from vizgate.gateway.operations.operation import changed, merge_changes
from vizgate.gateway.operations.standing import StandingOrders
from vizgate.gateway.operations.table import OPERATIONS
from vizgate.testing import ManualClock


def test_change_is_never_a_get() -> None:
    """What only looks is safe, and nothing else is."""
    for operation in OPERATIONS.values():
        assert operation.is_change == (operation.method != "GET"), operation


def test_changes_of_several_workers_tell_every_difference() -> None:
    """What all of them say is told once."""
    one, other = changed("closed", "open", {"n": 1}), changed("half_open", "open", {"n": 1})
    assert changed(["closed", "half_open"], "open", {"n": 1}) == merge_changes()([one, other])


def test_last_word_about_a_thing_stands() -> None:
    """Under one key there is one order; the others keep their turn."""
    orders = StandingOrders(ManualClock())
    drain, force, close = (OPERATIONS[name] for name in ("drain_target", "open_breaker", "close_breaker"))
    orders.remember(force, {"service": "a"})
    orders.remember(drain, {"service": "a", "target": "http://h:1"})
    orders.remember(close, {"service": "a"})
    assert [("drain_target", {"service": "a", "target": "http://h:1"}), ("close_breaker", {"service": "a"})] == list(
        orders
    )


def test_undone_order_is_forgotten() -> None:
    """However the target is written; so nothing grows."""
    orders = StandingOrders(ManualClock())
    orders.remember(OPERATIONS["drain_target"], {"service": "a", "target": "http://h:1"})
    orders.remember(OPERATIONS["enable_target"], {"service": "a", "target": "h:1"})
    orders.remember(OPERATIONS["free_breaker"], {"service": "a"})
    assert 0 == len(orders)


def test_looking_is_no_order() -> None:
    """Nothing is left of it."""
    orders = StandingOrders(ManualClock())
    orders.remember(OPERATIONS["services"], {})
    assert [] == list(orders)


def test_orders_whose_time_is_over_are_forgotten() -> None:
    """Whoever blocks an address for an hour, again and again, leaves an hour's worth of orders behind."""
    clock = ManualClock()
    orders = StandingOrders(clock)
    for number in range(3):
        orders.remember(OPERATIONS["block"], {"network": f"10.0.0.{number}", "until": clock.wall() + 60.0})
        clock.advance(40.0)
    assert ["10.0.0.2"] == [arguments["network"] for _, arguments in orders]
    clock.advance(60.0)
    assert [] == list(orders)


def test_orders_have_a_bound() -> None:
    """Targets that were discovered, drained and are gone leave nothing that grows."""
    orders = StandingOrders(ManualClock(), 100)
    for number in range(110):
        orders.remember(OPERATIONS["drain_target"], {"service": "a", "target": f"h{number}:1"})
    assert 100 == len(orders)
    assert "h10:1" == next(iter(orders))[1]["target"]
