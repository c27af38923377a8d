"""Every operation there is.

In: ``OPERATIONS``. Not in: what they do (``operations.calls``).
"""

from __future__ import annotations

from collections.abc import Mapping

from vizgate.gateway.operations.calls.breakers import BREAKER_OPERATIONS
from vizgate.gateway.operations.calls.services import SERVICE_OPERATIONS
from vizgate.gateway.operations.operation import Operation

#: By name, in the order of the documentation.
OPERATIONS: Mapping[str, Operation] = {
    operation.name: operation for operation in (*SERVICE_OPERATIONS, *BREAKER_OPERATIONS)
}
