"""Tokens that the authorization server is asked about (RFC 7662)."""

from __future__ import annotations

import asyncio
import inspect
import json
from base64 import b64decode
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vizgate.auth.introspection.answer import NotAnAnswer, read_answer
from vizgate.auth.introspection.authenticator import IntrospectionAuthenticator
from vizgate.auth.introspection.config import IntrospectionConfig
from vizgate.auth.introspection.question import LIMIT_BYTES, introspection_call
from vizgate.errors import CallFailed
from vizgate.extension.contract import Context
from vizgate.extension.kinds.authenticator import AuthenticationUnavailable, CredentialRefused
from vizgate.message.headers import Headers
from vizgate.message.identity import Identity
from vizgate.pipeline.ports import Call, CallAnswer
from vizgate.pipeline.request import Request
from vizgate.testing import ManualClock

NOW_S = 1_767_225_600.0
ACTIVE = {"active": True, "sub": "ann", "scope": "read write", "exp": NOW_S + 600, "client_id": "c1"}


def config(**settings: Any) -> IntrospectionConfig:
    base = {
        "kind": "oauth2_introspection",
        "endpoint": "https://idp.example.com/introspect",
        "client_id": "vizgate",
        "client_secret": "s3cret",
    }
    return IntrospectionConfig.model_validate({**base, **settings})


class Server:
    """Answers with *answer*; waits for ``gate`` each time."""

    def __init__(self, answer: object) -> None:
        self.answer = answer
        self.status = 200
        self.calls: list[Call] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def call(self, call: Call) -> CallAnswer:
        self.calls.append(call)
        await self.gate.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        body = self.answer if isinstance(self.answer, bytes) else json.dumps(self.answer).encode()
        return CallAnswer(self.status, (), body)


class Made:
    def __init__(self, answer: object = None, **settings: Any) -> None:
        self.clock = ManualClock(wall_s=NOW_S)
        self.server = Server(ACTIVE if answer is None else answer)
        context = Context(name="partners", clock=self.clock, calls=self.server)
        self.authenticator = IntrospectionAuthenticator(config(**settings), context)

    async def ask(self, token: bytes = b"opaque") -> Identity | None:
        found = self.authenticator.authenticate(bearer(token))
        return await found if inspect.isawaitable(found) else found

    async def refusal(self, token: bytes = b"opaque") -> str:
        with pytest.raises(CredentialRefused) as refused:
            await self.ask(token)
        return refused.value.detail


def bearer(token: bytes) -> Request:
    return Request("GET", b"/", Headers([(b"Authorization", b"Bearer " + token)]))


def test_question_is_a_form_with_the_gateways_own_credentials() -> None:
    """RFC 7662 2.1 with Basic authentication of the client; RFC 6749 2.3.1: its parts are encoded, then joined."""
    settings = config(client_id="a:b c", client_secret="p%\u00e9:+/", timeout="2s")
    call = introspection_call(settings, b"a+b/c==")
    fields = dict(call.fields)
    assert b"a%3Ab+c:p%25%C3%A9%3A%2B%2F" == b64decode(fields[b"Authorization"].removeprefix(b"Basic "))
    assert b"token=a%2Bb%2Fc%3D%3D&token_type_hint=access_token" == call.body
    assert ("POST", b"application/x-www-form-urlencoded") == (call.method, fields[b"Content-Type"])
    assert (2.0, LIMIT_BYTES, True) == (call.timeout_s, call.limit_bytes, call.may_repeat)


async def test_active_token_is_an_identity() -> None:
    """The answer's members become the identity."""
    identity = await Made({**ACTIVE, "plan": "premium"}, claims={"tier": "plan"}).ask()
    assert identity is not None
    assert ("ann", "premium", frozenset({"read", "write"})) == (identity.user, identity.tier, identity.scopes)
    assert ("partners", "c1") == (identity.authenticator, identity.claims["client_id"])


async def test_token_is_asked_about_once_and_then_remembered() -> None:
    """A remembered answer comes at once, and no longer than ``cache_ttl``."""
    made = Made(cache_ttl="30s")
    await made.ask()
    assert isinstance(made.authenticator.authenticate(bearer(b"opaque")), Identity)
    made.clock.advance(30)
    await made.ask()
    assert 2 == len(made.server.calls)


async def test_answer_is_never_remembered_past_exp() -> None:
    """``exp`` of the answer goes before ``cache_ttl``."""
    made = Made({**ACTIVE, "exp": NOW_S + 10}, cache_ttl="30s")
    await made.ask()
    made.clock.advance(10)
    assert "the token has expired" == await made.refusal()
    assert 2 == len(made.server.calls)


async def test_cache_ttl_zero_asks_every_time() -> None:
    """0 switches remembering off."""
    made = Made(cache_ttl="0")
    for _ in range(3):
        await made.ask()
    assert 3 == len(made.server.calls)


async def test_refusal_is_remembered_for_a_short_time() -> None:
    """The same bad token again is refused unasked, until ``negative_ttl`` is over."""
    made = Made({"active": False}, negative_ttl="5s")
    assert "the token is not active" == await made.refusal()
    with pytest.raises(CredentialRefused):
        made.authenticator.authenticate(bearer(b"opaque"))
    made.clock.advance(5)
    made.server.answer = ACTIVE
    assert "ann" == (await made.ask()).user
    assert 2 == len(made.server.calls)


