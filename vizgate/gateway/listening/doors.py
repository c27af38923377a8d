"""The listeners of a gateway, from one configuration to the next.

In: ``Doors``: opening, changing, draining and closing them in order, and ``NextDoors``, what a reload makes of them.
Not in: which there are (``gateway.listening.listeners``).
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from vizgate.config import GatewayConfig
from vizgate.config.model import Address, UnixAddress
from vizgate.gateway.admin.site import AdminSite
from vizgate.gateway.listening.listeners import Entrance, admin_listener, entrances_of
from vizgate.gateway.listening.renewal import CertificateRenewal
from vizgate.gateway.listening.ways import way_of
from vizgate.gateway.public import PublicSite
from vizgate.gateway.state import GatewayState
from vizgate.transport.arrival.sockets import RELOAD_TRIES
from vizgate.transport.listener import AcceptedStream, Listener

# A stop waits as long for connections that are just being made: who has had an answer to his SYN sends his request.
_HANDSHAKE_S = 0.05

#: Done after the change, in this order.
Chores = list[Callable[[], Coroutine[Any, Any, object]]]


class AdminDoor:
    """The admin listener at *address*; without one it is off."""

    def __init__(self, address: Address | UnixAddress | None) -> None:
        self.address = address
        self.listener = None if address is None else admin_listener(address)


class NextDoors:
    """Entrances and admin door that will take the place of the present ones. ``new``: their listeners that are not open
    yet.
    """

    def __init__(self, entrances: tuple[Entrance, ...], admin: AdminDoor, new: list[Listener]) -> None:
        self.entrances = entrances
        self.admin = admin
        self.new = new

    async def bind(self) -> None:
        """Take the new addresses; nobody is served there yet. Raises: ListenFailed: one cannot be had."""
        for listener in self.new:
            await listener.bind(tries=RELOAD_TRIES)

    def close(self) -> None:
        """Give the new addresses back."""
        for listener in self.new:
            listener.close()


class Doors:
    """The public listeners and the admin listener of *config*; reads certificates.

    ``renewal``: looks after the certificates while the doors are open.
    Raises: TlsFailed: a certificate cannot be used.
    """

    def __init__(self, config: GatewayConfig, state: GatewayState) -> None:
        self._state = state
        self.entrances = entrances_of(config, membership=state.membership)
        self.admin = AdminDoor(config.server.admin)
        self.renewal = CertificateRenewal(self.entrances, state.clock, state.metrics)
        self._sites: tuple[PublicSite, AdminSite] | None = None
        self._show_certificates()

    def _show_certificates(self) -> None:
        if any(entrance.certificates is not None for entrance in self.entrances):
            name, what = "tls_certificate_end_timestamp_seconds", "When a certificate ends."
            self._state.metrics.gauges(name, what, ("file",), self._ends)

    def _ends(self) -> list[tuple[tuple[str, ...], float]]:
        return self.renewal.ends()

    @property
    def is_open(self) -> bool:
        """Whether they were opened and not closed."""
        return self._sites is not None

    async def open(self, site: PublicSite, admin_site: AdminSite) -> None:
        """Listen. Raises: ListenFailed: an address cannot be listened on; ``close_admin`` is needed also then."""
        state = self._state
        self._sites = site, admin_site
        for entrance in self.entrances:
            entrance.listener.terms = entrance.terms
            await entrance.listener.open(state.clock, state.sweeper, way_of(entrance, site), site)
        self.renewal.start()
        if self.admin.listener is not None:
            await self.admin.listener.open(state.clock, state.sweeper, admin_site.accept)

    # reload

    def next(self, config: GatewayConfig) -> NextDoors:
        """The doors of *config*; reads certificates, so call it in a thread. Raises: TlsFailed: they cannot be used."""
        entrances = entrances_of(config, self.entrances, self._state.membership)
        address = config.server.admin
        admin = self.admin if address == self.admin.address else AdminDoor(address)
        kept = {entrance.listener for entrance in self.entrances}
        new = [entrance.listener for entrance in entrances if entrance.listener not in kept]
        if admin is not self.admin and admin.listener is not None:
            new.append(admin.listener)
        return NextDoors(entrances, admin, new)

    def change(self, doors: NextDoors) -> Chores:
        """Make *doors* the present ones; it cannot fail. What is given back is to be done soon, and in order."""
        before, self.entrances = self.entrances, doors.entrances
        admin, self.admin = self.admin, doors.admin
        renewal, self.renewal = (
            self.renewal,
            CertificateRenewal(doors.entrances, self._state.clock, self._state.metrics),
        )
        self._show_certificates()
        if self._sites is None:
            return []
        chores = self._open_new(before, *self._sites)
        if admin is not self.admin and self.admin.listener is not None:
            chores.append(self._serving(self.admin.listener, self._sites[1].accept))
        self.renewal.start()
        chores += [renewal.stop, self.renewal.look]
        chores += self._leave_old(before, self._sites[0])
        if admin is not self.admin and admin.listener is not None:
            chores.append(admin.listener.drain)
        return chores

    def _open_new(self, before: tuple[Entrance, ...], site: PublicSite, _: AdminSite) -> Chores:
        chores: Chores = []
        known = {entrance.listener for entrance in before}
        for entrance in self.entrances:
            way = way_of(entrance, site)
            if entrance.listener in known:
                entrance.listener.change(entrance.terms, way, site)
            else:
                chores.append(self._serving(entrance.listener, way, site))
        return chores

    def _serving(
        self, listener: Listener, way: Callable[[Any], None], hall: PublicSite | None = None
    ) -> Callable[[], Coroutine[Any, Any, None]]:
        return partial(listener.serve, self._state.clock, self._state.sweeper, way, hall)

    def _leave_old(self, before: tuple[Entrance, ...], site: PublicSite) -> Chores:
        """Let go of listeners that are no more. Who has come in by them, or where it would be otherwise now, is served
        one last time.
        """
        after = {entrance.listener: entrance for entrance in self.entrances}
        other = [
            entrance
            for entrance in before
            if entrance.listener not in after or not entrance.lets_in_as(after[entrance.listener])
        ]
        left = {entrance.listener for entrance in other}
        if left:
            for connection in list(site.connections):
                stream = connection.stream
                if isinstance(stream, AcceptedStream) and stream.listener in left:
                    connection.leave()
        return [partial(listener.drain, _HANDSHAKE_S) for listener in left if listener not in after]

    # the end

    async def drain(self, site: PublicSite | None) -> None:
        """Close the public listeners, so that nobody who has connected is turned away. The admin listener stays."""
        await self.renewal.stop()
        # Where nobody is connected nobody is connecting, as far as anybody can tell.
        handshake_s = _HANDSHAKE_S if site is not None and (site.connections or site.arriving) else 0.0
        for entrance in self.entrances:
            await entrance.listener.drain(handshake_s)

    async def close_admin(self) -> None:
        """Close the admin listener, and its connections at once."""
        if self.admin.listener is not None:
            self.admin.listener.close()
        sites, self._sites = self._sites, None
        if sites is not None:
            for connection in list(sites[1].connections):
                connection.stop()
                await connection.wait_closed()

    # what people see

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
