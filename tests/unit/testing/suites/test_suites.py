"""The suites find what breaks a contract, and nothing where all is well."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from vizgate import (
    Authenticator,
    AuthenticatorConfig,
    BackgroundConfig,
    BackgroundService,
    Context,
    CredentialRefused,
    Identity,
    Middleware,
    MiddlewareConfig,
    Request,
    RequestRecord,
    Response,
    Sink,
    SinkConfig,
)
from vizgate.gateway.builtin import MIDDLEWARE
from vizgate.pipeline.handler import Handler
from vizgate.testing import check_authenticator, check_middleware, check_service, check_sink
from vizgate.testing.suites import life

# life


class Plain(Middleware):
    async def __call__(self, request: Request, forward: Handler) -> Response:
        return await forward(request)


class Forgetful(Plain):
    def __init__(self, config: Any, context: Any) -> None:
        pass


class StopsOnlyOnce(Plain):
    async def start(self) -> None:
        self.file = object()

    async def stop(self) -> None:
        del self.file


class Hangs(Plain):
    async def start(self) -> None:
        await asyncio.Event().wait()


class Future(Plain):
    contract_version = 99


# middleware


class Nothing(Plain):
    async def __call__(self, request: Request, forward: Handler) -> Response:
        await forward(request)
        return None  # type: ignore[return-value]


class Twice(Plain):
    async def __call__(self, request: Request, forward: Handler) -> Response:
        await forward(request)
        return await forward(request)


class Mixes(Plain):
    last: Response | None = None

    async def __call__(self, request: Request, forward: Handler) -> Response:
        self.last = self.last or await forward(request)
        return self.last


class Deaf(Plain):
    async def __call__(self, request: Request, forward: Handler) -> Response:
        try:
            return await forward(request)
        except asyncio.CancelledError:
            return Response(200)


class Renames(Plain):
    async def __call__(self, request: Request, forward: Handler) -> Response:
        request.id = "mine"
        return await forward(request)


class Trips(Plain):
    async def __call__(self, request: Request, forward: Handler) -> Response:
        if request.method == "PURGE":
            raise KeyError(request.method)
        return await forward(request)


def made(kind: Callable[..., Any], config: Any = None) -> Callable[[Context], Any]:
    return lambda context: kind(MiddlewareConfig() if config is None else config, context)


async def test_good_middleware_passes() -> None:
    """One that does nothing keeps every promise."""
    await check_middleware(made(Plain))


@pytest.mark.parametrize(("kind", "settings"), [(Twice, {"may_repeat": True}), (Mixes, {"may_share": True})])
async def test_middleware_that_may_passes(kind: type[Middleware], settings: dict[str, bool]) -> None:
    """What is meant is said to the suite."""
    await check_middleware(made(kind), **settings)


@pytest.mark.parametrize("name", ["compress", "decompress", "security_headers"])
async def test_middleware_of_ours_passes(name: str) -> None:
    """What ships is held to what strangers are."""
    kind = MIDDLEWARE[name]
    await check_middleware(lambda context: kind(kind.Config(), context))


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (Forgetful, r"Forgetful has no config\. Call super"),
        (StopsOnlyOnce, None),
        (Hangs, r"Hangs\.start\(\) has not returned"),
        (Future, "Future is for contract 99"),
        (Nothing, "a middleware returned NoneType"),
        (Twice, "forwarded 2 times"),
        (Mixes, "has the answer to another request"),
        (Deaf, "Let CancelledError out"),
        (Renames, "the id of the request was changed"),
        (Trips, None),
    ],
)
async def test_bad_middleware_is_found(
    kind: type[Middleware], message: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each broken promise is told; what it raises comes out as it is."""
    monkeypatch.setattr(life, "PATIENCE_S", 0.05)
    with pytest.raises((AssertionError, AttributeError, KeyError), match=message):
        await check_middleware(made(kind))


# authenticators


class Words(Authenticator):
    """Knows two words."""

    users = {"sesame-1": "one", "sesame-2": "two"}  # noqa: RUF012  # a test

    def authenticate(self, request: Request) -> Any:
        word = request.headers.get("X-Word")
        if not word:
            return None
        if word not in self.users:
            raise CredentialRefused("no such word")
        return Identity(self.users[word])


