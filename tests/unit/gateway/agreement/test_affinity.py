"""One key for the affinity cookies of all gateways of a store."""

from __future__ import annotations

import logging

import pytest

from tests.unit.gateway.agreement.fleet import Member, SharedTable
from vizgate.gateway.agreement.affinity import key_of


async def test_gateways_of_one_store_have_one_key() -> None:
    """Whoever comes first draws it, and nobody else's is used."""
    store = SharedTable()
    members = [Member(store) for _ in range(3)]
    for member in members:
        await member.look()
    assert 1 == len({member.key for member in members})
    strangers = Member(SharedTable())
    await strangers.look()
    assert strangers.key != members[0].key


async def test_store_that_lost_everything_gets_the_same_key_back() -> None:
    """One that knows the key is enough for a newcomer to have it, too."""
    store = SharedTable()
    first, other = Member(store), Member(store)
    for member in (first, other):
        await member.look()
    key = first.key
    store.forget()
    await first.look()
    newcomer = Member(store)
    await newcomer.look()
    assert [key, key] == [first.key, newcomer.key]


async def test_store_away_at_the_start_costs_nobody_its_place() -> None:
    """Each gateway has a key of its own until then, and believes it afterwards."""
    store = SharedTable()
    store.is_away = True
    one, other = Member(store), Member(store)
    own = one.key
    for member in (one, other):
        await member.look()
    assert own == one.key != other.key
    store.is_away = False
    for member in (one, other):
        await member.look()
    assert one.key == other.key
    assert own == one.state.affinity_key.former


async def test_another_key_in_the_store_is_taken_and_told(caplog: pytest.LogCaptureFixture) -> None:
    """Two parts of a fleet that drew apart come together, and the log says that it happened."""
    store = SharedTable()
    one = Member(store)
    await one.look()
    was = one.key
    store.forget()
    await Member(store).look()
    with caplog.at_level(logging.WARNING):
        await one.look()
        await one.look()
    assert was == one.state.affinity_key.former
    assert 1 == caplog.text.count("another key than before")


async def test_key_is_not_asked_for_where_nobody_signs() -> None:
    """Without affinity, or with a secret for it, nothing is left in the store."""
    store = SharedTable()
    secret = "affinity: {cookie: vz, secret: 0123456789abcdef0123456789abcdef}"
    for parts in ("required: false", secret):
        await Member(store, users=parts).look()
    assert [] == store.taken()


def test_key_is_made_of_all_that_was_drawn() -> None:
    """Every number counts, and its place does."""
    assert 32 == len(key_of((1.0, 2.0, 3.0, 4.0)))
    assert 3 == len({key_of((1.0, 2.0, 3.0, 4.0)), key_of((2.0, 1.0, 3.0, 4.0)), key_of((1.0, 2.0, 3.0, 5.0))})
