"""Addresses: where the gateway listens, and where targets are.

In: ``Address``, ``UnixAddress``, ``TargetUrl`` and their field types. Not in: sockets (``transport``).
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from vizgate.config.problems import shown

_HOST_NAME = re.compile(
    r"(?=.{1,253}\Z)[A-Za-z0-9_]([A-Za-z0-9_\-]{0,62})(\.[A-Za-z0-9_][A-Za-z0-9_\-]{0,62})*\.?", re.ASCII
)
_PORT = re.compile(r"[0-9]{1,5}", re.ASCII)
_ALL_DIGITS_AND_DOTS = re.compile(r"[0-9.]+", re.ASCII)
_DEFAULT_PORTS = {"http": 80, "https": 443}
_UNIX = "unix:"
_UNIX_TARGET = f"http://{_UNIX}"
# What the kernel has room for (unix(7)), without the byte that ends it.
_MAX_PATH_BYTES = 107


@dataclass(frozen=True, slots=True)
class Address:
    """A host and a TCP port; an IPv6 host has no brackets. Port 0 lets the system choose."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        if self.host.lower() == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


@dataclass(frozen=True, slots=True)
class UnixAddress:
    """The path of a Unix socket."""

    path: str

    def __str__(self) -> str:
        return f"{_UNIX}{self.path}"


@dataclass(frozen=True, slots=True)
class TargetUrl:
    """The origin of a target: scheme, host (an IPv6 host has no brackets) and port; or the path of a Unix socket."""

    scheme: Literal["http", "https"]
    host: str
    port: int
    unix_path: str = ""

    @property
    def authority(self) -> str:
        """Host and, unless it is the scheme's own, port, as in a ``Host`` field."""
        if self.unix_path:
            return "localhost"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{f'{_UNIX}{self.unix_path}' if self.unix_path else self.authority}"


def parse_address(text: str) -> Address:
    """The address ``127.0.0.1:8080``, ``[::1]:8080`` or ``name:8080``. Raises: ValueError: anything else."""
    host, colon, port = text.strip().rpartition(":")
    if not colon or not host or (":" in host and not host.startswith("[")):
        raise ValueError(
            f"{shown(text)} is not an address. Write host:port, for example {_address_example(text.strip())}"
        )
    return Address(_host(host, text), _port(port, text, lowest=0))


def parse_listen_address(text: str) -> Address | UnixAddress:
    """The address *text* of a TCP port or, as ``unix:/path``, of a Unix socket. Raises: ValueError: anything else."""
    stripped = text.strip()
    if not stripped.startswith(_UNIX):
        return parse_address(text)
    return UnixAddress(_socket_path(stripped.removeprefix(_UNIX), text))


def _socket_path(path: str, text: str) -> str:
    if not path.startswith("/") or path.endswith("/") or "\0" in path:
        raise ValueError(f"{shown(text)} has no absolute path of a socket. Write for example unix:/run/vizgate.sock")
    if len(path.encode()) > _MAX_PATH_BYTES:
        raise ValueError(
            f"{shown(text)} is over {_MAX_PATH_BYTES} bytes, for which no system has room. Shorten the path"
        )
    return path


def _address_example(text: str) -> str:
    if _PORT.fullmatch(text.removeprefix(":")):
        return f"127.0.0.1:{text.removeprefix(':')} or 0.0.0.0:{text.removeprefix(':')}"
    return "127.0.0.1:8080 or [::1]:8080"


def parse_target_url(text: str) -> TargetUrl:
    """The origin that *text* names.

    Raises: ValueError: not http or https, no valid host or port, or something beside the origin: user information is a
    secret in a wrong place, and a path is the business of a route's ``rewrite``.
    """
    if any(character in text for character in "\t\r\n "):
        raise ValueError("a URL must not hold white space. Remove it")
    if text.startswith(_UNIX_TARGET):
        return TargetUrl("http", "", 0, _socket_path(text.removeprefix(_UNIX_TARGET), text))
    if text.startswith(f"https://{_UNIX}"):
        raise ValueError("TLS over a Unix socket is not spoken to targets. Write http://unix:/path")
    try:
        parts = urlsplit(text)
        port_text = parts.netloc.rpartition("@")[2].rpartition("]")[2].partition(":")[2]
        host = parts.hostname or ""
    except ValueError:
        raise ValueError(f"{shown(text)} is not a URL. Write for example http://127.0.0.1:3001") from None
    if parts.scheme not in _DEFAULT_PORTS:
        raise ValueError(_scheme_fault(text, parts.scheme))
    if "@" in parts.netloc:
        raise ValueError(
            "a target's URL must not hold a user name or password. Set the Authorization header with `use: headers`"
        )
    if parts.path not in {"", "/"} or parts.query or parts.fragment or text.endswith(("?", "#")):
        origin = f"{parts.scheme}://{parts.netloc}"
        raise ValueError(
            f"a target's URL ends after the port. Write {shown(origin)}, and the path in the route's `rewrite`"
        )
    # No port at all is the scheme's own; a colon with nothing behind it is a slip.
    port = _port(port_text, text, lowest=1) if ":" in parts.netloc.rpartition("]")[2] else _DEFAULT_PORTS[parts.scheme]
    scheme: Literal["http", "https"] = "https" if parts.scheme == "https" else "http"
    return TargetUrl(scheme, _host(f"[{host}]" if ":" in host else host, text), port)


