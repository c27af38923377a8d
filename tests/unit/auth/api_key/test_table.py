"""``ApiKeyTable``: which key is whose, and when it is refused."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vizgate.auth.api_key import table as module
from vizgate.auth.api_key.config import KeyConfig
from vizgate.auth.api_key.table import MAX_KEY_BYTES, ApiKeyTable, hash_key
from vizgate.extension.kinds.authenticator import CredentialRefused
from vizgate.message.identity import Identity

PEPPER = b"pepper"


def key(secret: bytes, name: str = "k-1", *, pepper: bytes = b"", **more) -> KeyConfig:
    return KeyConfig(id=name, hash=hash_key(secret, pepper), user="acme", **more)


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def test_identify_key_is_its_users():
    """Everything that is written about a key becomes the identity; the name of the key is the credential."""
    table = ApiKeyTable([key(b"secret", tier="premium", scopes=("a", "b"))], name="keys")
    wanted = Identity("acme", "premium", frozenset({"a", "b"}), "keys", "k-1")
    assert wanted == table.identify(b"secret", 0.0)


def test_hash_is_the_plain_sha256_of_the_key():
    """``sha256:`` and what ``sha256sum`` prints, so that entries can be made with any tool."""
    assert f"sha256:{hashlib.sha256(b'secret').hexdigest()}" == hash_key(b"secret")


@pytest.mark.parametrize("shown", [b"Secret", b"secret ", b"secre", b"secrets", b"\x00", b"x" * MAX_KEY_BYTES])
def test_identify_other_key_is_refused(shown):
    """Only the key itself will do."""
    with pytest.raises(CredentialRefused, match="not known"):
        ApiKeyTable([key(b"secret")]).identify(shown, 0.0)


@pytest.mark.parametrize(
    "hash_text", ["sha256:2bb8...", "sha256:" + hashlib.sha256(b"secret").hexdigest()[:60] + "..."]
)
def test_identify_knows_no_key_by_a_part_of_its_hash(hash_text):
    """An abbreviated hash, as in examples, is that of no key; the keys beside it are found."""
    cut = KeyConfig(id="cut", hash=hash_text, user="acme")
    assert cut.is_abbreviated
    for keys in ([cut], [cut, key(b"other")]):
        table = ApiKeyTable(keys)
        assert len(keys) == len(table)
        with pytest.raises(CredentialRefused, match="not known"):
            table.identify(b"secret", 0.0)
    assert "k-1" == ApiKeyTable([cut, key(b"other")]).identify(b"other", 0.0).credential


def test_identify_empty_key_is_refused_whatever_the_table_says():
    """The hash of an empty file lets nobody in."""
    with pytest.raises(CredentialRefused, match="the API key is empty"):
        ApiKeyTable([key(b"")]).identify(b"", 0.0)


@pytest.mark.parametrize("keys", [[], [key(b"a")], [key(b"a", pepper=PEPPER)]], ids=["none", "plain", "keyed"])
def test_identify_empty_tables_refuse(keys):
    """A table without that key lets nobody in, an empty one neither."""
    with pytest.raises(CredentialRefused):
        ApiKeyTable(keys, PEPPER).identify(b"secret", 0.0)


def test_identify_long_key_is_refused_unread(monkeypatch):
    """What is longer than any key is not even hashed."""
    table = ApiKeyTable([key(b"secret")])
    table._lookups = ((lambda _: pytest.fail("it was hashed"), {}),)
    with pytest.raises(CredentialRefused, match="too long"):
        table.identify(b"x" * (MAX_KEY_BYTES + 1), 0.0)


def test_identify_unknown_and_known_key_take_the_same_steps(monkeypatch):
    """CWE-208: for every key there is one digest and one comparison in constant time, whether it is known or not."""
    compared: list[tuple[int, int]] = []

    def compare(left: bytes, right: bytes) -> bool:
        compared.append((len(left), len(right)))
        return left == right

    monkeypatch.setattr(module.hmac, "compare_digest", compare)
    table = ApiKeyTable([key(b"secret"), key(b"other", "k-2", disabled=True)])
    table.identify(b"secret", 0.0)
    for shown in (b"wrong", b"other"):
        with pytest.raises(CredentialRefused):
            table.identify(shown, 0.0)
    assert [(32, 32)] * 3 == compared


@pytest.mark.parametrize(
    ("now", "is_good"),
    [("2026-12-31T23:59:59", True), ("2027-01-01T00:00:00", True), ("2027-01-01T23:59:59", True),
     ("2027-01-02T00:00:00", False), ("2030-01-01T00:00:00", False)],
)  # fmt: skip
def test_identify_key_is_good_to_the_end_of_its_last_day(now, is_good):
    """``expires: 2027-01-01`` means that day is the last, in UTC."""
    table = ApiKeyTable([key(b"secret", expires=date(2027, 1, 1))])
    if is_good:
        assert "acme" == table.identify(b"secret", at(now)).user
    else:
        with pytest.raises(CredentialRefused, match="expired"):
            table.identify(b"secret", at(now))


def test_identify_disabled_key_is_refused():
    """A key can be switched off without being forgotten."""
    with pytest.raises(CredentialRefused, match="disabled"):
        ApiKeyTable([key(b"secret", disabled=True)]).identify(b"secret", 0.0)


def test_identify_last_day_of_all_time_never_comes():
    """A date beyond all dates is no overflow."""
    ApiKeyTable([key(b"secret", expires=date.max)]).identify(b"secret", 1e12)


def test_identify_pepper_makes_hashes_keyed():
    """With a pepper a stolen hash cannot be tried against guesses; keys from before go on working beside."""
    table = ApiKeyTable([key(b"new", pepper=PEPPER), key(b"old", "k-2")], PEPPER)
    assert ["k-1", "k-2"] == [table.identify(shown, 0.0).credential for shown in (b"new", b"old")]
    with pytest.raises(CredentialRefused):
        ApiKeyTable([key(b"new", pepper=b"another")], PEPPER).identify(b"new", 0.0)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ([key(b"a"), key(b"b")], "two keys have the same id: k-1"),
        ([key(b"a"), key(b"a", "k-2")], "two keys have the same hash: k-1, k-2"),
        ([key(b"a", pepper=PEPPER)], "the hash of k-1 was made with a pepper"),
    ],
)
def test_table_that_cannot_work_is_refused(keys, message):
    """Ids and hashes are unique, and a keyed hash needs its pepper."""
    with pytest.raises(ValueError, match=message):
        ApiKeyTable(keys)


@given(st.sets(st.binary(min_size=1, max_size=64), max_size=20), st.binary(max_size=64))
def test_identify_finds_a_key_exactly_when_it_is_in_the_table(secrets, shown):
    """For any keys, and any that is shown."""
    table = ApiKeyTable([key(secret, secret.hex()) for secret in secrets])
    if shown in secrets:
        assert shown.hex() == table.identify(shown, 0.0).credential
    else:
        with pytest.raises(CredentialRefused):
            table.identify(shown, 0.0)


def test_repr_shows_no_key():
    """A table in a log tells its size."""
    assert "<ApiKeyTable [1 keys]>" == repr(ApiKeyTable([key(b"secret")]))
