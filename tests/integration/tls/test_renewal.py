"""Certificates that change under load, and those that are about to end."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from pathlib import Path

import pytest

from tests.integration.tls.secure import NAME, Files, ask, ask_on, opened, parts_of, port_of
from vizgate.gateway.server import Gateway


def reloads(gateway: Gateway) -> dict[str, int]:
    family = gateway.state.metrics.counters("tls_reloads", "", ("result",))
    return {result: counter.value for (result,), counter in family.series.items()}


async def test_changed_pair_is_shown_without_dropping_a_connection(files: Files, log: Path) -> None:
    """Under load a new pair is used for new connections; no request fails, and old connections go on."""
    pair = files.pair(NAME, "first.example", file="pair.pem")
    context = files.client()
    async with opened(log, parts_of({"cert": pair, "reload": "0"})) as gateway:
        port = port_of(gateway)
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=NAME)
        is_done = False

        async def load() -> int:
            count = 0
            while not is_done:
                assert 200 == (await ask(port, context)).status
                count += 1
            return count

        asking = [asyncio.create_task(load()) for _ in range(4)]
        for number in range(8):
            files.pair(NAME, f"n{number}.example", file="pair.pem")
            await gateway.renewal.look()
            assert f"n{number}.example" in (await ask(port, context)).names
            assert 200 == (await ask_on(reader, writer)).status
        is_done = True
        assert sum(await asyncio.gather(*asking)) >= 4
        writer.transport.abort()
        assert {"ok": 8, "failed": 0} == reloads(gateway)


@pytest.mark.parametrize("fault", ["garbage", "missing", "other_key"])
async def test_broken_pair_keeps_the_old_one(
    fault: str, files: Files, log: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What cannot be used is counted and logged with its file, once; the old pair goes on, until a good one comes."""
    cert, key = Path(files.pair(NAME, file="cert.pem")), files.folder / "key.pem"
    _copy(cert, key)
    async with opened(log, parts_of({"cert": str(cert), "key": str(key), "reload": "0"})) as gateway:
        _break(fault, cert, files)
        await gateway.renewal.look()
        await gateway.renewal.look()
        assert {"ok": 0, "failed": 1} == reloads(gateway)
        assert 200 == (await ask(port_of(gateway), files.client())).status
        assert str(cert) in caplog.text
        assert "Traceback" not in caplog.text
        files.pair(NAME, "new.example", file="cert.pem")
        _copy(cert, key)
        await gateway.renewal.look()
        assert "new.example" in (await ask(port_of(gateway), files.client())).names
        assert {"ok": 1, "failed": 1} == reloads(gateway)


def _copy(source: Path, to: Path) -> None:
    to.write_bytes(source.read_bytes())


def _break(fault: str, cert: Path, files: Files) -> None:
    if fault == "garbage":
        cert.write_text("half a file")
    elif fault == "missing":
        cert.unlink()
    else:
        files.pair(NAME, file="cert.pem")


def _aim(link: Path, target: str) -> None:
    """Change the aim of *link* in one step."""
    new = link.with_suffix(".new")
    new.symlink_to(target)
    new.replace(link)


async def test_files_are_looked_at_now_and_then(files: Files, log: Path) -> None:
    """Nobody has to ask: a change is seen within ``reload``, also when a symbolic link changes its aim."""
    first, second = files.pair(NAME, "first.example", file="1.pem"), files.pair(NAME, "second.example", file="2.pem")
    link = files.folder / "tls.pem"
    _aim(link, first)
    async with opened(log, parts_of({"cert": str(link), "reload": "20ms"})) as gateway:
        assert "first.example" in (await ask(port_of(gateway), files.client())).names
        _aim(link, second)
        async with asyncio.timeout(10):
            while "second.example" not in (await ask(port_of(gateway), files.client())).names:
                pass


async def test_revocation_list_is_renewed_too(files: Files, log: Path) -> None:
    """A client that is revoked now cannot come back, not even by resuming its session."""
    cert = files.pair("c.example", file="c.pem", common_name="c")
    auth = {"ca": files.ca_file, "crl": files.revoked()}
    async with opened(log, parts_of({"cert": files.pair(NAME), "client_auth": auth, "reload": "0"})) as gateway:
        context = files.client(cert)
        assert 200 == (await ask(port_of(gateway), context)).status
        files.revoked(cert)
        await gateway.renewal.look()
        with pytest.raises((OSError, EOFError)):
            await ask(port_of(gateway), context)


async def test_certificate_that_ends_soon_is_warned_of(
    files: Files, log: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The log warns at the start, once a day, and a gauge tells the end."""
    caplog.set_level(logging.WARNING)
    soon = dt.datetime.now(dt.UTC) + dt.timedelta(days=5)
    pair = files.pair(NAME, not_after=soon)
    async with opened(log, parts_of({"cert": pair})) as gateway:
        await gateway.renewal.look()
        _, text = gateway.state.metrics.exposition()
    assert 1 == caplog.text.count(f"the certificate in {pair} ends in ")
    line = next(line for line in text.decode().splitlines() if line.startswith("vizgate_tls_certificate_end"))
    assert abs(float(line.rpartition(" ")[2]) - soon.timestamp()) < 2