async def test_clock_that_jumps_back_asks_anew() -> None:
    """Nothing is remembered for an hour because the clock was corrected by one."""
    made = Made({"active": False})
    await made.refusal()
    made.clock.set_wall(NOW_S - 3600)
    await made.refusal()
    assert 2 == len(made.server.calls)


async def test_made_up_tokens_do_not_push_out_real_ones() -> None:
    """A flood of bad tokens is remembered in a place of its own, and that is bounded."""
    made = Made(cache=3)
    await made.ask(b"real")
    made.server.answer = {"active": False}
    for number in range(20):
        await made.refusal(b"bad-%d" % number)
    assert isinstance(made.authenticator.authenticate(bearer(b"real")), Identity)
    assert 3 == len(made.authenticator._bad)


async def test_one_question_for_many_requests() -> None:
    """A hundred requests with one new token ask once."""
    made = Made()
    made.server.gate.clear()
    waiting = [asyncio.ensure_future(made.ask()) for _ in range(100)]
    await asyncio.sleep(0)
    made.server.gate.set()
    assert {"ann"} == {identity.user for identity in await asyncio.gather(*waiting)}
    assert 1 == len(made.server.calls)


async def test_questions_are_bounded() -> None:
    """Over ``concurrency`` the answer is 503 at once: nobody waits in line for a slow server."""
    made = Made(concurrency=2)
    made.server.gate.clear()
    waiting = [asyncio.ensure_future(made.ask(b"t%d" % number)) for number in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(AuthenticationUnavailable, match="more than 2 questions"):
        await made.ask(b"t3")
    made.server.gate.set()
    await asyncio.gather(*waiting)


FAILURES = [
    CallFailed("idp.example.com: no whole answer within 3 s"),
    b"<html>502</html>",
    b"",
    b"[]",
    b"{}",
    b'{"active": "true"}',
    b'{"active": 1}',
    b'{"active": null}',
    b"[" * 5000,
    b"\xff\xfe",
]


@pytest.mark.parametrize("answer", FAILURES, ids=lambda answer: repr(answer)[:20])
async def test_no_answer_lets_nobody_in(answer: object) -> None:
    """When nobody can tell, it is 503, and not remembered."""
    made = Made(answer)
    for _ in range(2):
        with pytest.raises(AuthenticationUnavailable, match=r"^auth partners: "):
            await made.ask()
    assert 2 == len(made.server.calls)
    made.server.answer = ACTIVE
    assert "ann" == (await made.ask()).user


@pytest.mark.parametrize("status", [201, 204, 302, 400, 401, 403, 429, 500])
async def test_other_statuses_are_no_answer(status: int) -> None:
    """401 is about the gateway's own credentials, and says so in the log; none is about the token."""
    made = Made()
    made.server.status = status
    hint = "Check client_id and client_secret" if status == 401 else f"it answered with {status}"
    with pytest.raises(AuthenticationUnavailable, match=hint):
        await made.ask()


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ({"sub": None}, "names no user"),
        ({"exp": NOW_S}, "has expired"),
        ({"nbf": NOW_S + 1}, "not valid yet"),
        ({"iss": "https://other/"}, "another issuer"),
        ({"aud": "other"}, "somebody else"),
        ({"aud": None}, "somebody else"),
        ({"exp": "soon"}, "no number"),
    ],
)
async def test_answer_that_does_not_suit(change: dict[str, Any], detail: str) -> None:
    """An active token may be for others, or of others."""
    made = Made({**ACTIVE, "aud": "vizgate", **change}, issuer="https://idp.example.com/", audience="vizgate")
    assert detail in await made.refusal()


async def test_answer_without_issuer_and_with_unasked_audience() -> None:
    """``iss`` counts if the answer tells it; without ``audience`` in the settings nobody looks at it."""
    assert "ann" == (await Made({**ACTIVE, "aud": "x"}, issuer="https://idp.example.com/").ask()).user


@pytest.mark.parametrize("token", [b"a b", b"a,b", b"\xe9", b'"x"'])
async def test_malformed_token_is_refused_unasked(token: bytes) -> None:
    """What is no token68 is not worth a question, nor is what is too long."""
    made = Made()
    await made.refusal(token)
    await made.refusal(b"a" * 10_000)
    assert [] == made.server.calls


async def test_strip_takes_the_token_out() -> None:
    """The service does not see it, remembered or not."""
    made = Made(strip=True)
    for _ in range(2):
        request = bearer(b"opaque")
        found = made.authenticator.authenticate(request)
        _ = await found if inspect.isawaitable(found) else found
        assert [] == request.headers.raw


async def test_stop_ends_the_questions() -> None:
    """After a stop nothing is asked any more."""
    made = Made()
    made.server.gate.clear()
    waiting = asyncio.ensure_future(made.ask())
    await asyncio.sleep(0)
    await made.authenticator.stop()
    with pytest.raises(asyncio.CancelledError):
        await waiting


def test_secret_is_never_shown() -> None:
    """Neither settings nor component show it."""
    assert "s3cret" not in repr(config())
    assert "s3cret" not in repr(Made().authenticator)


@given(st.integers(100, 599), st.binary(max_size=100))
def test_any_bytes_are_an_answer_or_none(status: int, body: bytes) -> None:
    """Nothing but ``NotAnAnswer`` is raised, and no bytes at random are a yes."""
    with suppress(NotAnAnswer):
        assert read_answer(status, body) is None
