"""Operations in the process that serves.

In: ``LocalOperator``. Not in: several workers, which each have one (``operations.operation.Operator``).
"""

from __future__ import annotations

from vizgate.gateway.operations.operated import Operated
from vizgate.gateway.operations.operation import Arguments, Document
from vizgate.gateway.operations.table import OPERATIONS


class LocalOperator:
    """See ``Operator``: does everything to *gateway*, which lives in this process."""

    def __init__(self, gateway: Operated) -> None:
        self._gateway = gateway

    async def perform(self, name: str, arguments: Arguments) -> Document:
        """See ``Operator.perform``. Raises: KeyError: there is no such operation."""
        return await OPERATIONS[name].perform(self._gateway, arguments)

    def __repr__(self) -> str:
        return f"<LocalOperator of {self._gateway!r}>"
