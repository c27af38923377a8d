"""API keys in requests, and the upkeep of their file."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from vizgate.auth.api_key.age import DAY_S, OldKey, old_keys
from vizgate.auth.api_key.config import ApiKeyConfig, KeyConfig
from vizgate.auth.api_key.table import hash_key
from vizgate.extension.contract import Context
from vizgate.extension.kinds.authenticator import CredentialRefused
from vizgate.gateway.policies.api_keys import FileApiKeys
from vizgate.message.headers import Headers
from vizgate.pipeline.request import Request
from vizgate.testing import ManualClock

NOW_S = 1_800_000_000.0  # 2027-01-15


def key(secret: str, name: str = "k-1", **more) -> KeyConfig:
    return KeyConfig(id=name, hash=hash_key(secret.encode()), user="acme", **more)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(wall_s=NOW_S)


@pytest.fixture
def authenticator(clock) -> Callable[..., FileApiKeys]:
    def make(*keys: KeyConfig, **more) -> FileApiKeys:
        return FileApiKeys(ApiKeyConfig(kind="api_key", keys=keys, **more), Context(name="keys", clock=clock))

    return make


def asking(*fields: tuple[str, str]) -> Request:
    return Request("GET", b"/", Headers.of(fields))


def test_authenticate_field_without_case(authenticator):
    """The name of the field compares as all names do."""
    assert "acme" == authenticator(key("secret")).authenticate(asking(("x-api-KEY", "secret"))).user


def test_authenticate_request_without_field_shows_nothing(authenticator):
    """Another authenticator may know it."""
    assert authenticator(key("secret")).authenticate(asking(("Authorization", "secret"))) is None


@pytest.mark.parametrize("other", ["secret", "wrong", ""])
def test_authenticate_two_fields_are_refused(authenticator, other):
    """Which of two keys the next reader takes cannot be known, so none is taken, though both be good."""
    with pytest.raises(CredentialRefused, match="more than one"):
        authenticator(key("secret")).authenticate(asking(("X-API-Key", "secret"), ("x-api-key", other)))


@pytest.mark.parametrize("shown", ["", "wrong", "x" * 5000])
def test_authenticate_bad_key_is_refused(authenticator, shown):
    """An empty field is a credential, too: a bad one."""
    with pytest.raises(CredentialRefused):
        authenticator(key("secret")).authenticate(asking(("X-API-Key", shown)))


@pytest.mark.parametrize("strip", [True, False])
def test_authenticate_key_is_taken_out_if_asked(authenticator, strip):
    """With ``strip`` the service does not see the key."""
    request = asking(("A", "b"), ("X-Api-Key", "secret"))
    authenticator(key("secret"), strip=strip).authenticate(request)
    assert (["A"] if strip else ["A", "X-Api-Key"]) == list(request.headers)


def test_challenge_names_the_field(authenticator):
    """A 401 says what would be taken."""
    assert 'ApiKey realm="keys", header="X-API-Key"' == authenticator(key("secret")).challenge


def write(file: Path, *keys: tuple[str, str]) -> None:
    """Replace *file* as an editor does, so that it has another inode."""
    lines = [f'- {{id: {name}, hash: "{hash_key(secret.encode())}", user: acme}}\n' for name, secret in keys]
    fresh = file.with_suffix(".new")
    fresh.write_text("".join(lines) or "[]")
    fresh.replace(file)


def knows(authenticator: FileApiKeys, secret: str) -> bool:
    try:
        return authenticator.authenticate(asking(("X-API-Key", secret))) is not None
    except CredentialRefused:
        return False


@pytest.fixture
async def filed(authenticator, tmp_path):
    """An authenticator with the key "own" of its own and "first" in its file, started; and the file."""
    file = tmp_path / "keys.yaml"
    write(file, ("f-1", "first"))
    made = authenticator(key("own"), keys_file=file)
    await made.start()
    yield made, file
    await made.stop()


def counts(authenticator: FileApiKeys) -> dict[str, int]:
    family = authenticator.context.metrics.counters("auth_key_files", "", ("authenticator", "outcome"))
    return {values[1]: counter.value for values, counter in family.series.items()}


async def test_file_is_read_at_the_start_beside_the_keys(filed):
    """The keys of the YAML and those of the file are one table."""
    assert [True, True, False] == [knows(filed[0], secret) for secret in ("own", "first", "second")]


async def test_file_that_changes_is_read_again(filed):
    """A new key works and a removed one does not, without a restart."""
    made, file = filed
    write(file, ("f-2", "second"))
    await made.look_after()
    assert [True, False, True] == [knows(made, secret) for secret in ("own", "first", "second")]
    assert {"ok": 1, "failed": 0} == counts(made)


async def test_file_that_stays_is_not_read(filed, monkeypatch):
    """Looking costs one stat; reading comes with a change only."""
    made, _ = filed
    monkeypatch.setattr(made._upkeep, "_read", lambda _: pytest.fail("it was read"))
    await made.look_after()
    assert {"ok": 0, "failed": 0} == counts(made)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- {id: f-2, hash: open-sesame, user: acme}", "must be 'sha256:'"),
        ("- {id: f-2, hsh: x}", "Did you mean 'hash'?"),
        ("{", "not valid YAML"),
        ("keys: 7", "must be a list"),
        ("text", "there are no keys"),
        ("", "there are no keys"),
        (f'- {{id: k-1, hash: "{hash_key(b"x")}", user: acme}}', "two keys have the same id: k-1"),
        (f'- {{id: a, hash: "{hash_key(b"own")}", user: acme}}', "two keys have the same hash"),
    ],
)
async def test_file_that_is_broken_changes_nothing_and_is_told(filed, caplog, text, told):
    """Whatever is wrong, the keys that are known go on working; the log and a counter say so, once, without secrets."""
    made, file = filed
    file.write_text(text)
    await made.look_after()
    await made.look_after()
    assert [True, True] == [knows(made, secret) for secret in ("own", "first")]
    (message,) = caplog.messages
    assert told in message
    assert "open-sesame" not in message
    assert {"ok": 0, "failed": 1} == counts(made)


@pytest.mark.parametrize("other", ["fifo", "device", "too long"])
async def test_file_that_has_become_something_else_is_not_read(filed, caplog, other):
    """Neither a FIFO that nobody writes to nor a device without end nor a huge file holds a thread; the keys stay."""
    made, file = filed
    file.unlink()
    if other == "fifo":
        os.mkfifo(file)
    elif other == "device":
        file.symlink_to("/dev/zero")
    else:
        with file.open("wb") as stream:
            stream.truncate(100 * 2**30)
    await asyncio.wait_for(made.look_after(), 5.0)
    assert knows(made, "first")
    assert {"ok": 0, "failed": 1} == counts(made)
    (message,) = caplog.messages
    assert ("more than 1048576" if other == "too long" else "it is no regular file") in message


async def test_file_that_is_gone_keeps_its_keys(filed, caplog):
    """A file that is being replaced may be missing for a moment."""
    made, file = filed
    file.unlink()
    await made.look_after()
    assert knows(made, "first")
    assert "cannot read the file" in caplog.messages[0]
    write(file, ("f-3", "third"))
    await made.look_after()
    assert knows(made, "third")


async def test_start_with_a_broken_file_fails(authenticator, tmp_path):
    """A gateway does not start with keys that it cannot read."""
    file = tmp_path / "keys.yaml"
    file.write_text("- {id: a}")
    made = authenticator(keys_file=file)
    with pytest.raises(ValueError, match=r"keys\.yaml:1:3 keys\[0\]"):
        await made.start()
    await made.stop()


async def test_old_keys_are_told_once_a_day(authenticator, clock, caplog):
    """A key older than ``max_age`` is in the log and in a counter, at the start and every day."""
    caplog.set_level(logging.INFO)
    made = authenticator(key("a", "old", created=date(2026, 1, 1)), key("b", "new", created=date(2027, 1, 1)))
    await made.start()
    try:
        await made.look_after()
        assert ["API key old of keys is 379 days old. Replace it"] == caplog.messages
        clock.advance(DAY_S)
        await made.look_after()
        assert "API key old of keys is 380 days old. Replace it" == caplog.messages[-1]
    finally:
        await made.stop()
    family = made.context.metrics.counters("auth_old_keys", "", ("authenticator", "key"))
    assert {("keys", "old"): 2} == {values: counter.value for values, counter in family.series.items()}


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({"created": date(2026, 10, 17)}, []),  # 90 days before the 15th of January
        ({"created": date(2026, 10, 16)}, [OldKey("k-1", 91)]),
        ({"created": date(2026, 1, 1), "disabled": True}, []),
        ({"created": date(2026, 1, 1), "expires": date(2027, 1, 14)}, []),
        ({"created": date(2026, 1, 1), "expires": date(2027, 1, 15)}, [OldKey("k-1", 379)]),
        ({}, []),
    ],
)
def test_old_keys_are_those_that_work(more, found):
    """A key that is refused anyway need not be replaced, and one of unknown age cannot be called old."""
    assert found == old_keys([key("a", **more)], 90 * DAY_S, NOW_S)
