"""A response that is stored.

In: ``StoredResponse``. Not in: whether it may be stored or used (``rules``), and where it is kept
(``storage.storage``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from vizgate.cache.ask.vary import VaryValues
from vizgate.cache.rules.reuse import Terms
from vizgate.cache.storage.key import Address, ResourceKey
from vizgate.message.headers import Field, Headers

#: What a stored response costs beside its text: objects, and places in three tables.
_OVERHEAD_BYTES = 1200
_FIELD_BYTES = 150
_TAG_BYTES = 400


@dataclass(slots=True, eq=False)
class StoredResponse:
    """A whole response to GET. All but the marks at its end is fixed: what a 304 changes makes a new one.

    ``at_s``: when it came, monotonic seconds; ``initial_age_s``: how old it was then; ``date_s``: when it was made,
    seconds since the epoch. ``varies``, ``values``: what chose it. ``tags``: what it can be purged by.
    """

    key: ResourceKey
    address: Address
    status: int
    reason: bytes
    fields: list[Field]
    data: bytes
    terms: Terms
    varies: tuple[bytes, ...]
    values: VaryValues
    at_s: float
    initial_age_s: float
    date_s: float
    tags: frozenset[bytes] = frozenset()
    entity_tag: bytes | None = field(init=False)
    modified: bytes | None = field(init=False)
    size_bytes: int = field(init=False)
    #: Whether it counts as stale whatever its age: the service was seen to have another by now.
    is_outdated: bool = False
    #: Clients that are being sent its data piece by piece: it is held for them, stored or not.
    readers: int = 0
    #: Called when nobody reads it any more, if it was dropped before.
    unread: Callable[[], None] | None = None

    def __post_init__(self) -> None:
        headers = Headers(self.fields)
        self.entity_tag = headers.get_bytes(b"etag")
        self.modified = headers.get_bytes(b"last-modified")
        texts = sum(len(name) + len(value) + _FIELD_BYTES for name, value in self.fields)
        chosen_by = sum(len(value or b"") for value in self.values) + 2 * len(self.key.target) + len(self.key.told)
        self.size_bytes = len(self.data) + texts + chosen_by + _TAG_BYTES * len(self.tags) + _OVERHEAD_BYTES

    def age_s(self, now_s: float) -> float:
        """RFC 9111 4.2.3, current_age. Args: now_s: monotonic seconds."""
        return self.initial_age_s + (now_s - self.at_s)

    @property
    def has_validator(self) -> bool:
        """Whether the service can be asked if it is still good."""
        return self.entity_tag is not None or self.modified is not None

    def let_go(self) -> None:
        """One reader less."""
        self.readers -= 1
        if not self.readers and self.unread is not None:
            unread, self.unread = self.unread, None
            unread()

    def __repr__(self) -> str:
        return f"<StoredResponse {self.status} of {self.address.target} [{self.size_bytes} bytes]>"
