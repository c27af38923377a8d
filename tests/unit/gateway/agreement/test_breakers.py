"""What an operator says about breakers, at whichever gateway of a store."""

from __future__ import annotations

import logging
import random
from itertools import pairwise

import pytest

from tests.unit.gateway.agreement.fleet import Member, SharedTable
from vizgate.breaker.machine import State
from vizgate.gateway.adoption.draft import StateDraft
from vizgate.gateway.agreement.programs import KEEP_LATEST
from vizgate.gateway.service_parts.breakers import force_breakers

ALL, USERS = "agreement:breakers", "agreement:breaker:users"
BREAKER = "breaker: {}"


def members(store: SharedTable, count: int = 2, **services: str) -> list[Member]:
    return [Member(store, **services or {"users": BREAKER}) for _ in range(count)]


async def look(*several: Member) -> None:
    for member in several:
        await member.look()


@pytest.mark.parametrize("parts", [BREAKER, "breaker: {scope: service}"])
async def test_word_said_at_one_gateway_holds_at_all(parts: str) -> None:
    """Open, closed, and back to the rules; a gateway that starts later follows as well."""
    store = SharedTable()
    one, other = members(store, users=parts)
    await look(one, other)
    for word, state in (("open", State.OPEN), ("close", State.CLOSED), ("auto", None)):
        assert force_breakers(one.state, "users", word)
        await look(one, other)
        later = Member(store, users=parts)
        await look(later)
        assert [{state}] * 3 == [member.forced() for member in (one, other, later)]


async def test_one_question_as_long_as_nobody_says_anything() -> None:
    """However many services there are."""
    store = SharedTable()
    one, other = members(store, users=BREAKER, orders=BREAKER, cases="required: false")
    await look(one, other)
    store.taken()
    await look(one, other)
    assert [ALL, ALL] == store.taken()
    force_breakers(one.state, "users", "open")
    await look(one, other)
    store.taken()
    await look(one, other)
    assert [ALL, ALL] == store.taken()


async def test_every_word_is_looked_at_now_and_then() -> None:
    """A gateway that died before it told when it spoke was heard all the same, and nothing that holds expires."""
    store = SharedTable()
    (one,) = members(store, 1)
    for _ in range(60):
        await look(one)
    assert 3 == store.taken().count(USERS)


async def test_services_without_breakers_are_not_spoken_of() -> None:
    """There nothing is asked at all."""
    store = SharedTable()
    (one,) = members(store, 1, users="required: false")
    await look(one)
    assert not force_breakers(one.state, "users", "open")
    assert [] == store.taken()


async def test_word_said_while_the_store_is_away_is_said_when_it_is_back(caplog: pytest.LogCaptureFixture) -> None:
    """Until then it holds here alone, and the log says so once."""
    store = SharedTable()
    one, other = members(store)
    await look(one, other)
    store.is_away = True
    force_breakers(one.state, "users", "open")
    with caplog.at_level(logging.INFO):
        await look(one, one, one, other)
        assert [{State.OPEN}, {None}] == [one.forced(), other.forced()]
        store.is_away = False
        await look(one, other)
    assert [{State.OPEN}] * 2 == [one.forced(), other.forced()]
    assert 1 == caplog.text.count("the store does not answer: away")
    assert 1 == caplog.text.count("agrees with the others again")


async def test_store_that_lost_everything_learns_it_again() -> None:
    """Whoever knows the last word says it; one that starts afterwards follows."""
    store = SharedTable()
    one, other = members(store)
    force_breakers(one.state, "users", "open")
    await look(one, other)
    store.forget()
    await look(other)
    later = Member(store, users=BREAKER)
    await look(later, one)
    assert [{State.OPEN}] * 3 == [member.forced() for member in (one, other, later)]


async def test_last_word_wins_whatever_the_clocks_say() -> None:
    """An operator at a gateway whose clock is an hour behind takes back what he sees."""
    store = SharedTable()
    one, late = Member(store, 1e9, users=BREAKER), Member(store, 1e9 - 3600, users=BREAKER)
    force_breakers(one.state, "users", "open")
    await look(one, late)
    force_breakers(late.state, "users", "auto")
    await look(late, one)
    assert [{None}] * 2 == [one.forced(), late.forced()]


