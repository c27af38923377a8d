"""The listeners of a gateway, while they are open.

In: ``Doors``: opening, draining and closing them in order. Not in: which there are (``gateway.listening.listeners``).
"""

from __future__ import annotations

from vizgate.config import GatewayConfig
from vizgate.config.model import Address
from vizgate.gateway.admin.site import AdminSite
from vizgate.gateway.listening.listeners import admin_listener, entrances_of
from vizgate.gateway.listening.renewal import CertificateRenewal
from vizgate.gateway.listening.ways import way_of
from vizgate.gateway.public import PublicSite
from vizgate.gateway.state import GatewayState
from vizgate.transport.listener import Listener

# A stop waits as long for connections that are just being made: who has had an answer to his SYN sends his request.
_HANDSHAKE_S = 0.05


class Doors:
    """The public listeners and the admin listener of *config*; reads certificates.

    ``renewal``: looks after the certificates while the doors are open.
    Raises: TlsFailed: a certificate cannot be used.
    """

    def __init__(self, config: GatewayConfig, state: GatewayState) -> None:
        self._state = state
        self.entrances = entrances_of(config)
        self.renewal = CertificateRenewal(self.entrances, state.clock, state.metrics)
        address = config.server.admin
        self.admin = None if address is None else admin_listener(address)
        self._admin_site: AdminSite | None = None

    async def open(self, site: PublicSite, admin_site: AdminSite) -> None:
        """Listen. Raises: ListenFailed: an address cannot be listened on; ``close`` is needed also then."""
        state = self._state
        for entrance in self.entrances:
            await entrance.listener.open(state.clock, state.sweeper, way_of(entrance, site), site)
        self.renewal.start()
        if self.admin is not None:
            self._admin_site = admin_site
            await self.admin.open(state.clock, state.sweeper, admin_site.accept)

    async def drain(self, site: PublicSite | None) -> None:
        """Close the public listeners, so that nobody who has connected is turned away. The admin listener stays."""
        await self.renewal.stop()
        # Where nobody is connected nobody is connecting, as far as anybody can tell.
        handshake_s = _HANDSHAKE_S if site is not None and (site.connections or site.arriving) else 0.0
        for entrance in self.entrances:
            await entrance.listener.drain(handshake_s)

    async def close_admin(self) -> None:
        """Close the admin listener, and its connections at once."""
        if self.admin is not None:
            self.admin.close()
        if self._admin_site is not None:
            for connection in list(self._admin_site.connections):
                connection.stop()
                await connection.wait_closed()

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """Where clients connect; see ``Listener.address``."""
        return [entrance.listener.address for entrance in self.entrances]

    @property
    def urls(self) -> list[str]:
        """Where clients connect, as people write it."""
        return [url_of(entrance.listener) for entrance in self.entrances]

    def __repr__(self) -> str:
        return f"<Doors [{len(self.entrances)} public]>"


def url_of(listener: Listener) -> str:
    """Where *listener* is, as people write it."""
    host, port = listener.address
    return f"{listener.scheme}://{host if listener.unix is not None else Address(host, port)}"
