"""Whatever a plugin does, its own route has 500, the others go on, and it is counted by its name."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from vizgate import (
    Authenticator,
    AuthenticatorConfig,
    Balancer,
    BalancerConfig,
    CredentialRefused,
    Identity,
    Middleware,
    MiddlewareConfig,
    Request,
    Response,
    StoreComponent,
    StoreConfigBase,
    StoreFailed,
)
from vizgate.errors import Overloaded
from vizgate.extension.store import Cells, Program
from vizgate.gateway.isolation.guards.store import GuardedStore
from vizgate.gateway.state import GatewayState
from vizgate.limiter.programs.fixed_window import FixedWindowProgram
from vizgate.pipeline.handler import Handler
from vizgate.testing import MemoryClient

RAISED: dict[str, type[BaseException]] = {
    "an error": ValueError,
    "an exit": SystemExit,
    "an interrupt": KeyboardInterrupt,
    "a cancellation": asyncio.CancelledError,
}


def misbehave(does: str) -> Any:
    """What a plugin that *does* so gives back."""
    if does in RAISED:
        raise RAISED[does]("no secret: open sesame")
    return {"nothing": None, "a text": "text", "a number": -1, "an odd thing": object()}[does]


class BadMiddleware(Middleware):
    class Config(MiddlewareConfig):
        does: str
        when: str = "before"

    async def __call__(self, request: Request, forward: Handler) -> Response:
        if self.config.when == "after":
            await forward(request)
        given: Response = misbehave(self.config.does)
        return given


class BadAuthenticator(Authenticator):
    class Config(AuthenticatorConfig):
        does: str
        later: bool = False

    def authenticate(self, request: Request) -> Any:
        return self._later() if self.config.later else misbehave(self.config.does)

    async def _later(self) -> Any:
        return misbehave(self.config.does)


class BadBalancer(Balancer):
    class Config(BalancerConfig):
        does: str
        where: str = "pick"

    def update(self, members: Any) -> None:
        super().update(members)
        self._fail("update")

    def pick(self, excluded: Any = frozenset(), key: int = 0) -> Any:
        if self.config.where == "pick":
            return misbehave(self.config.does)
        return next((member.index for member in self.members if member.index not in excluded), None)

    def started(self, index: int) -> None:
        self._fail("started")

    def ended(self, index: int) -> None:
        self._fail("ended")

    def _fail(self, where: str) -> None:
        if self.config.where == where:
            misbehave(self.config.does)


class BadStore(StoreComponent):
    class Config(StoreConfigBase):
        does: str
        later: bool = False

    def __init__(self, config: Any, context: Any = None) -> None:
        super().__init__(config, context)
        self.is_local = not config.later

    def run(self, program: Program, key: bytes, arguments: Cells) -> Any:
        return self._later() if self.config.later else misbehave(self.config.does)

    async def _later(self) -> Any:
        return misbehave(self.config.does)


def use(kind: type, **settings: str | bool) -> str:
    """*kind* with *settings* as one line of YAML."""
    key = "use" if kind in (BadMiddleware, BadBalancer) else "kind"
    return json.dumps({key: f"{__name__}:{kind.__name__}", **settings})


def serving(parts: str, route: str) -> MemoryClient:
    """Two routes, of which only ``/bad`` has *route*."""
    return MemoryClient(f"""
version: 1
{parts}
routes:
  - {{name: bad, match: {{path: /bad}}, service: bad, {route}}}
  - {{name: good, match: {{path: /good}}, service: echo}}
