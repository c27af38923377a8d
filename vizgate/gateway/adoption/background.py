"""What looks after a plan that serves, and must not before.

In: ``Background``. Not in: what does (``health``), and components that may start earlier (``extension.contract``).
"""

from __future__ import annotations

from typing import Protocol


class Background(Protocol):
    """It changes what is known of targets, so it runs exactly as long as its plan is the present one."""

    def begin(self) -> None:
        """Run from now on; it cannot fail."""
        ...

    async def stop(self) -> None:
        """Run no more."""
        ...
