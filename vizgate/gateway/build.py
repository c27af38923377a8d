"""Compiles a configuration into a plan.

In: ``compile_plan``, the one place where configuration models become running parts. Not in: starting them
(``gateway.server``).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field

from vizgate.auth.reserved import credential_names, reserved_names
from vizgate.config import GatewayConfig
from vizgate.config.model import RouteConfig, ServerConfig, ServiceConfig
from vizgate.extension.contract import Component, Middleware
from vizgate.extension.making import is_foreign
from vizgate.extension.registry import Registry
from vizgate.gateway.adoption.background import Background
from vizgate.gateway.adoption.draft import StateDraft
from vizgate.gateway.discovering.parts import DiscoveringParts
from vizgate.gateway.discovering.service import Making
from vizgate.gateway.dispatch import answered, clean_forward
from vizgate.gateway.endpoints import paths_of
from vizgate.gateway.http1.target_context import WireTools
from vizgate.gateway.isolation.faults import FaultBook
from vizgate.gateway.isolation.guards.middleware import guarded
from vizgate.gateway.isolation.guards.overtime import in_time
from vizgate.gateway.plan import DownstreamTimeouts, GatewayPlan, RoutePlan, ServerPlan, UploadLimits
from vizgate.gateway.policies.compiled import Policies, RouteLayers
from vizgate.gateway.policies.parts import Layer, Parts, StandIn
from vizgate.gateway.policies.shedding import SheddingPolicy
from vizgate.gateway.route_parts.traffic import TrafficParts
from vizgate.gateway.service_parts.fallbacks import with_fallback
from vizgate.gateway.services import ServiceBuilder
from vizgate.gateway.state import GatewayState
from vizgate.gateway.stepping import done
from vizgate.message.forwarding import ASSERTED, ASSERTED_PREFIX, TrustRules
from vizgate.pipeline.handler import Handler, MiddlewareCall, compose
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.router import Router, Rule
from vizgate.transform.echo import Echo
from vizgate.transform.redirect import Redirect
from vizgate.transform.respond import Respond
from vizgate.transform.rewrite import Rewrite, compile_rewrite
from vizgate.wire.choice import choose_codec
from vizgate.wire.codec import HeadCodec
from vizgate.wire.fields import FieldSorter
from vizgate.wire.limits import WireLimits

#: Wraps a middleware, known by what ``use:`` says, so that somebody can look on.
Watch = Callable[[str, Middleware], MiddlewareCall]


@dataclass(frozen=True, slots=True)
class Compiled:
    """A plan, and what must be started, in this order, before it serves, and stopped after.

    ``background``: what begins when it serves. ``draft``: to be adopted then.
    """

    plan: GatewayPlan
    components: tuple[Component, ...]
    background: tuple[Background, ...]
    draft: StateDraft


@dataclass(frozen=True, slots=True)
class Stand:
    """What takes the place of things in a plan. ``watch``: see ``Watch``. ``services``: handlers for services of these
    names. ``identity``: for verified identities.
    """

    watch: Watch | None = None
    services: Mapping[str, Handler] = field(default_factory=dict)
    identity: StandIn | None = None


def compile_plan(config: GatewayConfig, draft: StateDraft, registry: Registry, stand: Stand | None = None) -> Compiled:
    """*config* as something to serve by; no I/O but reading certificates. Nothing that serves is changed by it.

    Raises: PluginError, TlsFailed, RouteConflict, VizgateError: what the configuration names cannot be used.
    ValueError: *stand* has a service that the configuration has not.
    """
    return done(compile_steps(config, draft, registry, stand))


def compile_steps(
    config: GatewayConfig, draft: StateDraft, registry: Registry, stand: Stand | None = None
) -> Generator[None, None, Compiled]:
    """As ``compile_plan``, in many small steps, so that others may have their turn in between."""
    stand = stand or Stand()
    state = draft.state
    server = server_plan(config)
    tools = WireTools(server.codec, _response_sorter(server), state.clock, state.date)

    def builder_of(its_draft: StateDraft) -> ServiceBuilder:
        return ServiceBuilder(its_draft, server.limits, tools, registry, zone=config.server.zone)

    builder = builder_of(draft)
    discovering = DiscoveringParts(draft, registry, Making(state, builder_of, builder.plans))
    handlers = _stand_ins(stand.services, config)
    for name, service in config.services.items():
        if name not in handlers:
            handlers[name] = _handler_of(name, service, builder, discovering)
            yield
    parts = Parts(config, draft, registry, stand.identity)
    policies = Policies(parts)
    shedding = SheddingPolicy(config.server, state)
    traffic = TrafficParts(handlers, parts)
    rules: list[Rule[RoutePlan]] = []
    middleware: list[Component] = []
    for route in config.routes:
        layers = policies.layers(route)
        middleware += [layer.middleware for layer in layers.all]
        passing = _passing(layers, _end_of(route, handlers, traffic, state), state.faults, stand.watch)
        if route.timeout and any(is_foreign(type(layer.middleware)) for layer in layers.all):
            passing = in_time(passing, state.sweeper, state.faults)
        handler = shedding.around(route, passing)
        rules.append(Rule(route.name, route.match, _route_plan(route, config.server, handler, layers, state)))
        yield
    router = yield from Router.steps(rules)
    plan = GatewayPlan(
        server,
        router,
        paths_of(config.server.public_endpoints),
        routes_by_headers=any(route.match.headers for route in config.routes),
        answers_preflights=any(route.cors is not None for route in config.routes),
        services=builder.plans,
        limits=policies.limits,
    )
    own_rules = builder.components
    components = (*shedding.components, *policies.components, *own_rules, *middleware, *traffic.components)
    background = (*builder.background, *discovering.background)
    return Compiled(plan, (*discovering.components, *components), background, draft)


def _handler_of(name: str, service: ServiceConfig, builder: ServiceBuilder, discovering: DiscoveringParts) -> Handler:
    if service.builtin is not None:
        return _of_service(name, Echo())
    if service.discovery is not None:
        return discovering.build(name, service, service.discovery)
    return builder.build(name, service)


def server_plan(config: GatewayConfig) -> ServerPlan:
    """What connections go by."""
    server, limits = config.server, config.server.limits
    request_id = config.observe.request_id
    codec: HeadCodec = choose_codec(server.http)
    header = request_id.header.encode("latin-1")
    reserved = reserved_names(config.identity_headers, config.auth.values())
    trusted = reserved | credential_names(config.auth.values())
    return ServerPlan(
        codec=codec,
        sorter=FieldSorter(
            ASSERTED | {header.lower()}, reserved, asserted_prefix=ASSERTED_PREFIX, drop_underscored=True
        ),
        limits=WireLimits(limits.head, limits.headers, limits.response_head, refused_trailers=trusted),
        upload=UploadLimits(limits.body_idle, limits.body_rate),
        timeouts=DownstreamTimeouts(limits.head_timeout, limits.idle_timeout),
        trust=TrustRules.of(server.trusted_proxies),
        request_id_header=header,
        trust_request_id=request_id.trust,
        max_connections=limits.connections,
    )


def _response_sorter(server: ServerPlan) -> FieldSorter:
    # The id of the request is the gateway's to tell: what an upstream says about it is dropped.
    return FieldSorter(dropped=frozenset({server.request_id_header.lower()}))


def _of_service(name: str, handler: Handler) -> Handler:
    """*handler*, known by the name of its service in the log."""

    def call(request: Request) -> Awaitable[Response]:
        request.outcome.service = name
        return handler(request)

    return call


def _stand_ins(services: Mapping[str, Handler], config: GatewayConfig) -> dict[str, Handler]:
    """*services*, whose answers count as forwarded."""
    unknown = services.keys() - config.services.keys()
    if unknown:
        raise ValueError(f"no service named {', '.join(sorted(unknown))} in this configuration")
    return {name: _of_service(name, _forwarding(handler)) for name, handler in services.items()}


def _forwarding(handler: Handler) -> Handler:
    async def call(request: Request) -> Response:
        request.outcome.attempts += 1
        response = await handler(request)
        response.local = False
        return response

    return call


def _passing(layers: RouteLayers, handler: Handler, faults: FaultBook, watch: Watch | None) -> Handler:
    """*handler* inside *layers*; without any it is *handler* itself and costs nothing."""
    if not layers.all:
        return handler
    outer, inner = (_calls(ring, faults, watch) for ring in (layers.outer, layers.inner))
    inside = compose(inner, clean_forward(handler))
    # Whatever the inner layers raise is an answer for the outer ones, which have fields to add to every answer.
    return compose(outer, answered(inside) if inner and outer else inside)


def _calls(layers: Sequence[Layer], faults: FaultBook, watch: Watch | None) -> list[MiddlewareCall]:
    calls = []
    for use, middleware in layers:
        call: MiddlewareCall = middleware if watch is None else watch(use, middleware)
        calls.append(guarded(call, faults.of(middleware)) if is_foreign(type(middleware)) else call)
    return calls


def _route_plan(
    route: RouteConfig, server: ServerConfig, handler: Handler, layers: RouteLayers, state: GatewayState
) -> RoutePlan:
    limit = server.limits.body if route.body_limit is None else route.body_limit
    cells = state.metrics.route(route.name)
    return RoutePlan(
        route.name,
        handler,
        cells,
        limit,
        route.timeout,
        has_middleware=bool(layers.all),
        answers_preflights=route.cors is not None,
    )


def _end_of(route: RouteConfig, services: Mapping[str, Handler], traffic: TrafficParts, state: GatewayState) -> Handler:
    path = route.match.path
    if route.redirect is not None:
        return Redirect(route.redirect, path)
    if route.respond is not None:
        return Respond(route.respond)
    handler = with_fallback(route, traffic.service_of(route), services, state)
    handler = traffic.mirrored(route, handler)
    if route.rewrite is not None:
        handler = _rewriting(compile_rewrite(route.rewrite, path), handler)
    return handler


def _rewriting(rewrite: Rewrite, handler: Handler) -> Handler:
    def call(request: Request) -> Awaitable[Response]:
        request.target = rewrite(request.target, request.params)
        return handler(request)

    return call
