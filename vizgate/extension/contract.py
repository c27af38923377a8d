"""What a plugin author writes against.

In: ``Component``, ``Middleware`` and their settings, those of a plugin of any kind, and what a component is given when
it is made. Not in: the other kinds (``extension.kinds``), commands (``extension.commands``), and how names in the YAML
find a class (``extension.registry``).
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from vizgate.clock import Clock, SystemClock
from vizgate.extension.calls import NO_CALLS
from vizgate.extension.kept import Kept
from vizgate.extension.store import NO_STORE, Store
from vizgate.extension.values.fields import TextSource
from vizgate.observe.metrics import Metrics
from vizgate.pipeline.handler import Handler
from vizgate.pipeline.ports import CallerPort
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response

_M = TypeVar("_M", bound=BaseModel)


class ComponentConfig(BaseModel):
    """The settings a component takes from the YAML; unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class MiddlewareConfig(ComponentConfig):
    """The settings a middleware takes from the YAML, next to ``use:``."""


class OpenConfig(ComponentConfig):
    """Settings of which only some keys are known here; the class that is named in them says which others there are."""

    model_config = ConfigDict(extra="allow")

    _source: TextSource | None = PrivateAttr(default=None)

    def model_post_init(self, context: Any, /) -> None:
        """Remember where the settings were written, for ``read``."""
        if isinstance(context, TextSource):
            self._source = context

    @property
    def settings(self) -> Mapping[str, Any]:
        """Every key that is not known here, as written."""
        return self.model_extra or {}

    def read(self, model: type[_M]) -> _M:
        """The settings as *model*; units and relative paths mean what they mean elsewhere in the same YAML.

        Raises: pydantic.ValidationError: they do not fit.
        """
        return model.model_validate(dict(self.settings), context=self._source)

    @property
    def base(self) -> Path:
        """The folder that relative paths in the settings start from."""
        return self._source.base if self._source else Path()


class UsedConfig(OpenConfig):
    """An entry of a list of plugins and its settings, which are the other keys; its class says which there are."""

    use: str = Field(min_length=1, description="The name of an installed plugin, or `package.module:Class`.")


class PluginConfig(OpenConfig):
    """A component of one's own; its class says which other keys there are."""

    kind: str = Field(min_length=1, description="The name of an installed plugin, or `package.module:Class`.")


@dataclass(frozen=True, slots=True)
class Context:
    """What a component may lean on: where it stands, the sources of time and chance, and the gateway's own means.

    ``route``: the route it stands in, "" for what many routes share. ``name``: its name in the YAML, if it has one.
    ``calls``: requests of its own. ``store``: numbers that are one for all workers. ``metrics``: counters of its own.
    ``sleep``: waits so many seconds; in a rehearsal it does not.
    ``kept``: what is found again after a reload. ``worker``: the number of this worker process, from 1;
    0 where there is one process alone.
    """

    route: str = ""
    clock: Clock = field(default_factory=SystemClock)
    random: random.Random = field(default_factory=random.Random)
    name: str = ""
    calls: CallerPort = NO_CALLS
    store: Store = NO_STORE
    metrics: Metrics = field(default_factory=Metrics)
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    kept: Kept = field(default_factory=Kept)
    worker: int = 0


class Component:
    """What every kind of component has in common.

    Life: ``__init__`` (configure; do no I/O) -> ``start`` -> many calls, concurrently -> ``stop``. ``stop`` runs even
    when ``start`` failed.

    Args: config: an instance of this class's ``Config``. context: see ``Context``.
    """

    Config: ClassVar[type[ComponentConfig]] = ComponentConfig
    #: The ``CONTRACT_VERSION`` that it was written for; None for whichever is there. A gateway that cannot keep that
    #: contract does not start.
    contract_version: ClassVar[int | None] = None

    def __init__(self, config: Any, context: Context | None = None) -> None:
        self.config = config
        self.context = Context() if context is None else context

    async def start(self) -> None:
        """Get ready; the gateway does not serve before every ``start`` has returned."""

    async def stop(self) -> None:
        """Let go of everything; called once, also after a failed ``start``."""


class Middleware(Component):
    """Base class of request middleware: it sees the request, decides whether to forward it, and sees the response.

    ``forward`` always gives back a response: what failed further in is an answer by then (``vizgate.errors.ClientGone``
    excepted, when nobody is there to be answered). A call that raises anything but a ``vizgate.errors.ExchangeError``
    is answered with 500.
    """

    Config: ClassVar[type[ComponentConfig]] = MiddlewareConfig
    #: Whether it stands outside of the route's own policies (``cors``, ``auth``, ``limit``, ``validate``), so that it
    #: sees the requests that these refuse, too. Inside, it knows the identity of the caller.
    stands_outside: ClassVar[bool] = False
    #: Whether it stands before ``validate``, because it makes of a body what that is to look at.
    stands_before_checks: ClassVar[bool] = False

    def __call__(self, request: Request, forward: Handler) -> Awaitable[Response]:
        """Handle *request*, usually by awaiting ``forward(request)`` once.

        Most are ``async def``. One that decides at once may be a plain ``def`` that gives back ``forward(request)``,
        which costs less.
        """
        return forward(request)
