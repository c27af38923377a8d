"""``kind: http``: a list of targets in a JSON document of another server.

In: ``HttpDiscovery``. Not in: what may stand there (``discovery.document``).
"""

from __future__ import annotations

import asyncio
import json
from typing import ClassVar

from vizgate.discovery.document import Defaults, targets_of
from vizgate.discovery.http.config import HttpDiscoveryConfig
from vizgate.extension.contract import ComponentConfig, Context
from vizgate.extension.kinds.discovery import Discovered, DiscoveredTarget, DiscoveryFailed, PolledDiscovery
from vizgate.message.headers import Field
from vizgate.pipeline.ports import Call

# What is longer is parsed off the loop: a target takes 10 us, most of it for looking closely at its address.
_SHORT_BYTES = 2 * 1024


class HttpDiscovery(PolledDiscovery):
    """Asks by ``If-None-Match`` once the server has given an entity tag, so that no change costs few bytes."""

    Config: ClassVar[type[ComponentConfig]] = HttpDiscoveryConfig

    def __init__(self, config: HttpDiscoveryConfig, context: Context | None = None) -> None:
        super().__init__(config, context)
        self._settings = config
        self._defaults = Defaults(config.scheme, config.port)
        self._fields = ((b"Accept", b"application/json"), *_credential(config))
        self._tag = b""
        self._found: Discovered | None = None

    @property
    def label(self) -> str:
        """See ``Discovery.label``; a query may hold a secret."""
        return self._settings.url.partition("?")[0]

    async def look(self) -> Discovered:
        """See ``PolledDiscovery.look``. Raises: CallFailed, DiscoveryFailed: there is no answer, or it lists none."""
        config = self._settings
        condition: tuple[Field, ...] = ((b"If-None-Match", self._tag),) if self._tag and self._found else ()
        call = Call(
            config.url,
            fields=(*self._fields, *condition),
            timeout_s=config.timeout,
            limit_bytes=config.limit,
            authorities="" if config.ca is None else str(config.ca),
        )
        answer = await self.context.calls.call(call)
        if answer.status == 304 and condition and self._found is not None:
            return self._found
        if answer.status != 200:
            raise DiscoveryFailed(f"it was answered with {answer.status}")
        is_short = len(answer.body) <= _SHORT_BYTES
        targets = self._read(answer.body) if is_short else await asyncio.to_thread(self._read, answer.body)
        self._found = Discovered(targets, config.interval)
        self._tag = next((value for name, value in answer.fields if name.lower() == b"etag"), b"")
        return self._found

    def _read(self, body: bytes) -> tuple[DiscoveredTarget, ...]:
        try:
            document = json.loads(body)
        except (ValueError, RecursionError):
            raise DiscoveryFailed("the answer is not JSON") from None
        return targets_of(document, self._defaults, self._settings.at)


def _credential(config: HttpDiscoveryConfig) -> tuple[Field, ...]:
    if config.token is None:
        return ()
    token = config.token.reveal().encode()
    if config.token_header is not None:
        return ((config.token_header.encode("ascii"), token),)
    return ((b"Authorization", b"Bearer " + token),)
