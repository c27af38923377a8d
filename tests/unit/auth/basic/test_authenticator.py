"""User name and password: bounded work, remembered success, and no way to tell who exists."""

from __future__ import annotations

import asyncio
import base64
import sys

import argon2
import pytest

from vizgate.auth.basic import authenticator as module
from vizgate.auth.basic.authenticator import BasicAuthenticator
from vizgate.auth.basic.config import BasicConfig
from vizgate.auth.basic.passwords import Passwords, PasswordsMissing, decoy_of, hash_password
from vizgate.extension.contract import Context
from vizgate.extension.kinds.authenticator import AuthenticationUnavailable, CredentialRefused
from vizgate.message.headers import Headers
from vizgate.message.identity import Identity
from vizgate.pipeline.request import Request
from vizgate.testing import ManualClock

# The least that argon2 takes, so that the tests are quick.
HASH = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("right")


def showing(password: str, user: str = "ann", *more: tuple[str, str]) -> Request:
    value = base64.b64encode(f"{user}:{password}".encode()).decode()
    return Request("GET", b"/", Headers.of([("Authorization", f"Basic {value}"), *more]))


class Gate:
    """Stands in for the threads: counts checks, and holds them until it is opened."""

    def __init__(self, concurrency: int = 0) -> None:
        self.checked: list[tuple[str, str]] = []
        self.open = asyncio.Event()
        self.open.set()

    async def is_right(self, password_hash: str, password: str) -> bool:
        self.checked.append((password_hash, password))
        await self.open.wait()
        return password == "right" and password_hash == HASH

    def close(self) -> None:
        pass


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def make(clock):
    started = []

    async def make(**more) -> BasicAuthenticator:
        users = {"ann": {"password_hash": HASH, "tier": "premium", "scopes": ["a"]}}
        config = BasicConfig.model_validate({"kind": "basic", "users": users, **more})
        made = BasicAuthenticator(config, Context(name="people", clock=clock))
        await made.start()
        started.append(made)
        return made

    yield make
    for made in started:
        await made.stop()


@pytest.fixture
def gate(monkeypatch) -> Gate:
    gate = Gate()
    monkeypatch.setattr(module, "Passwords", lambda _: gate)
    return gate


async def outcome(authenticator: BasicAuthenticator, request: Request) -> object:
    try:
        found = authenticator.authenticate(request)
        return found if found is None or isinstance(found, Identity) else await found
    except CredentialRefused as refused:
        return str(refused)


async def test_authenticate_right_password_is_the_user(make):
    """Argon2 decides; what is written about the user becomes the identity."""
    assert Identity("ann", "premium", frozenset({"a"}), "people") == await outcome(await make(), showing("right"))


@pytest.mark.parametrize(("user", "password"), [("ann", "wrong"), ("ann", ""), ("bob", "right"), ("Ann", "right")])
async def test_authenticate_wrong_user_and_wrong_password_sound_alike(make, user, password):
    """The answer tells nobody which of the two was wrong."""
    assert "the user or the password is wrong" == await outcome(await make(), showing(password, user))


async def test_authenticate_unknown_user_costs_a_check(make, gate):
    """The time of an answer does not tell who exists: argon2 runs with the same parameters for a user who does not."""
    await outcome(await make(), showing("x", "bob"))
    assert [(decoy_of(HASH), "x")] == gate.checked


def test_decoy_has_the_cost_and_no_password():
    """A decoy differs in salt and digest alone, and can be checked."""
    decoy = decoy_of(HASH)
    assert argon2.extract_parameters(HASH) == argon2.extract_parameters(decoy)
    assert len(HASH) == len(decoy)
    with pytest.raises(argon2.exceptions.VerifyMismatchError):
        argon2.PasswordHasher().verify(decoy, "right")


async def test_authenticate_good_password_is_remembered_for_a_while(make, gate, clock):
    """The second request with a good password is answered at once; after ``cache_ttl`` it is checked again."""
    authenticator = await make(cache_ttl=60)
    await outcome(authenticator, showing("right"))
    assert isinstance(authenticator.authenticate(showing("right")), Identity)
    clock.advance(60)
    await outcome(authenticator, showing("right"))
    assert 2 == len(gate.checked)


async def test_authenticate_wrong_password_is_remembered_like_a_good_one(make, gate, clock):
    """Shown again, a guess is answered as fast whether it was right or not: the time does not tell past a limit."""
    authenticator = await make(cache_ttl=60)
    for user in ("ann", "bob"):
        await outcome(authenticator, showing("wrong", user))
        with pytest.raises(CredentialRefused, match="the user or the password is wrong"):
            authenticator.authenticate(showing("wrong", user))
    assert (2, 0) == (len(gate.checked), len(authenticator._good))
    clock.advance(60)
    await outcome(authenticator, showing("wrong"))
    assert 3 == len(gate.checked)


