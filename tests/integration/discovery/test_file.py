"""Targets in a file that somebody else writes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.integration.discovery.asking import asked
from vizgate.discovery.file.source import FileDiscovery
from vizgate.extension.kinds.discovery import DiscoveryFailed


async def test_changes_are_seen_whether_written_or_renamed(tmp_path: Path) -> None:
    """Looked for twice a second; a file that takes the place of another counts as one that was written."""
    path = tmp_path / "targets.yaml"
    path.write_text("- 10.0.0.1:80\n")
    async with asked(FileDiscovery, kind="file", path=path) as source:
        assert ["10.0.0.1:80"] == await source.addresses()
        first = await source.next()
        assert first is await source.next()
        path.write_text("- 10.0.0.1:80\n- {url: https://10.0.0.2, weight: 2}\n")
        assert ["10.0.0.1:80", "10.0.0.2:443"] == await source.addresses()
        other = tmp_path / "next"
        other.write_text("- 10.0.0.3:80\n")
        status = path.stat()
        os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
        other.rename(path)
        assert ["10.0.0.3:80"] == await source.addresses()
        assert max(source.waits.seconds) <= 0.5


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("t.yaml", "", "there is no list of targets, but nothing"),
        ("t.yaml", "- {url: http://a, wei", "it is no whole YAML document"),
        ("t.yaml", "- 10.0.0.1:80\n- {url: htt", "it is no whole YAML document"),
        ("t.yaml", "- {host: a, host: b, port: 1}", "a key stands twice"),
        ("t.yaml", "- !!python/object/apply:os.system [id]", "it is no whole YAML document"),
        ("t.json", '["10.0.0.1:80", "10.0', "it is no whole JSON document"),
        ("t.json", '[{"host": "a", "host": "b", "port": 1}]', "a key stands twice"),
        ("t.yaml", "- a:1\n" * 1000, "over 1000 bytes"),
        ("t.yaml", "\xff", "not UTF-8"),
    ],
)
async def test_half_written_file_changes_nothing(tmp_path: Path, name: str, text: str, message: str) -> None:
    """It is a failure, after which the file is looked at again, and the whole one counts."""
    path = tmp_path / name
    path.write_bytes(text.encode("latin-1"))
    async with asked(FileDiscovery, kind="file", path=path, limit=1000) as source:
        with pytest.raises(DiscoveryFailed, match=message):
            await source.next()
        with pytest.raises(DiscoveryFailed, match=message):
            await source.next()
        path.write_text('["10.0.0.1:80"]')
        assert ["10.0.0.1:80"] == await source.addresses()


async def test_file_that_is_away_is_a_failure(tmp_path: Path) -> None:
    """So is what is no file: a pipe would never end."""
    async with asked(FileDiscovery, kind="file", path=tmp_path / "t.yaml") as source:
        with pytest.raises(DiscoveryFailed, match="No such file"):
            await source.next()
        os.mkfifo(tmp_path / "t.yaml")
        with pytest.raises(DiscoveryFailed, match=r"no regular file|cannot be read"):
            await source.next()


async def test_many_aliases_cost_nothing(tmp_path: Path) -> None:
    """A document of nested aliases is refused at its first entry, in no time."""
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [f"{c}: &{c} [{', '.join([f'*{b}'] * 9)}]" for b, c in zip("abcdefgh", "bcdefghi", strict=True)]
    (tmp_path / "t.yaml").write_text("\n".join(lines))
    async with asked(FileDiscovery, kind="file", path=tmp_path / "t.yaml", at="i") as source:
        with pytest.raises(DiscoveryFailed, match="entry 0"):
            await source.next()
