"""What the tests of ``observe`` share: a record of an ordinary request."""

from __future__ import annotations

import pytest

from vizgate.errors import Termination
from vizgate.observe.exchange import ExchangeRecord


@pytest.fixture
def record() -> ExchangeRecord:
    return ExchangeRecord(
        started_s=1_790_000_000.123,
        duration_s=0.0125,
        method="GET",
        target=b"/users/7?page=2",
        minor=1,
        authority="api.example.com",
        scheme="http",
        client="203.0.113.9",
        peer="10.0.0.1",
        request_id="0af7651916cd43dd8448eb211c80319c",
        route="user",
        service="users",
        upstream="127.0.0.1:3001",
        attempts=1,
        upstream_s=0.0101,
        status=200,
        bytes_in=0,
        bytes_out=512,
        termination=Termination.NORMAL,
        user_agent=b"curl/8.0",
        referer=b"https://app.example.com/",
        user="acme",
    )
