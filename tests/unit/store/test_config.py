"""What the YAML may say about the store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from vizgate.config import ConfigError, load_text
from vizgate.extension.registry import Registry
from vizgate.gateway.builtin import BUILTIN
from vizgate.store.config import MemoryStoreConfig, RedisStoreConfig, SharedStoreConfig, default_store


def store_of(text: str, **more: Any) -> Any:
    return load_text(f"store: {text}", environment={"PASSWORD": "s3cret"}, **more).store


def refusal_of(text: str, **more: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        store_of(text, **more)
    return str(caught.value)


def test_store_default_is_memory() -> None:
    """One worker counts for itself."""
    assert MemoryStoreConfig(kind="memory") == load_text("version: 1").store


def test_store_default_of_several_workers_is_shared() -> None:
    """Several workers count together, or each would let the whole budget through."""
    assert ["memory", "shared", "shared"] == [default_store(workers).kind for workers in (1, 2, 64)]


@pytest.mark.parametrize(
    ("text", "config"),
    [
        ("memory", MemoryStoreConfig(kind="memory")),
        ("shared", SharedStoreConfig(kind="shared")),
        ("redis://cache:6379/1", RedisStoreConfig(kind="redis", url="redis://cache:6379/1")),
        ("unix:/run/redis.sock", RedisStoreConfig(kind="redis", url="unix:/run/redis.sock")),
        ("{kind: memory, keys: 5000}", MemoryStoreConfig(kind="memory", keys=5000)),
        (
            "{kind: redis, url: 'rediss://cache', verify: false}",
            RedisStoreConfig(kind="redis", url="rediss://cache", verify=False),
        ),
    ],
)
def test_store_forms(text: str, config: Any) -> None:
    """A kind alone, a URL alone, or a mapping."""
    assert config == store_of(text)


def test_store_files_are_relative_to_the_configuration(tmp_path: Path) -> None:
    """A path means the same wherever the program was started."""
    assert tmp_path / "counters" == store_of("{kind: memory, persist: counters}", base=tmp_path).persist
    assert tmp_path / "counters" == store_of("{kind: shared, path: counters}", base=tmp_path).path


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{kind: memory, path: x}", "path"),
        ("{kind: memory, url: 'redis://a'}", "url"),
        ("{kind: shared, persist: x}", "persist"),
        ("{kind: redis}", "url"),
        ("{kind: redis, url: 'redis://u:s3cret@a'}", "Write them under username and password"),
        ("'redis://u:s3cret@a'", "Write them under username and password"),
        ("{kind: redis, url: 'redis://a', username: u}", "username without password"),
        ("{kind: redis, url: 'redis://a', verify: false}", "Write rediss://"),
        ("{kind: redis, url: 'redis://a', timeout: 0s}", "more than zero"),
        ("{kind: memory, keys: 10}", "at least 1000"),
        ("{keys: 1000}", "kind"),
        ("5", "store"),
    ],
)
def test_store_key_that_would_not_act_is_refused(text: str, message: str) -> None:
    """A key of another kind of store, or one without what it needs, is an error; no secret is repeated."""
    refusal = refusal_of(text)
    assert message in refusal
    assert "s3cret" not in refusal


@pytest.mark.parametrize("text", ["memry", "{kind: memry}"])
def test_store_unknown_kind_says_which_there_are(text: str) -> None:
    """A slip of the keyboard is told, with its place."""
    refusal = refusal_of(text, resolve=Registry(BUILTIN).resolve)
    assert "<text>:1:" in refusal
    assert "no store is named 'memry'. Did you mean 'memory'?" in refusal


def test_store_password_is_never_shown() -> None:
    """A password shows itself to nobody who prints the configuration."""
    config = store_of("{kind: redis, url: 'redis://a', password: '${PASSWORD}'}")
    assert "s3cret" not in repr(config)
    assert "s3cret" not in config.model_dump_json()
    assert "s3cret" == config.password.reveal()


@pytest.mark.parametrize(
    "url",
    ["Redis://:hunter2@cache:6379/0", "valkey://:hunter2@cache", "redis+sentinel://:hunter2@cache", "redis:/hunter2"],
)
def test_store_url_of_another_kind_is_refused_and_not_shown(url: str) -> None:
    """It may hold a password; the message says what to write, and nothing of what was written."""
    refusal = refusal_of(f"'{url}'")
    assert "is no store. Write memory, shared, redis://host:6379/0" in refusal
    assert "hunter2" not in refusal
