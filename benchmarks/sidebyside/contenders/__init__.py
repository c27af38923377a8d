"""Who is measured.

In: ``Contender`` and the list of all. Not in: their configurations, one module per family.
"""

from __future__ import annotations

from sidebyside.contenders import native, node, python_peers, vizgate_gateway
from sidebyside.contenders.base import Contender

#: In the order of the tables; nginx is what all are compared to.
ALL: tuple[Contender, ...] = (
    *vizgate_gateway.CONTENDERS,
    *native.CONTENDERS,
    *node.CONTENDERS,
    *python_peers.CONTENDERS,
)
BASELINE = "nginx"

__all__ = ["ALL", "BASELINE", "Contender"]
