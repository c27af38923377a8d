"""Authentication and authorization of routes.

In: ``AuthPolicies``. Not in: verifying credentials (``auth``).
"""

from __future__ import annotations

from collections.abc import Awaitable

from vizgate.auth.config import AuthConfig, PluginAuthConfig
from vizgate.auth.gate.identify import Identify
from vizgate.auth.gate.identity_fields import IdentityFields
from vizgate.auth.gate.require import Require
from vizgate.auth.gate.rules import AccessRules
from vizgate.config.model import RouteConfig
from vizgate.extension.contract import Component, Middleware, MiddlewareConfig
from vizgate.extension.kinds.authenticator import Authenticator
from vizgate.extension.making import is_foreign, make
from vizgate.gateway.isolation.guards.authenticator import GuardedAuthenticator
from vizgate.gateway.policies.parts import Layer, Parts, StandIn
from vizgate.pipeline.handler import Handler
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response


class AuthPolicies:
    """The authenticators of the configuration, each made once, and the layers that ask them.

    Raises: PluginError: the class of an authenticator cannot be found or used.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        made = {name: _authenticator(name, config, parts) for name, config in parts.config.auth.items()}
        self.components: tuple[Component, ...] = tuple(made.values())
        self._authenticators = {name: _guarded(one, parts) for name, one in made.items()}
        fields = parts.config.identity_headers
        self._fields = IdentityFields(fields) if fields.names else None

    def identifying(self, route: RouteConfig) -> list[Layer]:
        """The layer that finds out who sends a request of *route*; none where everybody may."""
        if not route.auth:
            return []
        parts = self._parts
        identify: Middleware = Identify(self._of(route), parts.context(route=route.name))
        if parts.stand_in is not None:
            identify = _StandingIn(identify, parts.stand_in)
        return [Layer("auth", identify)]

    def requiring(self, route: RouteConfig) -> list[Layer]:
        """The layer that refuses who may not."""
        if not route.auth:
            return []
        rules = AccessRules(route.scopes, route.claims)
        keys = [key for key in ("scopes", "claims") if getattr(route, key)]
        context = self._parts.context(route=route.name)
        return [Layer(", ".join(["auth", *keys]), Require(self._of(route), rules, self._fields, context))]

    def _of(self, route: RouteConfig) -> list[Authenticator]:
        return [self._authenticators[name] for name in dict.fromkeys(route.auth)]


def _authenticator(name: str, config: AuthConfig, parts: Parts) -> Authenticator:
    kind = parts.registry.resolve_authenticator(config.kind)
    settings = config.read(kind.Config) if isinstance(config, PluginAuthConfig) else config
    return make(kind, settings, parts.context(name=name))


def _guarded(authenticator: Authenticator, parts: Parts) -> Authenticator:
    if not is_foreign(type(authenticator)):
        return authenticator
    return GuardedAuthenticator(authenticator, parts.state.faults.of(authenticator))


class _StandingIn(Middleware):
    """In a rehearsal: the identity that stands in for a verified one, if there is any; else *identify* decides."""

    def __init__(self, identify: Middleware, stand_in: StandIn) -> None:
        super().__init__(MiddlewareConfig(), identify.context)
        self._identify = identify
        self._stand_in = stand_in

    def __call__(self, request: Request, forward: Handler) -> Awaitable[Response]:
        """Forward *request*."""
        identity = self._stand_in()
        if identity is None:
            return self._identify(request, forward)
        request.identity = identity
        return forward(request)
