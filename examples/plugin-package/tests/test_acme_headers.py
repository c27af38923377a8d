"""The plugin alone, without a gateway, a socket or a wait."""

from __future__ import annotations

import asyncio

import pytest
from acme_headers import ServerTiming
from pydantic import ValidationError

from vizgate.extension.contract import Context
from vizgate.extension.registry import resolve_middleware
from vizgate.message.headers import Headers
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.testing import ManualClock, check_middleware


def test_server_timing_slow_service_tells_milliseconds() -> None:
    """The field holds the time between the call and the response, by the gateway's clock."""
    clock = ManualClock()

    async def service(request: Request) -> Response:
        clock.advance(0.25)
        return Response.text(200, "done")

    layer = ServerTiming(ServerTiming.Config(metric="acme"), Context(clock=clock))
    response = asyncio.run(layer(Request("GET", b"/", Headers()), service))

    assert response.headers["Server-Timing"] == "acme;dur=250.0"


def test_server_timing_meets_contract() -> None:
    """Whatever it is asked, it keeps what every middleware promises."""
    config = ServerTiming.Config(metric="acme")
    asyncio.run(check_middleware(lambda context: ServerTiming(config, context)))


def test_config_metric_with_space_is_refused() -> None:
    """A metric that would not be a token never gets as far as a response."""
    with pytest.raises(ValidationError, match="metric"):
        ServerTiming.Config(metric="two words")


def test_entry_point_short_name_finds_class() -> None:
    """Installing the distribution is all it takes for ``use: acme_server_timing``."""
    assert resolve_middleware("acme_server_timing") is ServerTiming