class Later(Words):
    async def _found(self, request: Request) -> Identity | None:
        await asyncio.sleep(0)
        found: Identity | None = super().authenticate(request)
        return found

    def authenticate(self, request: Request) -> Any:
        return self._found(request)


class Shared(Words):
    """Leaves on itself what belongs to a request."""

    async def _found(self) -> Identity | None:
        await asyncio.sleep(0)
        found: Identity | None = super().authenticate(self.request)
        return found

    def authenticate(self, request: Request) -> Any:
        self.request = request
        return self._found()


class Raises(Words):
    def authenticate(self, request: Request) -> Any:
        word = request.headers.get("X-Word")
        return Identity(self.users[word]) if word else None


class Prefix(Words):
    def authenticate(self, request: Request) -> Any:
        word = request.headers.get("X-Word")
        return Identity("one") if word and word.startswith("sesame") else super().authenticate(request)


class Tells(Words):
    def authenticate(self, request: Request) -> Any:
        try:
            return super().authenticate(request)
        except CredentialRefused:
            raise CredentialRefused(f"{request.headers.get('X-Word')} is wrong") from None


class Everybody(Words):
    def authenticate(self, request: Request) -> Any:
        return Identity("anybody")


class Odd(Words):
    def authenticate(self, request: Request) -> Any:
        return "one" if request.headers.get("X-Word") else None


GOOD = [[("X-Word", "sesame-1")], [("X-Word", "sesame-2")]]
BAD = [[("X-Word", "pumpkin-7")]]


@pytest.mark.parametrize("kind", [Words, Later])
async def test_good_authenticator_passes(kind: type[Authenticator]) -> None:
    """At once or later."""
    await check_authenticator(made(kind, AuthenticatorConfig()), good=GOOD, bad=BAD)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (Shared, "have one another's identity"),
        (Raises, "raised KeyError where it must refuse"),
        (Prefix, "a spoilt credential was let in"),
        (Tells, "the reason of a refusal holds the credential"),
        (Everybody, "a request that shows nothing has an identity"),
        (Odd, "it gave str, not an Identity"),
    ],
)
async def test_bad_authenticator_is_found(kind: type[Authenticator], message: str) -> None:
    """Letting somebody in who must not be is the worst of them."""
    with pytest.raises(AssertionError, match=message):
        await check_authenticator(made(kind, AuthenticatorConfig()), good=GOOD, bad=BAD)


# sinks


class Kept(Sink):
    kept: list[RequestRecord]

    async def take(self, records: Sequence[RequestRecord]) -> None:
        self.kept.extend(records)


class Loses(Kept):
    async def take(self, records: Sequence[RequestRecord]) -> None:
        self.kept.extend(records[:100])


class Encodes(Kept):
    async def take(self, records: Sequence[RequestRecord]) -> None:
        b"".join(record.target.encode() for record in records)


async def test_good_sink_passes() -> None:
    """Everything arrives."""
    kept = type("Kept", (Kept,), {"kept": []})
    await check_sink(made(kept, SinkConfig()), taken=lambda: len(kept.kept))


async def test_bad_sink_is_found() -> None:
    """One that loses records, or cannot tell what clients send."""
    kept = type("Loses", (Loses,), {"kept": []})
    with pytest.raises(AssertionError, match="of 513 records have arrived"):
        await check_sink(made(kept, SinkConfig()), taken=lambda: len(kept.kept))
    with pytest.raises(UnicodeEncodeError):
        await check_sink(made(Encodes, SinkConfig()))


# background services


class Polls(BackgroundService):
    async def run(self) -> None:
        while True:
            await self.context.sleep(60)


class Done(BackgroundService):
    async def run(self) -> None:
        return


class Fails(BackgroundService):
    async def run(self) -> None:
        await self.context.sleep(60)
        raise ValueError("second round")


@pytest.mark.parametrize("kind", [Polls, Done])
async def test_good_service_passes(kind: type[BackgroundService]) -> None:
    """One that goes on, and one that has an end."""
    await check_service(made(kind, BackgroundConfig()))


async def test_bad_service_is_found() -> None:
    """One that fails after a while."""
    with pytest.raises(AssertionError, match="raised ValueError: second round"):
        await check_service(made(Fails, BackgroundConfig()))
