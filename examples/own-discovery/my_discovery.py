"""A source of targets of one's own: a folder with a file for each, called like its address.

In: ``Folder``. Whoever starts an instance does ``touch targets/127.0.0.1:3001``, and removes it when it ends.
"""

from __future__ import annotations

import asyncio
import os

from vizgate import Discovered, DiscoveryConfig, DiscoveryFailed, PolledDiscovery


class FolderConfig(DiscoveryConfig):
    """What stands beside ``kind:``."""

    path: str


class Folder(PolledDiscovery):
    """Looks once a second."""

    Config = FolderConfig

    async def look(self) -> Discovered:
        """Every target there is now."""
        try:
            names = await asyncio.to_thread(os.listdir, self.config.path)
            return Discovered.of(*names, good_for_s=1.0)
        except (OSError, ValueError) as error:
            raise DiscoveryFailed(f"{self.config.path}: {error}") from error
