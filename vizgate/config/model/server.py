"""The ``server`` part: where the gateway listens, and what it accepts from clients.

In: settings. Not in: acting on them (``transport``, ``gateway``).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, ValidationInfo, model_validator

from vizgate.config.model.address import Address, ListenAddressField, UnixAddress
from vizgate.config.model.admin import AdminTokenConfig, AdminTokenField, unlike
from vizgate.config.model.base import ConfigModel, ZoneName
from vizgate.config.model.listen import ListenConfig, Listener
from vizgate.extension.values.fields import Duration, Flag, Integer, PositiveDuration, Size
from vizgate.extension.values.network import PeerField
from vizgate.overload.config import OverloadConfig
from vizgate.units import KIB, MIB

_Listeners = Annotated[tuple[Listener, ...], Field(min_length=1)]


class LimitsConfig(ConfigModel):
    """What one client connection may cost."""

    head: Annotated[Size, Field(ge=128)] = Field(
        default=64 * KIB,
        description="Longest request head. Over it the answer is 431; 414 when the target alone is over it.",
    )
    headers: Integer = Field(default=100, ge=1, le=10_000, description="Most header fields of a request. Over it: 431.")
    body: Size = Field(default=10 * MIB, description="Longest request body. Over it: 413. 0 means no limit.")
    head_timeout: PositiveDuration = Field(default=10.0, description="Time for a whole request head. Over it: 408.")
    body_idle: PositiveDuration = Field(
        default=30.0, description="An upload that stalls this long is answered with 408."
    )
    body_rate: Size = Field(
        default=KIB,
        description="Fewest bytes per second of an upload, after its first 10 s. Below it: 408. 0 means no limit.",
    )
    response_head: Annotated[Size, Field(ge=128)] = Field(
        default=64 * KIB, description="Longest head of an upstream's response. Over it: 502."
    )
    idle_timeout: PositiveDuration = Field(
        default=75.0, description="A connection without a request is closed after this."
    )
    connections: Integer = Field(
        default=10_000, ge=1, description="Most client connections at once. Over it new ones get 503 and are closed."
    )


def _listeners(value: Any) -> Any:
    """One address, as a text or a mapping, is a list of one."""
    return [value] if isinstance(value, (str, dict, Address, UnixAddress)) else value


def _address_or_off(value: Any) -> Any:
    return None if value == "off" else value


def _guarded(address: Address | UnixAddress | None, info: ValidationInfo) -> Address | UnixAddress | None:
    """Off loopback there must be a token; where one is faulty, that is told and nothing else."""
    has_token = info.data.get("admin_token", ...) is not None or bool(info.data.get("admin_tokens", ...))
    if isinstance(address, Address) and not address.is_loopback and not has_token:
        raise ValueError(
            f"others can reach {address}, and there is no token. Set server.admin_token, or write a loopback address"
            " such as 127.0.0.1:9900"
        )
    return address


class ServerConfig(ConfigModel):
    """Listeners, limits and the trust in what is in front of the gateway."""

    listen: Annotated[
        tuple[Listener, ...],
        BeforeValidator(_listeners, json_schema_input_type=ListenAddressField | ListenConfig | _Listeners),
        Field(min_length=1),
    ] = Field(
        default=(ListenConfig(address=Address("127.0.0.1", 8080)),), description="One address, or a list of them."
    )
    # Before ``admin``, which is checked against them.
    admin_token: AdminTokenField | None = Field(
        default=None, description="What operators show to the admin API as a bearer token; they may do everything."
    )
    admin_tokens: Annotated[tuple[AdminTokenConfig, ...], Field(max_length=100), AfterValidator(unlike)] = Field(
        default=(), description="Tokens of the admin API, each with a name for the audit log, and a role."
    )
    admin_open_metrics: Flag = Field(
        default=False, description="Whether /metrics needs no token where the admin address is not a loopback one."
    )
    admin: Annotated[
        ListenAddressField | None,
        BeforeValidator(_address_or_off, json_schema_input_type=Literal["off"] | ListenAddressField),
        AfterValidator(_guarded),
        PlainSerializer(lambda address: "off" if address is None else str(address), return_type=str),
    ] = Field(
        default=Address("127.0.0.1", 9900),
        description="Address of the admin API, /health, /liveness, /readiness and /metrics; `off` closes it. Off "
        "loopback it needs a token.",
    )
    public_endpoints: tuple[Literal["health", "metrics"], ...] = Field(
        default=(), description="Which of the admin listener's endpoints the public listeners serve, too."
    )
    workers: Annotated[Integer, Field(ge=1, le=128)] | Literal["auto"] = Field(
        default=1, description="Number of processes that serve; `auto`: one for each core that may be used."
    )
    worker_timeout: Annotated[PositiveDuration, Field(ge=1.0)] = Field(
        default=60.0, description="A worker whose event loop stands still for so long is killed and replaced."
    )
    http: Literal["auto", "httptools", "h11"] = Field(
        default="auto", description="The HTTP/1.1 codec; auto is httptools where it is installed, else h11."
    )
    trusted_proxies: tuple[PeerField, ...] = Field(
        default=(),
        description="Networks of proxies whose X-Forwarded-* fields and PROXY headers are believed; `unix` for whoever"
        " comes over a Unix socket.",
    )
    limits: LimitsConfig = Field(default=LimitsConfig(), description="What one client connection may cost.")
    overload: OverloadConfig | None = Field(
        default=None, description="When requests are turned away, those of the routes of low `priority` first."
    )
    zone: ZoneName = Field(default="", description="Where the gateway is: targets in the same zone are asked first.")
    shutdown_delay: Duration = Field(
        default=0.0,
        description="How long a stop goes on taking connections after `/readiness` says 503, so that whoever sends"
        " traffic hears of it.",
    )
    shutdown_timeout: Duration = Field(default=30.0, description="How long requests in flight may go on after a stop.")

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if not self.trusted_proxies and any(listener.proxy_protocol for listener in self.listen):
            raise ValueError(
                "proxy_protocol takes headers of trusted_proxies alone, and there are none. Write them, too"
            )
        return self
