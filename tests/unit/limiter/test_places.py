"""Places that requests of this process hold."""

from __future__ import annotations

import asyncio

import pytest

from tests.unit.limiter.stores import LocalStore, RemoteStore, until
from vizgate.limiter.places import Place, Places
from vizgate.limiter.programs.concurrency import TAKE, place_settings
from vizgate.limiter.rules import CONCURRENCY
from vizgate.testing import ManualClock

SETTINGS = place_settings(1, 100.0)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(params=[LocalStore, RemoteStore])
def store(request: pytest.FixtureRequest, clock: ManualClock) -> LocalStore:
    return request.param(clock)


def take(places: Places, store: LocalStore) -> Place | None:
    result = store.step(CONCURRENCY, b"k", (TAKE, 0.0, *SETTINGS))
    return places.hold(b"k", SETTINGS, result[4]) if result[0] else None


async def test_place_that_is_renewed_outlives_its_lease(store, clock):
    """A tunnel of hours counts for hours; once it has ended, its place is free at once."""
    places = Places(store, 100.0)
    place = take(places, store)
    for _ in range(50):
        clock.advance(25.0)
        await places.renew()
        assert take(places, store) is None
    place.release()
    await places.stop()
    assert take(places, store) is not None


async def test_place_that_is_released_while_it_is_renewed_is_given_back_once(clock):
    """A renewal that crosses the release neither keeps the place nor frees another's."""
    store = RemoteStore(clock)
    places = Places(store, 100.0)
    place = take(places, store)
    clock.advance(60.0)
    store.goes_on.clear()
    renewing = asyncio.ensure_future(places.renew())
    await until(lambda: len(store.runs) >= 2)
    place.release()
    place.release()
    store.goes_on.set()
    await renewing
    await places.stop()
    assert {} == store.cells
    assert ["concurrency"] * 3 == [name for name, _ in store.runs]


async def test_failing_store_leaves_places_to_their_leases(store, clock):
    """Neither releasing nor renewing raises while the store is away; the lease frees the place."""
    places = Places(store, 100.0)
    first = take(places, store)
    store.fails = True
    await places.renew()
    first.release()
    await places.stop()
    store.fails = False
    assert take(places, store) is None
    clock.advance(150.0)
    assert take(places, store) is not None


async def test_places_are_renewed_until_stop(store):
    """What starts is a task that ends with ``stop``, which may be called without ``start``."""
    places = Places(store, 100.0)
    await places.stop()
    places.start()
    assert "<Places [0 held, 0 being given back]>" == repr(places)
    await places.stop()
    await places.stop()


async def test_started_places_are_renewed_by_themselves(store, caplog):
    """Whoever holds a place need not do anything to keep it, also after a renewal that went wrong."""
    places = Places(store, 0.0)
    take(places, store)
    places.start()
    await until(lambda: len(store.runs) >= 3)
    store.step = None
    await until(lambda: "places could not be renewed" in caplog.messages)
    del store.step
    runs = len(store.runs)
    await until(lambda: len(store.runs) >= runs + 2)
    await places.stop()
