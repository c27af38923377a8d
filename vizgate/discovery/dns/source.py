"""``kind: dns``: targets behind a name.

In: ``DnsDiscovery``. Not in: asking (``discovery.dns.resolver``) and what records mean (``discovery.dns.records``).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import ClassVar

from vizgate.discovery.dns.config import DnsDiscoveryConfig, parse_name_server
from vizgate.discovery.dns.records import Addresses, Naming, address_targets, srv_targets
from vizgate.discovery.dns.resolver import DnsResolver, Family, check_installed
from vizgate.extension.contract import ComponentConfig, Context
from vizgate.extension.kinds.discovery import Discovered, DiscoveredTarget, DiscoveryFailed, PolledDiscovery

_FAMILIES: dict[str, tuple[Family, ...]] = {"A": ("A",), "AAAA": ("AAAA",), "A+AAAA": ("A", "AAAA")}
# Hosts of SRV records that are asked for at once.
_AT_ONCE = 16


class DnsDiscovery(PolledDiscovery):
    """Asks again when the time to live of an answer is over, one without records included.

    Raises: DnsMissing: dnspython is not installed.
    """

    Config: ClassVar[type[ComponentConfig]] = DnsDiscoveryConfig

    def __init__(self, config: DnsDiscoveryConfig, context: Context | None = None) -> None:
        super().__init__(config, context)
        check_installed()
        self._settings = config
        self._naming = Naming.of(config.scheme, config.name)
        servers = tuple(parse_name_server(server) for server in config.nameservers)
        self._resolver = DnsResolver(servers, config.search, config.timeout)

    @property
    def label(self) -> str:
        """See ``Discovery.label``."""
        return f"dns {self._settings.name} {self._settings.record}"

    async def watch(self) -> AsyncIterator[Discovered]:
        """See ``Discovery.watch``. Begun again after a failure, it reads the system's settings again, too."""
        await self._resolver.prepare()
        async for found in super().watch():
            yield found

    async def look(self) -> Discovered:
        """See ``PolledDiscovery.look``."""
        config = self._settings
        if not self._resolver.is_prepared:
            await self._resolver.prepare()
        try:
            async with asyncio.timeout(config.timeout):
                targets, ttl_s = await self._found()
        except TimeoutError:
            raise DiscoveryFailed(f"no whole answer within {config.timeout:g} s") from None
        return Discovered(targets, min(max(ttl_s, config.min_interval), config.max_interval))

    async def _found(self) -> tuple[tuple[DiscoveredTarget, ...], float]:
        config = self._settings
        if config.record == "SRV":
            return await self._services()
        assert config.port is not None
        found = await self._addresses(config.name, _FAMILIES[config.record])
        return address_targets(found.addresses, config.port, self._naming), found.ttl_s

    async def _addresses(self, name: str, families: tuple[Family, ...]) -> Addresses:
        answers = await asyncio.gather(*(self._resolver.addresses(name, family) for family in families))
        return Addresses(
            tuple(address for answer in answers for address in answer.addresses),
            min(answer.ttl_s for answer in answers),
        )

    async def _services(self) -> tuple[tuple[DiscoveredTarget, ...], float]:
        found = await self._resolver.services(self._settings.name)
        missing = [name for name in {record.name: None for record in found.records} if name and name not in found.known]
        turns = asyncio.Semaphore(_AT_ONCE)
        answers = await asyncio.gather(*(self._host(name, turns) for name in missing))
        asked = {name: answer.addresses for name, answer in zip(missing, answers, strict=True)}
        ttl_s = min([found.ttl_s, *(answer.ttl_s for answer in answers)])
        return srv_targets(found.records, {**found.known, **asked}, self._naming), ttl_s

    async def _host(self, name: str, turns: asyncio.Semaphore) -> Addresses:
        """IPv4 addresses if there are any, else IPv6."""
        async with turns:
            first = await self._resolver.addresses(f"{name}.", "A")
            return first if first.addresses else await self._resolver.addresses(f"{name}.", "AAAA")
