"""An outside authoriser: what it is shown, and what its answers mean."""

from __future__ import annotations

import asyncio
import inspect
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from vizgate.auth.forward.answer import MAX_COPIED_BYTES, ForwardAnswer, NotAnAnswer
from vizgate.auth.forward.authenticator import ForwardAuthenticator
from vizgate.auth.forward.config import ForwardAuthConfig
from vizgate.errors import CallFailed
from vizgate.extension.contract import Context
from vizgate.extension.kinds.authenticator import AuthenticationUnavailable, CredentialRefused
from vizgate.message.headers import Field, Headers
from vizgate.message.identity import Identity
from vizgate.pipeline.ports import Call, CallAnswer
from vizgate.pipeline.request import Request
from vizgate.testing import ManualClock

YES: tuple[Field, ...] = ((b"x-auth-user", b"ann"), (b"X-Auth-Tier", b"premium"), (b"X-Auth-Scopes", b"read, write"))


def config(**settings: Any) -> ForwardAuthConfig:
    return ForwardAuthConfig.model_validate({"kind": "forward_auth", "url": "http://authoriser/check", **settings})


class Authoriser:
    def __init__(self, status: int, fields: tuple[Field, ...]) -> None:
        self.status = status
        self.fields = fields
        self.calls: list[Call] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def call(self, call: Call) -> CallAnswer:
        self.calls.append(call)
        await self.gate.wait()
        if self.status == 0:
            raise CallFailed("authoriser: no whole answer within 3 s")
        return CallAnswer(self.status, self.fields, b"<html>go away</html>")


class Made:
    def __init__(self, status: int = 200, fields: tuple[Field, ...] = YES, **settings: Any) -> None:
        self.clock = ManualClock(wall_s=1000.0)
        self.authoriser = Authoriser(status, fields)
        context = Context(name="company", clock=self.clock, calls=self.authoriser)
        self.authenticator = ForwardAuthenticator(config(**settings), context)

    async def ask(self, request: Request | None = None) -> Identity | None:
        found = self.authenticator.authenticate(request or asking())
        return await found if inspect.isawaitable(found) else found


def asking(*fields: Field, target: bytes = b"/a%20b?c=d", client: str = "192.0.2.7", method: str = "POST") -> Request:
    raw = list(fields) or [(b"Authorization", b"Bearer abc")]
    return Request(method, target, Headers(raw), authority="api.example", scheme="https", client=client)


async def test_authoriser_sees_what_the_gateway_has_seen() -> None:
    """Method, target, host, scheme and client, and of the request's fields those that are configured, every line."""
    made = Made()
    await made.ask(asking((b"authorization", b"Basic a"), (b"X-Other", b"y"), (b"Cookie", b"a=b"), (b"cookie", b"c=d")))
    call = made.authoriser.calls[0]
    assert ("GET", "http://authoriser/check", 3.0) == (call.method, call.url, call.timeout_s)
    assert [
        (b"X-Forwarded-Method", b"POST"),
        (b"X-Forwarded-Proto", b"https"),
        (b"X-Forwarded-Host", b"api.example"),
        (b"X-Forwarded-Uri", b"/a%20b?c=d"),
        (b"X-Forwarded-For", b"192.0.2.7"),
        (b"authorization", b"Basic a"),
        (b"Cookie", b"a=b"),
        (b"cookie", b"c=d"),
    ] == list(call.fields)


async def test_yes_is_an_identity() -> None:
    """The answer names who it is."""
    identity = await Made(204, tier_header="X-Auth-Tier", scopes_header="X-Auth-Scopes").ask()
    assert Identity("ann", "premium", frozenset({"read", "write"}), "company") == identity


async def test_request_without_the_fields_shows_nothing() -> None:
    """The authoriser is not asked about a request that shows no credential, unless it wants to see all."""
    made = Made()
    assert await made.ask(asking((b"X-Other", b"y"))) is None
    assert [] == made.authoriser.calls
    assert await Made(request_headers=[]).ask(asking((b"X-Other", b"y"))) is not None


@pytest.mark.parametrize("status", [401, 403])
async def test_no_is_passed_on_with_its_challenge_alone(status: int) -> None:
    """Status and challenge are passed on; the body, cookies and a Location are not."""
    fields = (
        (b"WWW-Authenticate", b'Bearer realm="a"'),
        (b"WWW-Authenticate", b"Basic"),
        (b"Location", b"http://authoriser/login"),
        (b"Set-Cookie", b"a=b"),
    )
    with pytest.raises(CredentialRefused) as refused:
        await Made(status, fields).ask()
    assert (status, 'Bearer realm="a", Basic') == (refused.value.status, refused.value.challenge)
    assert "go away" not in str(vars(refused.value))


@pytest.mark.parametrize("challenge", [b"x" * 3000, b"a\xff\x80", b"a\tb"])
async def test_challenge_that_cannot_be_passed_on_is_left_out(challenge: bytes) -> None:
    """A challenge without end or with odd bytes is not repeated."""
    with pytest.raises(CredentialRefused) as refused:
        await Made(401, ((b"WWW-Authenticate", challenge),)).ask()
    assert "" == refused.value.challenge or refused.value.challenge.isprintable()
    assert len(refused.value.challenge) < 2049


@pytest.mark.parametrize("status", [0, 101, 301, 302, 307, 400, 404, 407, 429, 500, 503])
async def test_anything_else_is_no_answer(status: int) -> None:
    """Redirects, faults and silence let nobody in: 503."""
    with pytest.raises(AuthenticationUnavailable, match=r"^auth company: "):
        await Made(status).ask()


