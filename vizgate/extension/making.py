"""Making a component, whose ``__init__`` may be a stranger's.

In: ``make``, and what a plugin is called where it is counted and logged. Not in: finding its class
(``extension.registry``).
"""

from __future__ import annotations

from typing import Any, TypeVar

from vizgate.errors import VizgateError
from vizgate.extension.announced import PluginError
from vizgate.extension.contract import Component, Context

_C = TypeVar("_C", bound=Component)


def make(kind: type[_C], config: Any, context: Context | None) -> _C:
    """An instance of *kind*.

    Raises: PluginError: its ``__init__`` raised. VizgateError: as it says itself.
    """
    try:
        made = kind(config, context)
    except VizgateError:
        raise
    except (Exception, SystemExit) as error:
        if not is_foreign(kind):
            raise
        # The text of the error may hold a secret of the settings; the traceback tells its author the rest.
        raise PluginError(
            f"{name_of(kind)} cannot be made: its __init__ raised {type(error).__name__}. Mend it, or its settings",
            name=name_of(kind),
        ) from error
    # An ``__init__`` of its own may have forgotten ``super().__init__``; everybody else may rely on these two.
    if not hasattr(made, "config"):
        made.config = config
    if not hasattr(made, "context"):
        made.context = Context() if context is None else context
    return made


def name_of(kind: type[Component]) -> str:
    """What a plugin is called in the log and the metrics: ``package.module:Class``, as ``use:`` may say it."""
    return f"{kind.__module__}:{kind.__qualname__}"


def is_foreign(kind: type[Component]) -> bool:
    """Whether *kind* is a plugin, not a part of the gateway."""
    return kind.__module__.partition(".")[0] != "vizgate" or kind.__module__.startswith("vizgate.plugins.")
