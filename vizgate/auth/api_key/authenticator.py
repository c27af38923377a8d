"""API keys in a header field.

In: ``ApiKeyAuthenticator``. Not in: which key is whose (``auth.api_key.table``).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from vizgate.auth.api_key.config import ApiKeyConfig, KeyConfig
from vizgate.auth.api_key.upkeep import Upkeep
from vizgate.auth.quoting import quoted
from vizgate.extension.contract import ComponentConfig, Context
from vizgate.extension.kinds.authenticator import Authenticator, CredentialRefused
from vizgate.message.identity import Identity
from vizgate.pipeline.request import Request

_log = logging.getLogger("vizgate.auth")

#: How often a file of keys is looked at, in seconds.
POLL_S = 2.0


class ApiKeyAuthenticator(Authenticator):
    """Takes the one field that is configured for a key."""

    Config: ClassVar[type[ComponentConfig]] = ApiKeyConfig

    def __init__(self, config: ApiKeyConfig, context: Context | None = None) -> None:
        super().__init__(config, context)
        self._field = config.header.lower().encode("latin-1")
        self._field_size = len(self._field)
        self._strips = config.strip
        self._clock = self.context.clock
        self._upkeep = Upkeep(config, self.context, self.read_keys)
        self._task: asyncio.Task[None] | None = None
        # The scheme is no registered one: there is none for API keys, and RFC 9110 15.5.2 wants a challenge.
        self.challenge = f'ApiKey realm="{quoted(self.context.name or "vizgate")}", header="{config.header}"'

    @staticmethod
    def read_keys(path: Path) -> Sequence[KeyConfig]:
        """The keys in the file at *path*; the gateway's own class can read YAML. Raises: ValueError: always, here."""
        raise ValueError(f"{path} is not read here. Give the keys themselves")

    async def start(self) -> None:
        """Read the file of keys, and look after it from now on. Raises: ValueError: it cannot be used."""
        await self._upkeep.begin()
        self._task = asyncio.get_running_loop().create_task(self._look_after())

    async def stop(self) -> None:
        """Stop looking after the file."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None

    async def look_after(self) -> None:
        """What is done every ``POLL_S`` seconds, see ``Upkeep.look_after``."""
        await self._upkeep.look_after()

    async def _look_after(self) -> None:
        while True:
            await asyncio.sleep(POLL_S)
            try:
                await self.look_after()
            except Exception:  # noqa: BLE001  # the next time may go better, and there must be one
                _log.exception("looking after the keys of %s failed", self.context.name)

    def authenticate(self, request: Request) -> Identity | None:
        """See ``Authenticator.authenticate``."""
        field, size = self._field, self._field_size
        found = [value for name, value in request.headers.raw if len(name) == size and name.lower() == field]
        if not found:
            return None
        if len(found) > 1:
            # Which of them another reader would take is anybody's guess.
            raise CredentialRefused("more than one API key was shown")
        identity = self._upkeep.table.identify(found[0], self._clock.wall())
        if self._strips:
            self.strip(request)
        return identity

    def strip(self, request: Request) -> None:
        """See ``Authenticator.strip``."""
        raw = request.headers.raw
        raw[:] = [item for item in raw if item[0].lower() != self._field]

    def __repr__(self) -> str:
        return f"<ApiKeyAuthenticator {self.context.name} {self._upkeep.table!r}>"
