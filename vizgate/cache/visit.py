"""One request at the cache.

In: ``Visit``. Not in: what becomes of it (``cache.middleware``, ``cache.service``).
"""

from __future__ import annotations

from dataclasses import dataclass

from vizgate.cache.ask.question import Question
from vizgate.cache.ask.vary import VaryValues, vary_values
from vizgate.cache.flight.flight import FlightKey
from vizgate.cache.storage.key import ResourceKey, address_of
from vizgate.cache.storage.stored import StoredResponse
from vizgate.cache.storage.taking import Asked
from vizgate.message.headers import Field
from vizgate.pipeline.handler import Handler
from vizgate.pipeline.request import Request


@dataclass(slots=True)
class Visit:
    """``stored``: what is there for it, and must be asked for again. ``why``: it cannot just be given, as RFC 9211 2.2
    says it.
    """

    request: Request
    forward: Handler
    question: Question
    key: ResourceKey
    stored: StoredResponse | None = None
    why: bytes = b"uri-miss"

    @property
    def raw(self) -> list[Field]:
        """The fields of the request."""
        return self.request.headers.raw

    def asked(self) -> Asked:
        """What a response to it answers. Raises: BadRequest: its path is refused."""
        address = address_of(self.key.scheme, self.key.authority, self.key.target)
        question = self.question
        return Asked(self.key, address, self.raw, question.is_authorized, question.has_credentials)

    def flight_key(self, varies: tuple[bytes, ...] | None) -> FlightKey:
        """The key of the flight that helps it. Args: varies: what is known to choose among responses."""
        values: VaryValues = vary_values(varies, self.raw) if varies else ()
        return FlightKey(self.key, values, self.question.has_credentials)
