"""``use: method``."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.transform.method.config import MethodConfig
from vizgate.transform.method.middleware import MethodMiddleware


async def seen(method: str, **config: Any) -> tuple[list[str], str]:
    met: list[str] = []

    async def service(request: Request) -> Response:
        met.append(request.method)
        return Response(200)

    request = Request(method, b"/")
    await MethodMiddleware(MethodConfig.model_validate(config))(request, service)
    return met, request.method


@pytest.mark.parametrize(
    ("method", "config", "sent"),
    [
        ("GET", {"to": "POST"}, "POST"),
        ("HEAD", {"to": "POST"}, "HEAD"),
        ("OPTIONS", {"to": "POST"}, "OPTIONS"),
        ("PUT", {"to": "PATCH", "only": ["PUT"]}, "PATCH"),
        ("GET", {"to": "PATCH", "only": ["PUT"]}, "GET"),
    ],
)
async def test_service_sees_the_method_and_the_client_is_answered_by_its_own(
    method: str, config: dict[str, Any], sent: str
) -> None:
    """Only on the way in is it another: an answer to HEAD must stay one."""
    assert ([sent], method) == await seen(method, **config)


async def test_method_is_restored_when_forwarding_fails() -> None:
    """However it ends."""

    async def broken(_request: Request) -> Response:
        raise RuntimeError

    request = Request("GET", b"/")
    with pytest.raises(RuntimeError):
        await MethodMiddleware(MethodConfig(to="POST"))(request, broken)
    assert "GET" == request.method


@pytest.mark.parametrize("method", ["CONNECT", "TRACE", "HEAD", "get"])
def test_config_refuses_methods_that_mean_something_else(method: str) -> None:
    """No tunnel, no HEAD whose answer would have no body for a client that waits for one."""
    with pytest.raises(ValidationError):
        MethodConfig(to=method)  # type: ignore[arg-type]
