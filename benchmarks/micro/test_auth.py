"""What it costs to know who sends a request, and to let them in."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

import pytest

from vizgate.auth.api_key.authenticator import ApiKeyAuthenticator
from vizgate.auth.api_key.config import ApiKeyConfig, KeyConfig
from vizgate.auth.api_key.table import ApiKeyTable, hash_key
from vizgate.auth.config import IdentityHeadersConfig
from vizgate.auth.gate.identify import Identify
from vizgate.auth.gate.identity_fields import IdentityFields
from vizgate.auth.gate.require import Require
from vizgate.auth.gate.rules import AccessRules
from vizgate.extension.contract import Context
from vizgate.message.headers import Headers
from vizgate.pipeline.handler import compose
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response

KEYS = [
    KeyConfig(id=f"k-{number}", user=f"u-{number}", hash=hash_key(b"key-%d" % number), tier="premium", scopes=("read",))
    for number in range(10_000)
]
FIELDS = [(b"X-Field-%d" % number, b"value") for number in range(12)]
NOW_S = 1_800_000_000.0


def asking(key: bytes = b"key-7777") -> Request:
    return Request("GET", b"/", Headers([*FIELDS, (b"X-API-Key", key)]))


def authenticator() -> ApiKeyAuthenticator:
    return ApiKeyAuthenticator(ApiKeyConfig(kind="api_key", keys=tuple(KEYS)), Context(name="keys"))


def answer_of(pending: Coroutine[Any, Any, Response]) -> Response:
    """What a coroutine that waits for nothing returns, without a loop around it."""
    try:
        pending.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("it waited")


def test_api_key_table(benchmark):
    table = ApiKeyTable(KEYS)
    assert benchmark(table.identify, b"key-7777", NOW_S).user == "u-7777"


def test_api_key_with_pepper(benchmark):
    keys = [KeyConfig(id="k", user="u", hash=hash_key(b"key", b"pepper"))]
    assert benchmark(ApiKeyTable(keys, b"pepper").identify, b"key", NOW_S).user == "u"


def test_api_key_in_a_request_with_13_fields(benchmark):
    assert benchmark(authenticator().authenticate, asking()).user == "u-7777"


@pytest.mark.parametrize("layers", ["none", "gate", "gate-with-scopes", "gate-with-fields"])
def test_gate(benchmark, layers):
    """A request through Identify and Require; "none" is the handler alone, to be taken off the others."""

    async def handler(_: Request) -> Response:
        return response

    response = Response(204)
    authenticators = [authenticator()]
    rules = AccessRules(("read",) if layers == "gate-with-scopes" else ())
    config = IdentityHeadersConfig(user="X-User", tier="X-Tier", scopes="X-Scopes")
    fields = IdentityFields(config) if layers == "gate-with-fields" else None
    gate = [] if layers == "none" else [Identify(authenticators), Require(authenticators, rules, fields)]
    call = compose(gate, handler)
    request = asking()

    assert benchmark(lambda: answer_of(call(request))) is response


def test_refusal(benchmark):
    """A request with a key that nobody has, up to the answer."""
    authenticators = [authenticator()]

    async def handler(_: Request) -> Response:
        return Response(204)

    call = compose([Identify(authenticators), Require(authenticators, AccessRules())], handler)

    assert benchmark(lambda: answer_of(call(asking(b"unknown"))).status) == 401
