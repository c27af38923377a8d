"""``vizgate keys``: what it prints can be written into a configuration, and lets in whom it should."""

from __future__ import annotations

import io
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from vizgate.auth.api_key.config import KeyConfig
from vizgate.auth.api_key.table import ApiKeyTable, hash_key
from vizgate.config.keys_file import read_keys_file

NOW_S = 1_800_000_000.0
TODAY = datetime.now(UTC).date()


def parsed(out: str, folder: Path) -> tuple[str, KeyConfig]:
    """The key and the entry in the output of ``keys new``; the entry is read as a file of keys is."""
    key = re.search(r": (vzk_\S+)\n", out)
    assert key is not None
    file = folder / "keys.yaml"
    file.write_text(out[out.index("- {") :], "utf-8")
    (entry,) = read_keys_file(file)
    return key[1], entry


@pytest.fixture
def typed(monkeypatch):
    """Writes to the standard input of the program."""

    def write(data: bytes) -> None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))

    return write


def test_new_key_and_entry_belong_together(run, tmp_path):
    """The entry lets in whoever shows the key, as the user it names."""
    code, out, _ = run("keys", "new", "--id", "acme-1", "--user", "acme", "--tier", "premium", "--scopes", "a, b")
    key, entry = parsed(out, tmp_path)
    found = ApiKeyTable([entry]).identify(key.encode(), NOW_S)
    assert (0, "acme", "premium", frozenset({"a", "b"}), "acme-1") == (
        code, found.user, found.tier, found.scopes, found.credential)  # fmt: skip
    assert TODAY - timedelta(days=1) <= entry.created <= TODAY + timedelta(days=1)


def test_new_key_is_hard_to_guess_and_another_every_time(run, tmp_path):
    """256 bits of chance stand behind the prefix."""
    keys = {parsed(run("keys", "new")[1], tmp_path)[0] for _ in range(5)}
    assert 5 == len(keys)
    assert all(len(key) == len("vzk_") + 43 for key in keys)


def test_new_key_is_said_once(run):
    """The entry holds the hash alone."""
    out = run("keys", "new")[1]
    key = out.split()[6]
    assert 1 == out.count(key.removeprefix("vzk_"))


@pytest.mark.parametrize(
    ("expires", "last"), [("2030-01-31", date(2030, 1, 31)), ("never", None), ("30", timedelta(days=30))]
)
def test_new_key_expires_as_asked(run, tmp_path, expires, last):
    """A day, a number of days from today, or never."""
    entry = parsed(run("keys", "new", "--expires", expires)[1], tmp_path)[1]
    assert entry.created is not None
    assert (entry.created + last if isinstance(last, timedelta) else last) == entry.expires


def test_new_key_is_good_for_a_year_by_default(run, tmp_path):
    """A key without an end is forgotten."""
    entry = parsed(run("keys", "new")[1], tmp_path)[1]
    assert timedelta(days=365) == entry.expires - entry.created


@pytest.mark.parametrize("name", ['a"b', "a: {b}", "Zo\u00eb \U0001f511", "#", "- x", "null"])
def test_new_entry_is_yaml_whatever_the_names(run, tmp_path, name):
    """Names are quoted."""
    entry = parsed(run("keys", "new", "--id", name, "--user", name, "--scopes", name)[1], tmp_path)[1]
    assert (name, name, (name,)) == (entry.id, entry.user, entry.scopes)


@pytest.mark.parametrize("expires", ["", "0", "-1", "tomorrow", "2027-13-01", "9" * 50])
def test_new_odd_expiry_is_wrong_usage(run, expires):
    """What is no day is told as such."""
    code, _, err = run("keys", "new", "--expires", expires)
    assert (2, True) == (code, "is no day" in err or "expected one argument" in err)


def test_new_entry_that_could_not_be_loaded_is_refused(run):
    """A name that is too long is told now."""
    assert 1 == run("keys", "new", "--id", "x" * 300)[0]


def test_pepper_makes_the_hash_keyed(run, tmp_path, typed):
    """The file is read as the configuration reads it: without the line end."""
    file = tmp_path / "pepper"
    file.write_text("pepper\n")
    key, entry = parsed(run("keys", "new", "--pepper-file", file)[1], tmp_path)
    assert hash_key(key.encode(), b"pepper") == entry.hash
    typed(key.encode())
    assert f"{entry.hash}\n" == run("keys", "hash", "--pepper-file", file)[1]


@pytest.mark.parametrize("content", [None, b"", b"\n", b"\xff"])
def test_pepper_that_cannot_be_used_is_told(run, tmp_path, content):
    """A missing or empty pepper would silently make plain hashes."""
    file = tmp_path / "pepper"
    if content is not None:
        file.write_bytes(content)
    code, out, err = run("keys", "new", "--pepper-file", file)
    assert (1, "") == (code, out)
    assert str(file) in err


def test_hash_of_a_key_from_standard_input(run, typed):
    """A line end behind the key is none of its bytes; the key is in no list of processes and no history."""
    typed(b"secret\n")
    assert (0, f"{hash_key(b'secret')}\n", "") == run("keys", "hash")


@pytest.mark.parametrize("data", [b"", b"\n", b" secret", b"x" * 5000])
def test_hash_of_what_is_no_key_is_refused(run, typed, data):
    """What could never be shown in a field gets no hash."""
    typed(data)
    assert 1 == run("keys", "hash")[0]


def test_password_hash_is_argon2(run, typed):
    """It checks against the password."""
    import argon2

    typed(b"open sesame\n")
    code, out, _ = run("keys", "password")
    assert 0 == code
    assert argon2.PasswordHasher().verify(out.strip(), "open sesame")


def test_password_that_is_empty_is_refused(run, typed):
    """Nothing is no password."""
    typed(b"\n")
    assert 1 == run("keys", "password")[0]


def test_keys_without_action_is_wrong_usage(run):
    """The actions are named."""
    code, _, err = run("keys")
    assert (2, True) == (code, "new, hash or password" in err)