def _scheme_fault(text: str, scheme: str) -> str:
    if "://" not in text:
        return f"{shown(text)} has no scheme. Write http:// or https:// before it"
    return f"scheme {shown(scheme)} is not supported for a target. Write http or https"


def parse_authority(text: str) -> str:
    """*text* as it may stand in a ``Host`` field: a host, or a host and a port. Raises: ValueError: it is neither."""
    host, colon, port = text.rpartition(":")
    if colon and not text.endswith("]"):
        _host(host, text)
        _port(port, text, lowest=1)
    else:
        _host(text, text)
    return text


def _host(host: str, text: str) -> str:
    if host.startswith("[") and host.endswith("]"):
        try:
            return str(ipaddress.IPv6Address(host[1:-1]))
        except ValueError:
            raise ValueError(f"{shown(text)} has no valid IPv6 address in its brackets") from None
    if _ALL_DIGITS_AND_DOTS.fullmatch(host):
        try:
            return str(ipaddress.IPv4Address(host))
        except ValueError:
            raise ValueError(f"{shown(text)} has no valid IPv4 address. Write four numbers from 0 to 255") from None
    if _HOST_NAME.fullmatch(host) is None:
        raise ValueError(
            f"{shown(text)} has no valid host. Write a name, an IPv4 address or an IPv6 address in brackets"
        )
    return host.lower()


def _port(port: str, text: str, *, lowest: int) -> int:
    if _PORT.fullmatch(port) is None or not lowest <= int(port) <= 65535:
        raise ValueError(f"{shown(text)} has no valid port. Write a number from {lowest} to 65535")
    return int(port)


def _address(value: Any) -> Address:
    if isinstance(value, Address):
        return value
    if isinstance(value, str):
        return parse_address(value)
    raise ValueError("must be an address such as 127.0.0.1:8080")


def _listen_address(value: Any) -> Address | UnixAddress:
    if isinstance(value, (Address, UnixAddress)):
        return value
    if isinstance(value, str):
        return parse_listen_address(value)
    raise ValueError("must be an address such as 127.0.0.1:8080 or unix:/run/vizgate.sock")


def _target_url(value: Any) -> TargetUrl:
    if isinstance(value, TargetUrl):
        return value
    if isinstance(value, str):
        return parse_target_url(value)
    raise ValueError("must be a URL such as http://127.0.0.1:3001")


_address_schema = {
    "x-type": "address",
    "type": "string",
    "pattern": r"^\s*\S+:[0-9]{1,5}\s*$|\$\{",
    "examples": ["127.0.0.1:8080"],
}
_listen_schema = _address_schema | {
    "x-type": "address or unix:path",
    "pattern": r"^\s*\S+:[0-9]{1,5}\s*$|^\s*unix:/\S+\s*$|\$\{",
    "examples": ["127.0.0.1:8080", "unix:/run/vizgate.sock"],
}
_url_schema = {
    "x-type": "URL",
    "type": "string",
    "pattern": r"^[Hh][Tt][Tt][Pp][Ss]?://[^/?#@\s]+/?$|^http://unix:/\S+$|\$\{",
    "examples": ["http://127.0.0.1:3001"],
}

#: An ``Address``, written ``host:port``.
AddressField = Annotated[
    Address, PlainValidator(_address), PlainSerializer(str, return_type=str), WithJsonSchema(_address_schema)
]
#: An ``Address`` or a ``UnixAddress``, written ``host:port`` or ``unix:/path``.
ListenAddressField = Annotated[
    Address | UnixAddress,
    PlainValidator(_listen_address),
    PlainSerializer(str, return_type=str),
    WithJsonSchema(_listen_schema),
]
#: A ``TargetUrl``, written ``http://host:port``, ``https://host:port`` or ``http://unix:/path``.
TargetUrlField = Annotated[
    TargetUrl, PlainValidator(_target_url), PlainSerializer(str, return_type=str), WithJsonSchema(_url_schema)
]
