"""Gives a new version more and more of the traffic; takes it back when it fails.

    python rollout.py

Each step is a reload: requests in flight go on, kept connections stay, and a client that has come to the new version
stays there, because its share only grows. `kill -HUP`, `vizgate serve --watch` and `vizgate reload` do the same with
the file as it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from vizgate import ConfigError, Gateway, GatewayConfig, load_config

FILE = Path(__file__).with_name("vizgate.yaml")
SHARES = (5, 25, 50, 99)
NONE = 0  # those with the cookie still try it


def config_of(share: int) -> GatewayConfig:
    """The configuration that gives the new version *share* percent."""
    return load_config(FILE, environment={"STABLE": str(100 - share), "CANARY": str(share)})


async def roll_out(gateway: Gateway, is_good: Callable[[], Awaitable[bool]], shares: Sequence[int] = SHARES) -> int:
    """Go up through *shares* as long as the new version *is_good*; the share it has in the end."""
    for share in shares:
        try:
            await gateway.reload(config_of(share))
        except ConfigError as problems:
            # Nothing has changed: the configuration of the step before serves on.
            print(problems)
            return shares[max(0, shares.index(share) - 1)]
        if not await is_good():
            await gateway.reload(config_of(NONE))
            return NONE
    return shares[-1]


async def main() -> None:
    async with Gateway(config_of(SHARES[0])) as gateway:

        async def is_good() -> bool:
            await asyncio.sleep(10)
            targets = gateway.plan.services["canary"].targets.targets
            return all(target.state.is_fit for target in targets)

        print("the new version has", await roll_out(gateway, is_good), "percent")
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