""")


ECHO = "services: {echo: {builtin: echo}, bad: {builtin: echo}}"


async def assert_isolated(client: MemoryClient, plugin: type, count: int = 1) -> None:
    """``/bad`` has 500 and says nothing, ``/good`` has 200, and the fault is counted."""
    for _ in range(count):
        response = await client.get("/bad", headers={"Authorization": "Bearer open sesame"})
        assert (500, False) == (response.status, b"sesame" in response.body)
        assert 200 == (await client.get("/good")).status
    assert count == faults_of(client, plugin, "call")
    assert ["internal_error"] * count == [
        record.termination.value for record in client.records if record.route == "bad"
    ]


def faults_of(client: MemoryClient, plugin: type, stage: str) -> int:
    family = client.gateway.state.metrics.counters("plugin_errors", "", ("plugin", "stage"))
    return family.of(f"{__name__}:{plugin.__qualname__}", stage).value


@pytest.mark.parametrize("does", [*RAISED, "nothing", "a text", "a number"])
@pytest.mark.parametrize("when", ["before", "after"])
async def test_bad_middleware_is_500_of_its_route(does: str, when: str) -> None:
    """Raising anything, and giving back what is no response, is an answer with 500."""
    async with serving(ECHO, f"middleware: [{use(BadMiddleware, does=does, when=when)}]") as client:
        await assert_isolated(client, BadMiddleware, 2)


async def test_bad_middleware_is_an_answer_for_those_around_it() -> None:
    """What stands further out sees the 500, and has its say about it."""
    around = "{use: headers, response: {set: {X-Seen: it}}}"
    async with serving(ECHO, f"middleware: [{around}, {use(BadMiddleware, does='an error')}]") as client:
        response = await client.get("/bad")
        assert (500, "it") == (response.status, response.headers["X-Seen"])


async def test_middleware_error_that_is_meant_has_its_own_answer() -> None:
    """An ``ExchangeError`` is no fault: it says what the client is told."""
    async with serving(ECHO, f'middleware: [{{use: "{__name__}:Full"}}]') as client:
        response = await client.get("/bad")
        assert (503, 0) == (response.status, faults_of(client, Full, "call"))


class Full(Middleware):
    async def __call__(self, request: Request, forward: Handler) -> Response:
        raise Overloaded("no room")


@pytest.mark.parametrize("does", [*RAISED, "a text", "an odd thing"])
@pytest.mark.parametrize("later", [False, True])
async def test_bad_authenticator_lets_nobody_in(does: str, *, later: bool) -> None:
    """One that fails is 500: neither in nor a question for another credential."""
    settings: dict[str, Any] = {"later": True} if later else {}
    parts = f"auth: {{bad: {use(BadAuthenticator, does=does, **settings)}}}\n{ECHO}"
    async with serving(parts, "auth: bad") as client:
        await assert_isolated(client, BadAuthenticator)


async def test_authenticator_refusal_is_no_fault() -> None:
    """Refusing is what an authenticator is for."""
    async with serving(f'auth: {{bad: {{kind: "{__name__}:Refusing"}}}}\n{ECHO}', "auth: bad") as client:
        assert 401 == (await client.get("/bad")).status
        assert 0 == faults_of(client, Refusing, "call")


class Refusing(Authenticator):
    def authenticate(self, request: Request) -> Identity | None:
        raise CredentialRefused("no")


TARGETS = "targets: [http://127.0.0.1:1, http://127.0.0.1:2]"


@pytest.mark.parametrize("does", [*RAISED, "a text", "a number", "an odd thing"])
async def test_bad_balancer_is_500_of_its_service(does: str) -> None:
    """A rule that raises or picks what is no target answers with 500."""
    bad = f"services: {{echo: {{builtin: echo}}, bad: {{{TARGETS}, balancer: {use(BadBalancer, does=does)}}}}}"
    async with serving(bad, "timeout: 30s") as client:
        await assert_isolated(client, BadBalancer)


@pytest.mark.parametrize("where", ["update", "started", "ended"])
async def test_bad_balancer_that_is_told_something_keeps_serving(where: str) -> None:
    """What it does with what it is told is its own affair: the attempt goes on, and none is left in flight."""
    rule = use(BadBalancer, does="an error", where=where)
    bad = f"services: {{echo: {{builtin: echo}}, bad: {{{TARGETS}, balancer: {rule}, max_in_flight: 5}}}}"
    async with serving(bad, "timeout: 30s") as client:
        assert 502 == (await client.get("/bad")).status  # nobody listens there
        assert faults_of(client, BadBalancer, "call") > 0
        targets = client.gateway.plan.services["bad"].targets.targets
        assert [0, 0] == [target.state.in_flight for target in targets]


async def test_balancer_that_picks_the_excluded_does_not_go_on_for_ever() -> None:
    """A rule that ignores who was tried already is a fault, not an endless loop."""
    bad = f'services: {{echo: {{builtin: echo}}, bad: {{{TARGETS}, balancer: {{use: "{__name__}:Stubborn"}}}}}}'
    async with serving(bad, "timeout: 30s") as client:
        assert 500 == (await client.get("/bad")).status
        assert 1 == faults_of(client, Stubborn, "call")


class Stubborn(Balancer):
    def pick(self, excluded: Any = frozenset(), key: int = 0) -> int:
        return 0


@pytest.mark.parametrize("does", [*RAISED, "nothing", "a text", "a number"])
@pytest.mark.parametrize("later", [False, True])
@pytest.mark.parametrize(("on_failure", "status"), [("deny", 503), ("allow", 200)])
async def test_bad_store_is_a_store_that_failed(does: str, on_failure: str, status: int, *, later: bool) -> None:
    """A limit does without its store as its configuration says."""
    settings: dict[str, Any] = {"later": True} if later else {}
    limits = f"limits: {{bad: {{rate: 5/minute, on_store_failure: {on_failure}}}}}"
    parts = f"store: {use(BadStore, does=does, **settings)}\n{limits}\n{ECHO}"
    async with serving(parts, "limit: bad") as client:
        assert status == (await client.get("/bad")).status
        assert 1 == faults_of(client, BadStore, "call")


async def test_store_that_hangs_is_given_up() -> None:
    """An answer that does not come is a failure."""
    inner = Hanging(StoreConfigBase())
    store = GuardedStore(inner, GatewayState().faults.of(inner), patience_s=0.01)
    answer = store.run(FixedWindowProgram(), b"key", (1.0, 0.0, 5.0, 60.0))
    assert not isinstance(answer, tuple)
    with pytest.raises(StoreFailed):
        await answer


class Hanging(StoreComponent):
    is_local = False

    async def run(self, program: Program, key: bytes, arguments: Cells) -> Cells:
        await asyncio.Event().wait()
        return ()
