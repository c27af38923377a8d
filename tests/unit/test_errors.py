"""The rules of the tree of errors."""

from __future__ import annotations

import inspect

import pytest

from vizgate import errors
from vizgate.errors import (
    CircuitOpen,
    ConnectFailed,
    DownstreamError,
    ExchangeError,
    NoTarget,
    Overloaded,
    Side,
    Termination,
    UpstreamError,
)

EXCHANGE_ERRORS = [
    kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, ExchangeError)
]  # fmt: skip
STATUS = {
    "BadBody": 400, "BadRequest": 400, "BodyNeedsRoom": 503, "BodyTooLarge": 413, "CircuitOpen": 503,
    "ClientGone": 499, "ConnectFailed": 502, "ConnectionDropped": 499,
    "DownstreamError": 400,
    "ExchangeError": 500, "ExpectationFailed": 417, "HeadTooLarge": 431, "InvalidResponse": 502,
    "MethodNotImplemented": 501,
    "NoTarget": 503, "Overloaded": 503, "RequestTimedOut": 408, "ResponseTimedOut": 504, "StaleConnection": 502,
    "TargetTooLong": 414,
    "UpstreamError": 502, "UpstreamReset": 502, "VersionNotSupported": 505,
}  # fmt: skip


def test_every_exchange_error_has_its_status() -> None:
    """What a client is told of each error is this table (RFC 9110 15, RFC 6585 5)."""
    assert {kind.__name__: kind.status for kind in EXCHANGE_ERRORS} == STATUS


@pytest.mark.parametrize("kind", EXCHANGE_ERRORS)
def test_exchange_error_side_follows_the_tree(kind: type[ExchangeError]) -> None:
    """Whose fault an error is shows in its class, and every error says how the exchange ended."""
    side = (
        Side.DOWNSTREAM
        if issubclass(kind, DownstreamError)
        else Side.UPSTREAM
        if issubclass(kind, UpstreamError)
        else Side.LOCAL
    )
    assert kind.side is side
    assert kind.termination is not Termination.NORMAL


def test_nothing_sent_holds_before_the_first_byte_only() -> None:
    """Only errors before anything went out make another attempt safe for every request (RFC 9110 9.2.2)."""
    assert {kind for kind in EXCHANGE_ERRORS if kind.nothing_sent} == {CircuitOpen, ConnectFailed, NoTarget, Overloaded}


def test_exchange_error_carries_detail() -> None:
    """The detail is for the client; without one the class names itself."""
    assert (ConnectFailed("why").detail, str(ConnectFailed("why"))) == ("why", "why")
    assert (ConnectFailed().detail, str(ConnectFailed())) == ("", "ConnectFailed")
