"""How a name in the YAML finds a class.

In: ``Registry``; names come from the table of built-ins that is passed in, from
entry points of installed distributions, and from import paths. Not in: the table itself (``gateway.builtin``), reading
entry points (``announced``), settings and life of what was found (``contract``), and putting folders on ``sys.path``
(``gateway``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import cached_property
from importlib import import_module
from importlib.metadata import EntryPoint
from typing import Any, cast

from vizgate.extension.announced import (
    PluginError,
    PluginInfo,
    announced_in,
    by_name,
    described,
    distribution_of,
    listed,
    load,
    owners_of,
    refuse_other_contract,
    told,
    version_of,
)
from vizgate.extension.contract import Component, ComponentConfig, Middleware, MiddlewareConfig
from vizgate.extension.kinds.authenticator import Authenticator, AuthenticatorConfig
from vizgate.extension.kinds.background import BackgroundConfig, BackgroundService
from vizgate.extension.kinds.balancer import Balancer, BalancerConfig
from vizgate.extension.kinds.discovery import Discovery, DiscoveryConfig
from vizgate.extension.kinds.sink import Sink, SinkConfig
from vizgate.extension.kinds.store_component import StoreComponent, StoreConfigBase

#: The entry-point group that distributions announce their plugins in.
GROUP = "vizgate.plugins"

#: The kinds of components that the YAML can name, each with its base class and that of its settings.
KINDS: Mapping[str, tuple[type[Component], type[ComponentConfig]]] = {
    "middleware": (Middleware, MiddlewareConfig),
    "authenticator": (Authenticator, AuthenticatorConfig),
    "balancer": (Balancer, BalancerConfig),
    "discovery": (Discovery, DiscoveryConfig),
    "store": (StoreComponent, StoreConfigBase),
    "sink": (Sink, SinkConfig),
    "service": (BackgroundService, BackgroundConfig),
}

# What a kind is called where its name alone would be taken for another thing.
_SHOWN = {"service": "background service"}
_NO_BUILTINS: Mapping[str, type[Component]] = {}
_IMPORT_PATH = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)", re.ASCII)


class Registry:
    """Finds components by name, importing only what is asked for.

    Args: builtin: the gateway's own table. announced: entry points to choose from; default those of every installed
    distribution, read once, when a name is first asked for.
    """

    def __init__(
        self, builtin: Mapping[str, type[Component]] = _NO_BUILTINS, announced: Iterable[EntryPoint] | None = None
    ) -> None:
        self._builtin = dict(builtin)
        self._given = None if announced is None else tuple(announced)

    @cached_property
    def _announced(self) -> dict[str, list[EntryPoint]]:
        return announced_in(GROUP) if self._given is None else by_name(self._given)

    @property
    def names(self) -> list[str]:
        """Every short name that could be asked for, sorted."""
        return sorted({*self._builtin, *self._announced})

    def resolve(self, kind: str, use: str) -> type[Component]:
        """The class of a *kind* (see ``KINDS``) that *use* means: a built-in, an announced name, or
        ``package.module:Class``.

        Raises: PluginError: nothing has that name, several have it, or what has it cannot be imported or is of another
        kind.
        """
        if ":" in use:
            return _checked(_import(use), kind, use, f"'{use}'")
        points = self._announced.get(use, [])
        self._refuse_clash(use, points)
        if points:
            return _load(points[0], kind)
        if use in self._builtin:
            return _checked(self._builtin[use], kind, use, f"'{use}'")
        raise self._unknown(kind, use)

    def resolve_middleware(self, use: str) -> type[Middleware]:
        """As ``resolve``, for middleware."""
        found: Any = self.resolve("middleware", use)
        return cast("type[Middleware]", found)

    def resolve_authenticator(self, use: str) -> type[Authenticator]:
        """As ``resolve``, for authenticators."""
        found: Any = self.resolve("authenticator", use)
        return cast("type[Authenticator]", found)

    def resolve_balancer(self, use: str) -> type[Balancer]:
        """As ``resolve``, for balancers."""
        found: Any = self.resolve("balancer", use)
        return cast("type[Balancer]", found)

    def resolve_store(self, use: str) -> type[StoreComponent]:
        """As ``resolve``, for stores."""
        found: Any = self.resolve("store", use)
        return cast("type[StoreComponent]", found)

    def resolve_sink(self, use: str) -> type[Sink]:
        """As ``resolve``, for sinks."""
        found: Any = self.resolve("sink", use)
        return cast("type[Sink]", found)

    def resolve_service(self, use: str) -> type[BackgroundService]:
        """As ``resolve``, for background services."""
        found: Any = self.resolve("service", use)
        return cast("type[BackgroundService]", found)

    def resolve_discovery(self, use: str) -> type[Discovery]:
        """As ``resolve``, for sources of targets."""
        found: Any = self.resolve("discovery", use)
        return cast("type[Discovery]", found)

    def resolve_class(self, use: str) -> type:
        """The class at the import path *use*, of no kind of ours: what another library calls a listener, for example.

        Raises: PluginError: there is no class.
        """
        found = _import(use)
        if not isinstance(found, type):
            raise PluginError(f"'{use}' is a {type(found).__name__}, not a class. Name a class", name=use)
        return found

    def installed_plugins(self) -> list[PluginInfo]:
        """Every announced plugin, sorted by name, each imported to see whether it can be used."""
        return [self._describe(point) for _, points in sorted(self._announced.items()) for point in points]

    def _describe(self, point: EntryPoint) -> PluginInfo:
        problem, kind = "", "unknown"
        try:
            self._refuse_clash(point.name, self._announced[point.name])
            kind = kind_of(_load(point))
        except PluginError as error:
            problem = str(error)
        return PluginInfo(point.name, kind, distribution_of(point), version_of(point), point.value, problem)

    def _refuse_clash(self, name: str, points: list[EntryPoint]) -> None:
        owners = owners_of(points)
        if points and name in self._builtin:
            raise PluginError(
                f"the name '{name}' of {listed(owners)} is a built-in's. For the plugin write {points[0].value}; "
                f"for the built-in uninstall {listed(owners)}",
                name=name,
                distributions=owners,
            )
        if len(points) > 1:
            raise PluginError(
                f"the name '{name}' is announced by {listed(owners)}. Uninstall one, or write an import path instead: "
                f"{listed(tuple(point.value for point in points), 'or')}",
                name=name,
                distributions=owners,
            )

    def _unknown(self, kind: str, use: str) -> PluginError:
        names = sorted({*self._announced, *(name for name, found in self._builtin.items() if kind_of(found) == kind)})
        close = get_close_matches(use, names, n=1)
        hint = f"Did you mean '{close[0]}'? " if close else ""
        known = ", ".join(names) or "none"
        return PluginError(
            f"no {_SHOWN.get(kind, kind)} is named '{use}'. {hint}Known names: {known}. For a class of your own write "
            "its import path, package.module:Class",
            name=use,
        )


def kind_of(found: type[Component]) -> str:
    """Which of ``KINDS`` a class belongs to; ``component`` for none of them."""
    return next((kind for kind, (base, _) in KINDS.items() if issubclass(found, base)), "component")


def resolve_middleware(use: str, builtin: Mapping[str, type[Component]] = _NO_BUILTINS) -> type[Middleware]:
    """``Registry.resolve_middleware`` for a single name; for several, keep a ``Registry``."""
    return Registry(builtin).resolve_middleware(use)


def installed_plugins(builtin: Mapping[str, type[Component]] = _NO_BUILTINS) -> list[PluginInfo]:
    """``Registry.installed_plugins`` of every installed distribution; *builtin* is there to find clashes of names."""
    return Registry(builtin).installed_plugins()


def _load(point: EntryPoint, kind: str = "") -> type[Component]:
    found, shown = load(point)
    return _checked(found, kind, point.name, shown, (distribution_of(point),))


def _import(use: str) -> Any:
    path = _IMPORT_PATH.fullmatch(use)
    if path is None:
        raise PluginError(f"'{use}' is not an import path. Write package.module:Class", name=use)
    module_name, attributes = path.groups()
    try:
        found: Any = import_module(module_name)
    except (Exception, SystemExit) as error:  # whatever a stranger's module raises while it is imported
        raise PluginError(_import_failure(use, module_name, error), name=use) from error
    for attribute in attributes.split("."):
        try:
            found = getattr(found, attribute)
        except AttributeError as error:
            close = get_close_matches(attribute, dir(found), n=1)
            hint = f"Did you mean '{close[0]}'?" if close else "Define it there, or mend the path"
            raise PluginError(f"'{use}': {module_name} has no '{attribute}'. {hint}", name=use) from error
    return found


def _import_failure(use: str, module_name: str, error: BaseException) -> str:
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    if missing is not None and f"{module_name}.".startswith(f"{missing}."):
        return (
            f"'{use}': there is no module '{missing}'. Install what it comes from, or put it next to the configuration "
            "file or on PYTHONPATH"
        )
    return f"'{use}' cannot be imported: {told(error)}. Mend {module_name}"


def _checked(found: Any, kind: str, name: str, shown: str, owners: tuple[str, ...] = ()) -> type[Component]:
    """*found*, a class of *kind*, or of any kind for ""."""
    kinds = [KINDS[kind]] if kind else list(KINDS.values())
    fitting = [(base, model) for base, model in kinds if isinstance(found, type) and issubclass(found, base)]
    if not fitting:
        wanted = " or ".join(f"{base.__module__}.{base.__name__}" for base, _ in kinds)
        raise PluginError(
            f"{shown} is {described(found)}, not a subclass of {wanted}. Derive it from that class",
            name=name,
            distributions=owners,
        )
    model: Any = found.Config
    # Any other model would take unknown keys in silence.
    if not (isinstance(model, type) and issubclass(model, fitting[0][1])):
        raise PluginError(
            f"the Config of {shown} is not a subclass of {fitting[0][1].__module__}.{fitting[0][1].__name__}. "
            "Derive it from that class",
            name=name,
            distributions=owners,
        )
    component: type[Component] = found
    refuse_other_contract(component, name, shown, owners)
    return component
