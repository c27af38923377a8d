"""What is shared by everything that one direction, requests or responses, is checked by.

In: ``Direction``: gathering schemas first, compiling them after. Not in: gathering (``document.schemas``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from vizgate.validation.check.schema import BadSchema, SchemaCheck, SchemaSet
from vizgate.validation.document.references import References
from vizgate.validation.document.schemas import SchemaBundle

_T = TypeVar("_T")

#: Makes a part of an operation, to be called when all schemas have been gathered.
Later = Callable[[], _T]


class Direction:
    """The schemas of requests, or of responses."""

    def __init__(self, references: References, *, is_30: bool, not_sent: str) -> None:
        self._references = references
        self.bundle = SchemaBundle(references, is_30=is_30, not_sent=not_sent)
        self._set: SchemaSet | None = None

    def check(self, name: str) -> SchemaCheck:
        """The compiled schema *name*. Raises: BadSchema: it cannot be compiled, which is told, too."""
        if self._set is None:
            self._set = self.bundle.compiled()
        try:
            return self._set.check(name)
        except BadSchema as exc:
            self._references.tell(self.bundle.place_of(name), f"the schema cannot be compiled: {exc}. Mend it")
            raise

    def __repr__(self) -> str:
        return f"<Direction [{len(self.bundle.schemas)} schemas]>"