async def test_authenticate_guesses_push_out_no_good_password_and_are_bounded(make, gate):
    """However many guesses come, a user who was let in is let in at once."""
    authenticator = await make()
    await outcome(authenticator, showing("right"))
    for number in range(module.REMEMBERED + 100):
        await outcome(authenticator, showing(f"wrong {number}"))
    assert isinstance(authenticator.authenticate(showing("right")), Identity)
    assert module.REMEMBERED == len(authenticator._bad)


async def test_authenticate_what_one_client_has_shown_is_news_from_another(make, gate):
    """Nobody learns by the time of an answer that a password was good for somebody else a moment ago."""
    authenticator = await make()
    for client in ("192.0.2.1", "192.0.2.2", "192.0.2.1"):
        request = showing("right")
        request.client = client
        await outcome(authenticator, request)
    assert 2 == len(gate.checked)


async def test_authenticate_ttl_of_zero_remembers_nothing(make, gate):
    """``cache_ttl: 0`` checks every request."""
    authenticator = await make(cache_ttl=0)
    for _ in range(2):
        await outcome(authenticator, showing("right"))
    assert 2 == len(gate.checked)


async def test_authenticate_same_pair_is_checked_once_at_a_time(make, gate):
    """A browser that opens six connections costs one check."""
    authenticator = await make()
    gate.open.clear()
    waiting = [asyncio.ensure_future(outcome(authenticator, showing("right"))) for _ in range(6)]
    await asyncio.sleep(0)
    gate.open.set()
    assert ["ann"] * 6 == [found.user for found in await asyncio.gather(*waiting)]
    assert 1 == len(gate.checked)


async def test_authenticate_more_checks_than_fit_are_503(make, gate):
    """Over ``concurrency`` and ``queue`` nobody waits: guessing cannot pile up work."""
    authenticator = await make(concurrency=1, queue=2)
    gate.open.clear()
    waiting = [asyncio.ensure_future(outcome(authenticator, showing(str(number)))) for number in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(AuthenticationUnavailable):
        await outcome(authenticator, showing("right"))
    gate.open.set()
    await asyncio.gather(*waiting)
    assert "ann" == (await outcome(authenticator, showing("right"))).user


async def test_authenticate_client_that_leaves_ends_nobody_elses_check(make, gate):
    """A check that two wait for goes on when one of them is gone."""
    authenticator = await make()
    gate.open.clear()
    leaving, staying = (asyncio.ensure_future(outcome(authenticator, showing("right"))) for _ in range(2))
    await asyncio.sleep(0)
    leaving.cancel()
    gate.open.set()
    assert "ann" == (await staying).user


async def test_authenticate_credential_is_taken_out_if_asked(make):
    """With ``strip`` neither the checked nor the remembered password goes on."""
    authenticator = await make(strip=True)
    for _ in range(2):
        request = showing("right", "ann", ("A", "b"))
        await outcome(authenticator, request)
        assert ["A"] == list(request.headers)


async def test_check_at_most_some_at_once():
    """Argon2 takes memory and a core: no more run than ``concurrency`` says."""
    passwords = Passwords(2)
    try:
        assert 2 == passwords._threads._max_workers
        assert await passwords.is_right(HASH, "right")
        assert not await passwords.is_right(HASH, "wrong")
        assert not await passwords.is_right("$argon2id$v=19$m=8,t=1,p=1$AAAA$AA", "right")
    finally:
        passwords.close()


async def test_start_without_the_library_says_what_to_install(monkeypatch):
    """argon2-cffi is an extra; its absence is a clear error at the start, not at the first request."""
    monkeypatch.setitem(sys.modules, "argon2", None)
    config = BasicConfig.model_validate({"kind": "basic", "users": {"ann": {"password_hash": HASH}}})
    with pytest.raises(PasswordsMissing, match=r"Install vizgate\[passwords\]"):
        await BasicAuthenticator(config).start()


def test_hash_password_is_one_that_the_configuration_takes():
    """What ``vizgate keys password`` prints can be written down."""
    made = hash_password("secret")
    assert BasicConfig.model_validate({"kind": "basic", "users": {"a": {"password_hash": made}}})


@pytest.mark.parametrize(
    "written", ["secret", "$argon2id$v=19$m=99999999,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAA", "$2b$12$x"]
)
def test_config_other_text_than_a_hash_is_refused_unshown(written):
    """A password that somebody wrote there by mistake is in no error message."""
    with pytest.raises(ValueError, match="is not an argon2 hash") as caught:
        BasicConfig.model_validate({"kind": "basic", "users": {"a": {"password_hash": written}}})
    assert written not in str(caught.value)


@pytest.mark.parametrize("user", ["", "a:b", "a\n"])
def test_config_user_that_cannot_be_sent_is_refused(user):
    """A name with a colon would never match."""
    with pytest.raises(ValueError, match="no colon"):
        BasicConfig.model_validate({"kind": "basic", "users": {user: {"password_hash": HASH}}})


def test_challenge_names_realm_and_charset(monkeypatch):
    """RFC 7617 2 and 2.1."""
    config = BasicConfig.model_validate({"kind": "basic", "realm": "the shop", "users": {"a": {"password_hash": HASH}}})
    assert 'Basic realm="the shop", charset="UTF-8"' == BasicAuthenticator(config).challenge
