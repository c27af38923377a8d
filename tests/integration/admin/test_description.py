"""The admin API against its own OpenAPI document, with requests that nobody would write by hand."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.integration.admin.bench import CONFIG, serving

_REQUESTS_EACH = 10
_SERVICES = {"users": {"targets": ["http://127.0.0.1:1"], "breaker": {}}, "echo": {"builtin": "echo"}}
#: Names that are there, for the parameters of paths: with others everything would be 404.
_KNOWN = {"service": "users", "target": "127.0.0.1:1", "name": "login", "network": "192.0.2.0/24"}


def _check(url: str, *, known: bool, token: str = "") -> set[int]:
    """Ask for everything that the document at *url* describes; the statuses of the answers. Raises what is untrue."""
    import schemathesis

    statuses: set[int] = set()
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json", headers=headers)
    for found in schema.get_all_operations():
        operation = found.ok()

        @settings(
            max_examples=_REQUESTS_EACH, derandomize=True, deadline=None, database=None,
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            if known and case.path_parameters:
                case.path_parameters.update({n: v for n, v in _KNOWN.items() if n in case.path_parameters})
            response = case.call(base_url=url, headers=headers)
            statuses.add(response.status_code)
            case.validate_response(response, headers=headers)

        ask()
    return statuses


@pytest.mark.parametrize(("known", "token"), [(False, ""), (True, ""), (True, "s3cret-s3cret-s3cret")])
async def test_api_is_as_described(known: bool, token: str) -> None:
    """Statuses, content types and schemas of answers; what the schemas refuse is refused, and nothing fails."""
    server = {"admin_token": token} if token else {}
    async with serving({"services": _SERVICES, "routes": [*CONFIG["routes"], _USERS]}, **server) as bench:
        assert bench.gateway.admin_url is not None
        statuses = await asyncio.to_thread(_check, bench.gateway.admin_url, known=known, token=token)
        await bench.gateway.stop(timeout_s=0.0)
    assert 200 in statuses
    assert not {status for status in statuses if status >= 500}


_USERS = {"name": "users", "match": {"path": "/users"}, "service": "users"}
