"""What the YAML may say about targets in the DNS.

In: settings. Not in: asking (``discovery.dns.resolver``).
"""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import AfterValidator, Field, model_validator

from vizgate.extension.kinds.discovery import DiscoveryConfig
from vizgate.extension.values.fields import Integer, PositiveDuration

_PORT = re.compile(r"[0-9]{1,5}", re.ASCII)
_NAME = r"^[A-Za-z0-9_]([A-Za-z0-9_.\-]{0,251}[A-Za-z0-9_])?\.?$"


class NameServer(NamedTuple):
    """Where a name server is."""

    address: str
    port: int = 53


def parse_name_server(text: str) -> NameServer:
    """The name server at ``10.0.0.2``, ``10.0.0.2:8600`` or ``[fd00::1]:53``. Raises: ValueError: anything else."""
    host, port = text, "53"
    if text.startswith("[") or text.count(":") == 1:
        host, _, port = text.rpartition(":")
    try:
        address = str(ipaddress.ip_address(host.removeprefix("[").removesuffix("]")))
    except ValueError:
        raise ValueError(f"{text[:60]!r} is no name server. Write its IP address, as 10.0.0.2 or 10.0.0.2:53") from None
    if _PORT.fullmatch(port) is None or not 1 <= int(port) <= 65_535:
        raise ValueError(f"{text[:60]!r} has no valid port")
    return NameServer(address, int(port))


def _name_server(text: str) -> str:
    parse_name_server(text)
    return text


class DnsDiscoveryConfig(DiscoveryConfig):
    """``kind: dns``: the addresses behind a name, or what its SRV records say."""

    kind: Literal["dns"] = Field(description="Addresses or SRV records of a name.")
    name: Annotated[str, Field(pattern=_NAME)] = Field(
        description="The name; with a dot at its end no search domain is added to it."
    )
    record: Literal["A", "AAAA", "A+AAAA", "SRV"] = Field(
        default="A", description="Which records: addresses, or SRV, which say port, priority and weight, too."
    )
    port: Annotated[Integer, Field(ge=1, le=65_535)] | None = Field(
        default=None, description="The port of every target; not with SRV."
    )
    scheme: Literal["http", "https"] = Field(
        default="http", description="How targets are spoken to. Their certificates must be for `name`."
    )
    nameservers: tuple[Annotated[str, AfterValidator(_name_server)], ...] = Field(
        default=(), description="IP addresses of name servers, with a port if it is not 53. Default: the system's."
    )
    search: tuple[Annotated[str, Field(pattern=_NAME)], ...] | None = Field(
        default=None, description="Domains to look in for a name without a dot at its end. Default: the system's."
    )
    min_interval: Annotated[PositiveDuration, Field(ge=0.1)] = Field(
        default=1.0, description="A record with a shorter time to live is asked for no more often."
    )
    max_interval: PositiveDuration = Field(
        default=60.0, description="A record with a longer time to live is asked for as often."
    )
    timeout: PositiveDuration = Field(default=5.0, description="How long all questions of one look may take.")

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if self.record == "SRV" and self.port is not None:
            raise ValueError("port has no effect with SRV, whose records say it. Remove it")
        if self.record != "SRV" and self.port is None:
            raise ValueError(f"port is missing: {self.record} records do not say it. Add it")
        if self.max_interval < self.min_interval:
            raise ValueError("max_interval is shorter than min_interval. Change one of them")
        return self
