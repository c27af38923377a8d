"""Whose code stands in a stack."""

from __future__ import annotations

import threading

import pytest

from vizgate.gateway.isolation.culprit import Culprit, Frame, culprit_in, frames_of, plugin_places

PLACES = plugin_places(["acme.filters:Slow", "acme.filters:Fast", "my_filters:Own"])
LOOP = [Frame("asyncio.events", "Handle._run", 80), Frame("__main__", "<module>", 1)]


@pytest.mark.parametrize(
    ("frames", "plugin", "place"),
    [
        ([Frame("acme.filters", "Slow.__call__", 7)], "acme.filters:Slow", "acme.filters:7"),
        ([Frame("acme.filters", "Fast.__call__.<locals>.inner", 7)], "acme.filters:Fast", "acme.filters:7"),
        ([Frame("acme.filters", "helper", 9)], "acme.filters:Fast or acme.filters:Slow", "acme.filters:9"),
        ([Frame("acme.database", "Pool.query", 3)], "acme.filters:Fast or acme.filters:Slow", "acme.database:3"),
        ([Frame("socket", "connect", 1), Frame("my_filters", "Own.ask", 5)], "my_filters:Own", "my_filters:5"),
        ([Frame("my_filters", "Own.a", 1), Frame("acme.filters", "Slow.b", 2)], "my_filters:Own", "my_filters:1"),
        ([Frame("vizgate.router.router", "Router.match", 4)], "", "vizgate.router.router:4"),
    ],
)
def test_culprit_is_the_innermost_plugin(frames: list[Frame], plugin: str, place: str) -> None:
    """By its class, its module or its package; else the innermost place there is."""
    assert Culprit(plugin, place) == culprit_in([*frames, *LOOP], PLACES)


@pytest.mark.parametrize("frames", [[], [Frame("selectors", "select", 1), *LOOP], LOOP])
def test_loop_that_waits_is_nobodys_fault(frames: list[Frame]) -> None:
    """A machine that gives the program no turn is not blamed on a plugin."""
    assert culprit_in(frames, PLACES) is None


def test_own_folder_of_shipped_plugins_is_no_package_of_one() -> None:
    """All of vizgate's code is not that of a plugin that ships with it."""
    assert {"vizgate.plugins.a:B", "vizgate.plugins.a"} == set(plugin_places(["vizgate.plugins.a:B"]))


def test_frames_are_those_of_the_thread() -> None:
    """The innermost comes first, with its class."""
    frames = frames_of(threading.get_ident())
    assert ["frames_of", "test_frames_are_those_of_the_thread"] == [frame.function for frame in frames[:2]]
    assert [] == frames_of(-1)
