"""A vizgate plugin: ``plugins: [{use: acme_heartbeat, url: ...}]`` tells a monitor once in a while that all is well.

A monitor that hears nothing for a while raises an alarm: also when the machine is gone, and nobody is left to tell.
"""

from __future__ import annotations

import logging

from pydantic import Field

from vizgate import BackgroundConfig, BackgroundService, VizgateError
from vizgate.extension.values.fields import Flag, PositiveDuration
from vizgate.pipeline.ports import Call

_log = logging.getLogger("acme_heartbeat")


class Heartbeat(BackgroundService):
    """Calls a URL, one worker of the machine for all."""

    class Config(BackgroundConfig):
        """``url``: what is called. ``every``: how often. ``required``: no requests before the first answer."""

        url: str = Field(pattern=r"^https?://\S+$")
        every: PositiveDuration = 30.0
        required: Flag = False

    config: Config
    contract_version = 1
    once = True

    async def start(self) -> None:
        """Keep requests away until the monitor has answered, if that is wanted."""
        self.unready = "the monitor has not answered yet" if self.config.required else ""

    async def run(self) -> None:
        """Call, wait, and so on. A monitor that is away is no reason to fail."""
        beats = self.context.metrics.counters(
            "acme_heartbeats", "Calls to the monitor, by what came of them.", ("result",)
        )
        while True:
            result = await self._beat()
            beats.of(result).value += 1
            if result == "ok":
                self.unready = ""
            await self.context.sleep(self.config.every)

    async def _beat(self) -> str:
        try:
            answer = await self.context.calls.call(Call(self.config.url, "POST", timeout_s=5.0))
        except VizgateError as error:
            _log.warning("no heartbeat: %s", error)
            return "failed"
        return "ok" if answer.status < 400 else "refused"
