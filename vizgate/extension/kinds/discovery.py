"""What a source of targets is.

In: ``Discovery``, ``PolledDiscovery``, what they give and their settings. Not in: the sources (``discovery``), and what
a gateway makes of their answers (``discovery.record``, ``gateway.discovering``).
"""

from __future__ import annotations

import ipaddress
import re
from abc import abstractmethod
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import ClassVar, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field

from vizgate.errors import VizgateError
from vizgate.extension.contract import Component, ComponentConfig
from vizgate.extension.values.fields import PositiveDuration

Scheme = Literal["http", "https"]

#: The most targets of one answer; more are a fault of its source.
MAX_TARGETS = 10_000

_DEFAULT_PORTS: dict[str, int] = {"http": 80, "https": 443}
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_\-]{0,61}[A-Za-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*", re.ASCII)
_ZONE = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9_.\-]{0,99})?", re.ASCII)
_NUMERIC = re.compile(r"[0-9.]+", re.ASCII)
_MAX_WEIGHT = 65_535
_MAX_SHOWN = 60
# Keeps many gateways from asking in one moment.
_EARLIEST = 0.9


class DiscoveryFailed(VizgateError):
    """A source has no usable answer at present; the message says why, and quotes no secret."""


class DiscoveryConfig(ComponentConfig):
    """What every source of targets can be told, next to ``kind:``."""

    on_start: Literal["allow_empty", "require"] = Field(
        default="allow_empty",
        description="What happens when there is no target within `start_timeout`: `allow_empty` starts without any,"
        " `require` does not start.",
    )
    start_timeout: PositiveDuration = Field(
        default=5.0, description="How long a start or a reload waits for the first targets."
    )
    on_empty: Literal["keep", "accept"] = Field(
        default="keep",
        description="What an answer without any target means: `keep` goes on with the last targets there were,"
        " `accept` goes on with none.",
    )


@dataclass(frozen=True, slots=True)
class DiscoveredTarget:
    """One address that a source knows.

    ``host``: a name or an IP address, IPv6 without brackets. ``weight``, ``priority``, ``zone``: as those of a target
    in the YAML. ``server_name``: what its certificate is for, "" for the host. ``is_leaving``: whether it takes no new
    clients, because it is about to end.

    Raises: ValueError: it cannot be the address of a target. What a source says ends in connections and in fields of
    requests, and must not be anything else.
    """

    host: str
    port: int
    scheme: Scheme = "http"
    weight: int = 1
    priority: int = 0
    zone: str = ""
    server_name: str = ""
    is_leaving: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "host", _checked_host(self.host))
        if self.scheme not in ("http", "https"):  # not a look-up: it may be anything, a list as well
            raise ValueError(f"{_shown(self.scheme)} is not a scheme of targets. It must be http or https")
        if not _is_whole(self.port, 1, 65_535):
            raise ValueError(f"{_shown(self.port)} is not a port. It must be a number from 1 to 65535")
        if not _is_whole(self.weight, 1, _MAX_WEIGHT):
            raise ValueError(f"{_shown(self.weight)} is not a weight. It must be a number from 1 to {_MAX_WEIGHT}")
        if not _is_whole(self.priority, 0, _MAX_WEIGHT):
            raise ValueError(f"{_shown(self.priority)} is not a priority. It must be a number from 0 to {_MAX_WEIGHT}")
        if not isinstance(self.zone, str) or _ZONE.fullmatch(self.zone) is None:
            raise ValueError(f"{_shown(self.zone)} is not the name of a zone")
        if self.server_name:
            object.__setattr__(self, "server_name", _checked_host(self.server_name))

    @classmethod
    def parse(cls, text: str, *, scheme: Scheme = "http", port: int | None = None) -> Self:
        """The target at *text*: a URL, ``host:port``, or a host alone.

        Args: scheme, port: of a *text* that has none. Raises: ValueError: it is none of them.
        """
        if any(character <= " " for character in text):
            raise ValueError(f"{_shown(text)} holds white space")
        is_url = "://" in text
        try:
            parts = urlsplit(text if is_url else f"//{text}")
            found_port, host = parts.port, parts.hostname or ""
        except ValueError:
            raise ValueError(f"{_shown(text)} is not an address") from None
        is_origin = parts.path in {"", "/"} and not parts.query and not parts.fragment and "@" not in parts.netloc
        if not is_origin or (not is_url and parts.path):
            raise ValueError(f"{_shown(text)} is more than an address. Write http://host:port or host:port")
        given: Scheme = "https" if parts.scheme == "https" else "http"
        if is_url and parts.scheme != given:
            raise ValueError(f"{_shown(parts.scheme)} is not a scheme of targets. It must be http or https")
        if found_port is None:
            found_port = _DEFAULT_PORTS[given] if is_url else port
        if found_port is None:
            raise ValueError(f"{_shown(text)} has no port. Write host:port")
        return cls(host, found_port, given if is_url else scheme)

    @property
    def address(self) -> str:
        """``host:port``, with brackets around an IPv6 host."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """The URL of it."""
        return f"{self.scheme}://{self.address}"


@dataclass(frozen=True, slots=True)
class Discovered:
    """A whole answer: every target there is. ``good_for_s``: after how many seconds it is worth asking again."""

    targets: tuple[DiscoveredTarget, ...]
    good_for_s: float = 30.0

    @classmethod
    def of(cls, *addresses: str, good_for_s: float = 30.0) -> Self:
        """The answer with the targets at *addresses*; see ``DiscoveredTarget.parse``."""
        return cls(tuple(DiscoveredTarget.parse(address) for address in addresses), good_for_s)


class Discovery(Component):
    """Base class of sources of targets: it tells which there are, and goes on telling.

    One that has to ask again and again is shorter as a ``PolledDiscovery``. ``vizgate.testing.check_discovery`` holds
    both to their contract.
    """

    Config: ClassVar[type[ComponentConfig]] = DiscoveryConfig

    @property
    def label(self) -> str:
        """What people know the source by, in logs and ``GET /services``; it holds no secret."""
        return type(self).__name__

    @abstractmethod
    def watch(self) -> AsyncIterator[Discovered]:
        """Whole answers, the first as soon as there is one, then one after each change, without an end.

        An answer that says the same as the last tells that it is still true, which keeps its age low. Raise what is
        wrong, ``DiscoveryFailed`` if it is foreseen: whoever iterates goes on with the last answer and calls this again
        after a while. No wait for a single answer may be without a bound.
        """


class PolledDiscovery(Discovery):
    """A source that is asked from time to time."""

    @abstractmethod
    async def look(self) -> Discovered:
        """Every target there is now. Raises: as ``watch``."""

    async def watch(self) -> AsyncIterator[Discovered]:
        """See ``Discovery.watch``: looks again whenever an answer is not good any longer."""
        while True:
            found = await self.look()
            yield found
            await self.context.sleep(found.good_for_s * self.context.random.uniform(_EARLIEST, 1.0))


def _checked_host(host: object) -> str:
    """*host* in its one form. Raises: ValueError: it is neither a name nor an address."""
    # A scope such as %eth0 may hold anything.
    if isinstance(host, str) and "%" not in host:
        try:
            return str(ipaddress.ip_address(host))
        except ValueError:
            name = host.removesuffix(".")
            if _NAME.fullmatch(name) is not None and _NUMERIC.fullmatch(name) is None:
                return name.lower()
    raise ValueError(f"{_shown(host)} is neither a host name nor an IP address")


def _is_whole(value: object, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else type(value).__name__ if value is None else str(value)
    return repr(text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}...")
