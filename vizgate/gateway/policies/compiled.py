"""All policies of a plan.

In: ``Policies``, which knows their order. Not in: what each of them does.

From the outside in, middleware that stands outside, cors, versions, who is it (``auth``), how much (``limit``), may
they (``auth``, ``scopes``, ``claims``), faults made on purpose, middleware that makes of a body what is to be
checked, is it well-formed (``validate``), the route's own middleware.

Whatever is refused inside cors tells a page why, and a preflight, which cannot carry credentials, is answered before
anybody asks for them. A limit comes after the question who it is, because tiers depend on the answer, and before a bad
credential is refused, so that guessing costs as much as asking.
"""

from __future__ import annotations

from typing import NamedTuple

from vizgate.config.model import RouteConfig
from vizgate.extension.contract import Component
from vizgate.gateway.policies.auth import AuthPolicies
from vizgate.gateway.policies.cors import cors_layers
from vizgate.gateway.policies.fault import fault_layers
from vizgate.gateway.policies.limits import LimitPolicies
from vizgate.gateway.policies.own import own_layers
from vizgate.gateway.policies.parts import Layer, Parts
from vizgate.gateway.policies.validation import ValidationPolicies
from vizgate.gateway.policies.versions import version_layers


class RouteLayers(NamedTuple):
    """What a request passes, the first outermost. ``outer``: up to the question whether it may; ``inner``: what comes
    then.
    """

    outer: tuple[Layer, ...]
    inner: tuple[Layer, ...]

    @property
    def all(self) -> tuple[Layer, ...]:
        """Both, in order."""
        return self.outer + self.inner


class Policies:
    """What the routes of one plan share, and the layers of each.

    ``components``: to be started before the middleware of the layers, in this order. ``limits``: by name.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._auth = AuthPolicies(parts)
        self._limits = LimitPolicies(parts)
        self._validation = ValidationPolicies(parts)
        self.limits = self._limits.limits
        self.components: tuple[Component, ...] = (*self._auth.components, *self._limits.components)

    def layers(self, route: RouteConfig) -> RouteLayers:
        """What a request of *route* passes."""
        own = own_layers(route, self._parts)
        inside = [layer for layer in own if not layer.middleware.stands_outside]
        return RouteLayers(
            outer=(
                *(layer for layer in own if layer.middleware.stands_outside),
                *cors_layers(route, self._parts),
                *version_layers(route, self._parts),
                *self._auth.identifying(route),
                *self._limits.layers(route),
                *self._auth.requiring(route),
            ),
            inner=(
                *fault_layers(route, self._parts),
                *(layer for layer in inside if layer.middleware.stands_before_checks),
                *self._validation.layers(route),
                *(layer for layer in inside if not layer.middleware.stands_before_checks),
            ),
        )
