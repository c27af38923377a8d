"""What a background service is: a plugin that does something beside the requests.

In: ``BackgroundService`` and its settings. Not in: running it (``gateway.plugged``).
"""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from vizgate.extension.contract import Component, ComponentConfig


class BackgroundConfig(ComponentConfig):
    """The settings of a background service, next to ``use:``."""


class BackgroundService(Component):
    """Base class of background services: ``run`` goes on between ``start`` and ``stop``.

    ``once``: whether only one of several workers of a machine runs it, the first; each worker does otherwise. While
    that worker is replaced by another, both may run it for a moment. ``unready``: why the gateway should not be sent
    requests yet, "" when it may; it shows in ``/readiness`` at once, and never keeps a request from being answered.
    """

    Config: ClassVar[type[ComponentConfig]] = BackgroundConfig
    once: ClassVar[bool] = False
    unready: str = ""

    @abstractmethod
    async def run(self) -> None:
        """Do the work; ``context.sleep`` waits between two rounds of it.

        One that returns has done its work and is not called again. One that raises is called again after a pause that
        grows. At a stop it is cancelled, and has a moment to let go of what it holds.
        """
