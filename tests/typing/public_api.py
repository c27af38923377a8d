"""What type checkers of users make of the public names; ``mypy`` reads this file, nothing runs it."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from datetime import date
from ipaddress import ip_network
from pathlib import Path
from typing import Any, assert_type

from vizgate import (
    ApiKeyTable,
    Authenticator,
    AuthenticatorConfig,
    Balancer,
    BreakerSettings,
    CacheConfig,
    CacheMiddleware,
    CircuitBreaker,
    CircuitOpen,
    Clock,
    ConfigError,
    ConsistentHash,
    Context,
    CorsConfig,
    CorsPolicy,
    CredentialRefused,
    Decision,
    Discovered,
    DiscoveredTarget,
    DiscoveryConfig,
    EjectionRule,
    FixedWindow,
    Gateway,
    GatewayConfig,
    Handler,
    HashConfig,
    Headers,
    HttpCache,
    Identity,
    JsonChange,
    JsonChanges,
    JwtVerifier,
    KeyConfig,
    KeySet,
    LeastConnections,
    Match,
    MatchConfig,
    Member,
    MemoryStore,
    MemoryStoreConfig,
    Middleware,
    MiddlewareConfig,
    NetworkRules,
    NoMatch,
    PeakEwma,
    PolledDiscovery,
    PowerOfTwo,
    ProbeCount,
    Problem,
    Program,
    PybreakerListener,
    RedisStore,
    RedisStoreConfig,
    Request,
    RequestChecker,
    Response,
    RevocationList,
    RoundRobin,
    Router,
    Rule,
    SharedStore,
    SharedStoreConfig,
    SlidingWindow,
    SplitRule,
    Step,
    Store,
    StoreComponent,
    StoreFailed,
    TokenBucket,
    TrafficRecord,
    ValidationConfig,
    Verdict,
    VersionConfig,
    VersionLife,
    Violation,
    VizgateError,
    WeightedRandom,
    WeightedRoundRobin,
    __version__,
    audit_versions,
    choose_coding,
    hash_key,
    load_config,
    load_text,
)
from vizgate.testing import ManualClock


def router_keeps_the_type_of_its_values() -> None:
    router = Router([Rule("user", MatchConfig(path="/users/{id:int}"), 7)])
    assert_type(router, Router[int])
    found = router.match("GET", "example.com", b"/users/7")
    assert_type(found, Match[int] | NoMatch)
    if isinstance(found, Match):
        assert_type(found.value, int)
        assert_type(found.params, Mapping[str, Any])
    else:
        assert_type(found.status, int)
        assert_type(found.allow, tuple[str, ...])
    assert_type(Router.of({"GET /": "home"}), Router[str])


def balancers_meet_the_protocol() -> None:
    balancers: list[Balancer] = [RoundRobin.of([1] * 2), WeightedRoundRobin.of([3, 1]), PowerOfTwo.of([1, 1])]
    balancers += [LeastConnections.of([1, 2]), WeightedRandom.of([1, 2]), PeakEwma.of([1, 1])]
    balancers += [ConsistentHash.of([1, 1], config=HashConfig(on="ip"))]
    for balancer in balancers:
        assert_type(balancer.pick({0}), int | None)
        with balancer.attempt(1) as member:
            assert_type(member, Member)


def clocks_meet_the_protocol(clock: Clock) -> None:
    manual: Clock = ManualClock()
    assert_type(manual.monotonic(), float)
    assert_type(clock.wall(), float)


def limiters_decide_at_once() -> None:
    for limiter in (TokenBucket("100/minute", burst=20), SlidingWindow("10/s"), FixedWindow("10/s")):
        decision = limiter.take(("any", "key"), 2, now_s=0.0)
        assert_type(decision, Decision)
        assert_type(decision.allowed, bool)
        assert_type(decision.retry_after_s, float)
        assert_type(decision.remaining, int)


class AddHeader(Middleware):
    class Config(MiddlewareConfig):
        name: str
        value: str

    def __init__(self, config: Config, context: Context | None = None) -> None:
        super().__init__(config, context)
        self._field = (config.name, config.value)

    async def __call__(self, request: Request, forward: Handler) -> Response:
        assert_type(request.method, str)
        assert_type(request.target, bytes)
        assert_type(request.headers, Headers)
        response = await forward(request)
        assert_type(response, Response)
        assert_type(response.status, int)
        response.headers[self._field[0]] = self._field[1]
        return response


async def gateways_are_made_three_ways(path: Path, config: GatewayConfig) -> None:
    async with Gateway.from_yaml(path, {"server.listen": "127.0.0.1:0"}) as gateway:
        assert_type(gateway, Gateway)
        assert_type(gateway.addresses, list[tuple[str, int]])
    assert_type(Gateway.from_text("version: 1"), Gateway)
    assert_type(Gateway.from_config(config), Gateway)


class OwnGateway(Gateway):
    pass


def subclass_makes_itself(config: GatewayConfig) -> None:
    assert_type(OwnGateway.from_config(config), OwnGateway)


def configurations_are_loaded_or_refused(path: Path) -> None:
    try:
        assert_type(load_config(path), GatewayConfig)
        assert_type(load_text("version: 1"), GatewayConfig)
    except ConfigError as error:
        assert_type(error.problems, tuple[Problem, ...])
        tell(error)


def tell(error: VizgateError) -> None:
    assert_type(str(error), str)


def headers_are_text_or_bytes(headers: Headers) -> None:
    assert_type(headers.get("Host"), str | None)
    assert_type(headers.get_all("Set-Cookie"), list[str])
    assert_type(headers.raw, list[tuple[bytes, bytes]])
    assert_type(Headers.of([("A", "b")]), Headers)


def version_is_text() -> None:
    assert_type(__version__, str)


def rules_about_who_is_let_through_are_values() -> None:
    policy = CorsPolicy(CorsConfig(origins=("https://app.example.com",)))
    assert_type(policy.fields(b"https://app.example.com"), tuple[tuple[bytes, bytes], ...])
    assert_type(policy.preflight(b"https://app.example.com", b"PUT").refusal, str)
    assert_type(NetworkRules([ip_network("10.0.0.0/8")]).allows("10.0.0.1"), bool)
    versions = {"1": VersionConfig(sunset=date(2026, 12, 1))}
    assert_type(VersionLife(versions["1"]).stage(0.0).value, str)
    assert_type(audit_versions(versions, date(2026, 6, 1))[0].message, str)


def requests_are_checked_without_a_gateway(request: Request) -> None:
    checker = RequestChecker(ValidationConfig(openapi=Path("api.yaml"), body_limit=1000))
    verdict = checker.check(request)
    assert_type(verdict, Verdict | None)
    if verdict is not None:
        assert_type(verdict.status, int)
        assert_type(verdict.violations[0], Violation)
        assert_type(verdict.violations[0].pointer, str)


class OwnAuthenticatorConfig(AuthenticatorConfig):
    word: str


class OwnAuthenticator(Authenticator):
    Config = OwnAuthenticatorConfig
    challenge = "Bearer"

    def authenticate(self, request: Request) -> Identity | None:
        shown = request.headers.get("Authorization")
        if shown is not None and shown != self.config.word:
            raise CredentialRefused("no such word")
        return None if shown is None else Identity("ann", scopes=frozenset({"read"}))


class SlowAuthenticator(Authenticator):
    async def authenticate(self, request: Request) -> Identity | None:
        return request.identity


class PlainMiddleware(Middleware):
    """One that decides at once needs no coroutine of its own."""

    def __call__(self, request: Request, forward: Handler) -> Awaitable[Response]:
        return forward(request)


def api_keys_are_a_table() -> None:
    table = ApiKeyTable([KeyConfig(id="a", user="ann", hash=hash_key(b"secret"))])
    assert_type(table.identify(b"secret", now_s=0.0), Identity)
    assert_type(table.identify(b"secret", now_s=0.0).scopes, frozenset[str])


class Once(Program):
    name = "once"
    lua = "return {1}, 60, {cells[1] and 0 or 1}"

    def run(self, cells: tuple[float, ...], now_s: float, arguments: tuple[float, ...]) -> Step:
        return Step((1.0,), 60.0, (0.0 if cells else 1.0,))


class OwnStore(StoreComponent):
    def run(self, program: Program, key: bytes, arguments: tuple[float, ...]) -> tuple[float, ...]:
        if not key:
            raise StoreFailed("no key")
        return program.run((), self.context.clock.wall(), arguments).result


async def stores_run_programs(context: Context) -> None:
    memory = MemoryStore(MemoryStoreConfig(kind="memory", keys=1000))
    assert_type(memory.run(Once(), b"key", ()), tuple[float, ...])
    shared = SharedStore(SharedStoreConfig(kind="shared"), context)
    assert_type(shared.run(Once(), b"key", ()), tuple[float, ...])
    redis = RedisStore(RedisStoreConfig(kind="redis", url="redis://cache"), context)
    assert_type(await redis.run(Once(), b"key", ()), tuple[float, ...])
    stores: list[Store] = [memory, shared, redis, OwnStore(None)]
    assert_type(stores[0].is_local, bool)


def tokens_are_verified_at_a_time(data: bytes) -> None:
    verifier = JwtVerifier.of(algorithms=["RS256"], jwks_url="https://idp.example.com/keys")
    verifier.keys = KeySet.of_document(data, {"RS256"})
    assert_type(verifier, JwtVerifier)
    assert_type(verifier.verify("a.b.c", now_s=0.0), Identity)


async def tokens_are_taken_back(store: Store) -> None:
    assert_type(await RevocationList(store).revoke("https://idp.example.com/", "t-1", 0.0), bool)


async def circuit_breaker_gives_back_what_it_calls() -> None:
    breaker = CircuitBreaker(BreakerSettings(failure_rate=0.5), name="billing", failures=(OSError,))
    assert_type(breaker.call(len, "abc"), int)
    with breaker as entered:
        assert_type(entered, CircuitBreaker)
    try:
        async with breaker:
            pass
    except CircuitOpen as refused:
        assert_type(refused.retry_after_s, int)


def pybreaker_listener_is_a_listener(listener: PybreakerListener) -> CircuitBreaker:
    return CircuitBreaker(listeners=(listener,))


def health_is_a_value(record: TrafficRecord) -> None:
    assert_type(ProbeCount(healthy_after=2).record(good=True), bool)
    assert_type(EjectionRule(failures=3).has_room(targets=3, ejected=1), bool)
    assert_type(record.failed(0.0, local=True), str)
    assert_type(record.eject(0.0), float)


async def caches_forget(gateway: Gateway, request: Request, answer: Handler) -> None:
    middleware = CacheMiddleware(CacheConfig(ttl=30))
    assert_type(await middleware(request, answer), Response)
    assert_type(middleware.cache, HttpCache)
    assert_type(middleware.cache.purge("https://api.example.com/"), int)
    assert_type(middleware.cache.statistics().bytes_held, int)
    assert_type(gateway.purge(tag="products"), int)


def traffic_and_transforms() -> None:
    """Rules of traffic and content, each alone."""
    assert_type(SplitRule([95, 5], "shop").index_of(b"192.0.2.7"), int)
    assert_type(JsonChange(JsonChanges(drop=("user.password",))).apply(b"{}"), bytes)
    assert_type(choose_coding(b"gzip, br;q=0.5", (b"br", b"gzip")), bytes | None)


class Inventory(PolledDiscovery):
    """A source of targets, as an author writes it."""

    Config = DiscoveryConfig

    async def look(self) -> Discovered:
        return Discovered.of("10.0.0.1:80", good_for_s=1.0)


async def discovering(source: Inventory) -> None:
    async for found in source.watch():
        assert_type(found, Discovered)
        assert_type(found.targets, tuple[DiscoveredTarget, ...])
        assert_type(found.targets[0].address, str)
