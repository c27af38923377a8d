"""Making a component that may be a stranger's."""

from __future__ import annotations

from typing import Any

import pytest

from vizgate import Context, Middleware, MiddlewareConfig, PluginError, VizgateError
from vizgate.extension.making import is_foreign, make, name_of
from vizgate.gateway.builtin import BUILTIN


class Fails(Middleware):
    """Raises what its configuration is."""

    def __init__(self, config: Any, context: Context | None = None) -> None:
        raise config


@pytest.mark.parametrize("error", [ValueError("hunter2"), SystemExit("hunter2")])
def test_plugin_whose_init_raises_is_named(error: BaseException) -> None:
    """The text of the error is not told: it may hold a setting."""
    with pytest.raises(PluginError) as caught:
        make(Fails, error, None)
    told = f"{__name__}:Fails cannot be made: its __init__ raised {type(error).__name__}. Mend it, or its settings"
    assert told == str(caught.value)
    assert caught.value.__cause__ is error


def test_plugin_that_says_itself_what_is_wrong_is_heard() -> None:
    """An error of vizgate's own is meant to be shown."""
    with pytest.raises(VizgateError, match=r"^no such table$"):
        make(Fails, VizgateError("no such table"), None)


class Forgetful(Middleware):
    def __init__(self, config: Any, context: Context | None = None) -> None:
        self.mine = config


def test_plugin_that_forgets_its_base_has_what_others_rely_on() -> None:
    """Its settings and its context are there all the same."""
    config, context = MiddlewareConfig(), Context(name="x")
    made = make(Forgetful, config, context)
    assert (config, context) == (made.config, made.context)
    assert isinstance(make(Forgetful, config, None).context, Context)


def test_everything_of_ours_is_no_stranger() -> None:
    """What ships in the package needs no guard; a plugin that ships with it does, as any other."""
    assert not any(is_foreign(kind) for kind in BUILTIN.values())
    assert is_foreign(type("P", (Middleware,), {"__module__": "vizgate.plugins.telemetry"}))
    assert is_foreign(Fails)
    assert f"{__name__}:Fails" == name_of(Fails)
    assert isinstance(make(type("Good", (Middleware,), {}), MiddlewareConfig(), None), Middleware)