@pytest.mark.parametrize("user", [None, b"", b"a" * 501, b"a\x01"])
async def test_yes_without_a_user_is_no_answer(user: bytes | None) -> None:
    """An identity has a name; ``user_header: null`` says on purpose that there is none."""
    fields = () if user is None else ((b"X-Auth-User", user),)
    with pytest.raises(AuthenticationUnavailable, match="no user in X-Auth-User"):
        await Made(200, fields).ask()
    assert "company" == (await Made(200, fields, user_header=None).ask()).user


async def test_two_users_are_one_odd_name() -> None:
    """Two lines are joined, as RFC 9110 5.3 reads them: neither of them alone is let in."""
    assert "ann, bob" == (await Made(200, ((b"X-Auth-User", b"ann"), (b"x-auth-user", b"bob"))).ask()).user


async def test_user_beyond_ascii() -> None:
    """Names travel as UTF-8, or as latin-1 where they are none."""
    assert "Zo\u00eb" == (await Made(200, ((b"X-Auth-User", "Zo\u00eb".encode()),)).ask()).user
    assert "Zo\u00eb" == (await Made(200, ((b"X-Auth-User", "Zo\u00eb".encode("latin-1")),)).ask()).user


async def test_copied_fields_replace_those_of_the_request() -> None:
    """The service gets the authoriser's word under these names and nobody else's, every line of it."""
    made = Made(200, (*YES, (b"x-groups", b"a"), (b"X-Groups", b"b")), copy_headers=["X-Groups", "X-Absent"])
    request = asking((b"Authorization", b"x"), (b"x-GROUPS", b"admin"), (b"X-Absent", b"y"), (b"X-Other", b"z"))
    await made.ask(request)
    assert [("Authorization", "x"), ("X-Other", "z"), ("X-Groups", "a"), ("X-Groups", "b")] == request.headers.items()


@pytest.mark.parametrize("value", [b"a\x01", b"x" * (MAX_COPIED_BYTES + 1)])
async def test_fields_that_cannot_be_copied_are_no_answer(value: bytes) -> None:
    """Control bytes and fields without end are the authoriser's fault: 503."""
    with pytest.raises(AuthenticationUnavailable):
        await Made(200, (*YES, (b"X-Groups", value)), copy_headers=["X-Groups"]).ask()


@pytest.mark.parametrize("name", ["Host", "Connection", "Content-Length", "Transfer-Encoding", "a b", ""])
def test_fields_that_are_not_for_copying(name: str) -> None:
    """What frames a message or names its host is nobody's to set."""
    for key in ("copy_headers", "request_headers"):
        with pytest.raises(ValidationError):
            config(**{key: [name]})


async def test_strip_takes_out_what_was_shown() -> None:
    """The service sees none of the fields that the authoriser was shown."""
    request = asking((b"Authorization", b"x"), (b"Cookie", b"a=b"), (b"X-Other", b"z"))
    made = Made(strip=True)
    await made.ask(request)
    assert [("X-Other", "z")] == request.headers.items()
    assert (b"Cookie", b"a=b") in made.authoriser.calls[0].fields


async def test_every_request_is_asked_about() -> None:
    """Without ``cache_ttl`` nothing is remembered and no two requests share a question."""
    made = Made()
    await asyncio.gather(*(made.ask() for _ in range(10)))
    assert 10 == len(made.authoriser.calls)


async def test_yes_is_remembered_for_equal_questions() -> None:
    """The same fields, target and client, for ``cache_ttl``; then the answer comes at once, with its copied fields."""
    made = Made(200, (*YES, (b"X-Groups", b"a")), cache_ttl="10s", copy_headers=["X-Groups"])
    await made.ask()
    again = asking()
    assert isinstance(made.authenticator.authenticate(again), Identity)
    assert "a" == again.headers["X-Groups"]
    made.clock.advance(10)
    await made.ask()
    assert 2 == len(made.authoriser.calls)


@pytest.mark.parametrize(
    "other",
    [
        asking((b"Authorization", b"Bearer abd")),
        asking((b"Cookie", b"Bearer abc")),
        asking(target=b"/a%20b?c=e"),
        asking(client="192.0.2.8"),
        asking(method="GET"),
        asking((b"Authorization", b"Bearer abc"), (b"Cookie", b"")),
    ],
)
async def test_other_questions_are_asked(other: Request) -> None:
    """Whatever the authoriser is told makes a difference."""
    made = Made(cache_ttl="10s")
    await made.ask()
    await made.ask(other)
    assert 2 == len(made.authoriser.calls)


async def test_no_is_not_remembered() -> None:
    """Who was refused may come again with the same credential, and others need not know."""
    made = Made(401, (), cache_ttl="10s")
    with pytest.raises(CredentialRefused):
        await made.ask()
    made.authoriser.status, made.authoriser.fields = 200, YES
    assert await made.ask() is not None


async def test_questions_are_bounded() -> None:
    """Over ``concurrency`` the answer is 503 at once."""
    made = Made(concurrency=2)
    made.authoriser.gate.clear()
    waiting = [asyncio.ensure_future(made.ask()) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(AuthenticationUnavailable, match="more than 2 questions"):
        await made.ask()
    made.authoriser.gate.set()
    await asyncio.gather(*waiting)


NAMES = st.sampled_from([b"X-Auth-User", b"WWW-Authenticate", b"X-Groups", b"x"])
READER = ForwardAnswer(config(copy_headers=["X-Groups"]), "company")


@given(st.integers(100, 599), st.lists(st.tuples(NAMES, st.binary(max_size=30))))
def test_any_answer_is_yes_or_no_or_none(status: int, fields: list[Field]) -> None:
    """Whatever an authoriser sends: an identity, ``CredentialRefused``, or ``NotAnAnswer``."""
    with suppress(CredentialRefused, NotAnAnswer):
        assert READER.read(CallAnswer(status, tuple(fields))).identity.user