async def test_word_that_is_repeated_to_a_late_worker_is_no_new_one() -> None:
    """It counts only if nobody has said anything since; what an operator says now always does."""
    store = SharedTable()
    (one,) = members(store, 1)
    said_s = one.state.clock.wall()
    assert force_breakers(one.state, "users", "open", said_s)
    await look(one)
    one.state.clock.advance(100)
    force_breakers(one.state, "users", "auto", one.state.clock.wall())
    await look(one)
    late = Member(store, 1e9 + 100, users=BREAKER)
    await look(late)
    assert force_breakers(late.state, "users", "open", said_s)
    assert {None} == late.forced()
    alone = Member(SharedTable(), 1e9 + 100, users=BREAKER)
    assert force_breakers(alone.state, "users", "open", said_s)
    assert {State.OPEN} == alone.forced()
    assert not force_breakers(alone.state, "other", "open", said_s)


async def test_word_that_several_workers_are_told_is_one(caplog: pytest.LogCaptureFixture) -> None:
    """None of them learns from another what it is told itself, in whichever order that happens."""
    store = SharedTable()
    fleet = members(store, 3)
    said_s = fleet[0].state.clock.wall()
    with caplog.at_level(logging.INFO):
        for member in fleet[:2]:
            force_breakers(member.state, "users", "open", said_s)
        await look(*fleet[:2])
        assert "" == caplog.text
        await look(fleet[2])
        force_breakers(fleet[2].state, "users", "open", said_s)
        await look(*fleet)
    assert 1 == caplog.text.count("breaker open")
    assert 1 == len({member.state.breaker_words.about("users") for member in fleet})


async def test_word_about_a_service_that_comes_with_a_reload_is_found() -> None:
    """What was said before this gateway had the service holds for it then; for a target that comes later, at once."""
    store = SharedTable()
    one, other = members(store, users=BREAKER)
    other.load(users=BREAKER, orders=BREAKER)
    force_breakers(other.state, "orders", "open")
    await look(other, one)
    one.load(users=BREAKER, orders=BREAKER)
    await look(one)
    assert [{None}, {State.OPEN}] == [one.forced(), one.forced("orders")]
    draft = StateDraft(one.state)
    later = draft.breaker(draft.target("orders", "127.0.0.1:9"), next(iter(one.state.breakers.values())).settings)
    force_breakers(one.state, "orders", "auto")
    force_breakers(one.state, "orders", "open")
    draft.adopt()
    assert (State.OPEN, True) == (later.state, later.is_forced)


async def test_breaker_that_opened_by_itself_is_left_alone() -> None:
    """Words that change nothing for a service move none of its breakers."""
    store = SharedTable()
    one, other = members(store, users=BREAKER, orders=BREAKER)
    await look(one, other)
    (machine,) = (machine for key, machine in other.state.breakers.items() if key.service == "users")
    for _ in range(20):
        machine.record(machine.period, 1, 0.0)
    until_s = machine.until_s
    force_breakers(one.state, "orders", "open")
    force_breakers(one.state, "users", "auto")
    await look(one, other)
    assert (State.OPEN, until_s) == (machine.state, until_s)


@pytest.mark.parametrize("seed", range(20))
async def test_gateways_agree_in_the_end_whatever_happens(seed: int) -> None:
    """Operators speak anywhere, the store is away and forgets, gateways come: when all is quiet, they agree."""
    chance, store = random.Random(seed), SharedTable()
    fleet = members(store, 3, users=BREAKER, orders=BREAKER)
    for _ in range(60):
        event = chance.randrange(8)
        member = chance.choice(fleet)
        if event == 0:
            store.is_away = not store.is_away
        elif event == 1:
            store.forget()
        elif event == 2 and len(fleet) < 5:
            fleet += members(store, 1, users=BREAKER, orders=BREAKER)
        elif event == 3:
            force_breakers(member.state, chance.choice(["users", "orders"]), chance.choice(["open", "close", "auto"]))
        else:
            await look(member)
    store.is_away = False
    for _ in range(3):
        await look(*fleet)
    for service in ("users", "orders"):
        words = [member.state.breaker_words.about(service) for member in fleet]
        assert all(one == other for one, other in pairwise(words)), f"{service}: {words}"
        assert 1 == len(set(map(frozenset, (member.forced(service) for member in fleet))))


async def test_rubbish_in_the_store_says_nothing() -> None:
    """A word that nobody knows is no word."""
    store = SharedTable()
    (one,) = members(store, 1)
    for value in (7.0, -1.0, 0.5):
        await store.run(KEEP_LATEST, USERS.encode(), (60.0, 2e9, value))
        await look(one)
    assert {None} == one.forced()
