"""The rules of the gateway's own answers (RFC 9457)."""

from __future__ import annotations

import json

import pytest

from vizgate.errors import BadRequest, ConnectFailed, ExchangeError, HeadTooLarge, NoTarget, ResponseTimedOut
from vizgate.pipeline.replies import problem, problem_of


def test_problem_is_a_problem_document() -> None:
    """Type about:blank has the status phrase as title (RFC 9457 4.2.1), and the request id for whoever asks."""
    response = problem(405, "GET only", "id-1", [(b"Allow", b"GET")])
    assert response.headers.items() == [("Content-Type", "application/problem+json"), ("Allow", "GET")]
    assert json.loads(response.body.data or b"") == {
        "type": "about:blank",
        "title": "Method Not Allowed",
        "status": 405,
        "detail": "GET only",
        "request_id": "id-1",
    }
    assert (response.status, response.local) == (405, True)


def test_problem_without_details_leaves_them_out() -> None:
    """What is not known is not there; a status without phrase has one anyway."""
    assert json.loads(problem(599).body.data or b"") == {"type": "about:blank", "title": "Unknown", "status": 599}


@pytest.mark.parametrize("error", [BadRequest("exactly one Host is needed"), HeadTooLarge("request head over 9 bytes")])
def test_problem_of_the_clients_fault_says_what_is_wrong(error: ExchangeError) -> None:
    """Who sent a bad request is told what was bad about it."""
    response = problem_of(error, "id-1")
    assert (response.status, json.loads(response.body.data or b"")["detail"]) == (error.status, error.detail)


@pytest.mark.parametrize(
    "error",
    [ConnectFailed("10.0.0.1 refused"), NoTarget("service users"), ResponseTimedOut("secret"), ExchangeError("secret")],
)
def test_problem_of_any_other_fault_tells_nothing_internal(error: ExchangeError) -> None:
    """Addresses, names and causes inside are for the log, never for the client."""
    response = problem_of(error)
    assert response.status == error.status
    assert error.detail.encode() not in (response.body.data or b"")
