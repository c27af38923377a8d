"""What every component must do, whatever its kind.

In: ``check_life`` and ``patiently``. Not in: what a kind is for (the modules beside this).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from vizgate.extension.announced import CONTRACT_VERSION, OLDEST_CONTRACT
from vizgate.extension.contract import Component, Context

_T = TypeVar("_T")

#: Real seconds after which something that should happen is given up.
PATIENCE_S = 5.0


async def check_life(make: Callable[[Context], Component], context: Context) -> None:
    """Hold the life of what *make* gives to the contract of ``Component``: it may be stopped without having been
    started, and started again after it was stopped.

    Raises: AssertionError: it breaks the contract; the message says how.
    """
    component = make(context)
    told = type(component).__qualname__
    assert hasattr(component, "config"), f"{told} has no config. Call super().__init__(config, context) in __init__"
    assert component.context is context, f"{told} does not keep its context. Hand it to super().__init__"
    version = component.contract_version
    assert version is None or OLDEST_CONTRACT <= version <= CONTRACT_VERSION, f"{told} is for contract {version}"
    await patiently(component.stop(), f"{told}.stop() without start()")
    for turn in ("", " for the second time"):
        await patiently(component.start(), f"{told}.start(){turn}")
        await patiently(component.stop(), f"{told}.stop(){turn}")


async def patiently(awaitable: Awaitable[_T], told: str) -> _T:
    """What *awaitable* gives. Raises: AssertionError: nothing came after ``PATIENCE_S``."""
    try:
        async with asyncio.timeout(PATIENCE_S) as bound:
            return await awaitable
    except TimeoutError as error:
        if not bound.expired():
            raise
        raise AssertionError(f"{told} has not returned after {PATIENCE_S:g} s") from error
