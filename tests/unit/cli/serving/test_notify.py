"""Telling systemd how it goes."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from vizgate.cli.serving.notify import Notifier
from vizgate.testing import ManualClock


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(str(tmp_path / "notify"))
        sock.settimeout(0)
        yield sock


def test_notifier_says_what_there_is_to_say(systemd: socket.socket):
    """Ready, reloading with the time, stopping."""
    clock = ManualClock()
    clock.advance(2.5)
    notifier = Notifier(systemd.getsockname(), clock=clock)
    notifier.ready()
    notifier.reloading()
    notifier.stopping()
    assert [b"READY=1", b"RELOADING=1\nMONOTONIC_USEC=2500000", b"STOPPING=1"] == [systemd.recv(100) for _ in range(3)]


def test_notifier_takes_the_end_not_back(systemd: socket.socket):
    """A reload that is under way or asked for when the end begins says nothing more."""
    notifier = Notifier(systemd.getsockname())
    notifier.stopping()
    notifier.reloading()
    notifier.ready()
    notifier.stopping()
    assert [b"STOPPING=1"] * 2 == [systemd.recv(100) for _ in range(2)]


def test_notifier_knows_addresses_without_a_file():
    """``@`` stands for the abstract namespace."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind("\0vizgate-test-notify")
        Notifier("@vizgate-test-notify").ready()
        sock.settimeout(5)
        assert b"READY=1" == sock.recv(100)


def test_notifier_without_anybody_is_silent(tmp_path: Path):
    """Nobody listens, and nothing fails."""
    Notifier().ready()
    Notifier(str(tmp_path / "nobody")).ready()


def test_environment_is_read_once():
    """What systemd says is for this process, and not for its children; a watchdog of another process is not ours."""
    environment = {"NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "7", "A": "b"}
    notifier = Notifier.of(environment, 7)
    assert ({"A": "b"}, 3.0) == (environment, notifier.watchdog_s)
    assert 0.0 == Notifier.of({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "7"}, 8).watchdog_s
    assert 0.0 == Notifier.of({"WATCHDOG_USEC": "x"}, 8).watchdog_s
