"""``use: ip_filter`` on a route."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from vizgate.access.ip_filter.config import IpFilterConfig
from vizgate.testing import MemoryClient

CONFIG = """
version: 1
server: {trusted_proxies: [192.0.2.1]}
services: {echo: {builtin: echo}}
routes:
  - {name: inner, match: {path: /inner}, service: echo, middleware: [{use: ip_filter, allow: [10.0.0.0/8]}]}
  - {name: outer, match: {path: /outer}, service: echo, middleware: [{use: ip_filter, deny: [10.0.0.0/8, "::1"]}]}
"""


@pytest.mark.parametrize(
    ("client", "inner", "outer"),
    [("10.1.2.3", 200, 403), ("::ffff:10.1.2.3", 200, 403), ("192.0.2.7", 403, 200), ("::1", 403, 403)],
)
async def test_filter_lets_in_or_answers_403(client: str, inner: int, outer: int) -> None:
    """The sample of the reference: who is not let in is told so, and the service is not asked."""
    async with MemoryClient(CONFIG, client=client) as gateway:
        for path, status in (("/inner", inner), ("/outer", outer)):
            response = await gateway.get(path)
            assert status == response.status
            if status == 403:
                assert "this address is not let in" == response.json()["detail"]
        assert {""} == {record.service for record in gateway.records if record.status == 403}


@pytest.mark.parametrize(("client", "status"), [("192.0.2.1", 200), ("192.0.2.2", 403)])
async def test_filter_asks_for_the_client_by_the_trust_rules(client: str, status: int) -> None:
    """What a trusted proxy says counts; anybody else's word about an address does not."""
    async with MemoryClient(CONFIG, client=client) as gateway:
        response = await gateway.get("/inner", headers={"X-Forwarded-For": "10.1.2.3"})
        assert status == response.status


async def test_filter_does_not_let_in_by_a_client_that_a_trusted_proxy_heard_of() -> None:
    """Of a list, the last hop that is not trusted counts, not what that one claims."""
    async with MemoryClient(CONFIG, client="192.0.2.1") as gateway:
        response = await gateway.get("/inner", headers={"X-Forwarded-For": "10.1.2.3, 203.0.113.9"})
        assert 403 == response.status


def test_config_must_filter_something() -> None:
    """An empty filter would look like one."""
    with pytest.raises(ValidationError, match="nothing to filter"):
        IpFilterConfig()


@pytest.mark.parametrize("deny", ["10.0.0.0/8", "::ffff:10.0.0.0/104"])
def test_config_one_network_has_one_verdict(deny: str) -> None:
    """The same network on both sides is a contradiction, in whatever notation."""
    with pytest.raises(ValidationError, match=r"10\.0\.0\.0/8 is both in allow and in deny"):
        IpFilterConfig.model_validate({"allow": ["10.0.0.0/8"], "deny": [deny]})


def test_config_bits_behind_the_prefix_are_refused() -> None:
    """A slip whose meaning can be guessed is asked about."""
    with pytest.raises(ValidationError, match=r"Did you mean '10\.0\.0\.0/8'"):
        IpFilterConfig.model_validate({"allow": ["10.0.0.1/8"]})
