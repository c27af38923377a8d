"""Requests that outlive the one they were made for."""

from __future__ import annotations

import logging

from vizgate.message.headers import Headers
from vizgate.message.identity import Identity
from vizgate.pipeline.detached import detached, end
from vizgate.pipeline.request import Request


def test_detached_asks_for_the_same_and_changes_nothing():
    """Target, route and identity are the same at first; what is changed on it stays there, but for the outcome."""
    request = Request("GET", b"/a", Headers([(b"A", b"1")]), authority="h", client="192.0.2.1", id="i", body=None)
    request.route, request.params, request.identity, request.deadline_s = "r", {"x": 1}, Identity("u"), 5.0
    own = detached(request, request.headers.copy())
    names = ("method", "target", "authority", "scheme", "client", "id", "route", "params", "identity", "deadline_s")
    assert [getattr(request, name) for name in names] == [getattr(own, name) for name in names]
    assert b"" == own.body.data
    own.target = b"/b"
    own.headers["A"] = "2"
    own.outcome.attempts = 1
    own.on_complete(lambda: None)
    assert (b"/a", "1", 1, False) == (
        request.target,
        request.headers["A"],
        request.outcome.attempts,
        request.has_callbacks,
    )


def test_end_is_told_once_to_all(caplog):
    """One that fails is logged, and the others are told all the same."""
    told = []

    def fail() -> None:
        raise RuntimeError("no")

    own = detached(Request("GET", b"/a"), Headers())
    for callback in (lambda: told.append(1), fail, lambda: told.append(2)):
        own.on_complete(callback)
    with caplog.at_level(logging.ERROR):
        end(own)
        end(own)
    assert [2, 1] == told
    assert 1 == len(caplog.records)
