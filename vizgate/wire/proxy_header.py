"""The PROXY protocol's header, versions 1 and 2: what a load balancer says about whom it speaks for.

In: ``ProxyHeaderReader``: bytes in, an address out. Not in: whose word is taken (``transport.arrival``).

Source: https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt
"""

from __future__ import annotations

import ipaddress
import re

from vizgate.errors import VizgateError

_SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
_PREFIX_1 = b"PROXY "
# 2.1: "The maximum line lengths the receiver must support including the CRLF are: [...] worst case [...] 107 chars".
_MAX_LINE_BYTES = 107
_FIXED_BYTES = 16
#: Room for addresses and extensions; the largest that senders in use write, with a TLS client's name, are below 1 KiB.
MAX_EXTRA_BYTES = 4096

_LINE = re.compile(rb"PROXY TCP([46]) ([0-9a-fA-F.:]+) ([0-9a-fA-F.:]+) (0|[1-9][0-9]{0,4}) (0|[1-9][0-9]{0,4})\r\n")
_UNKNOWN = re.compile(rb"PROXY UNKNOWN(?: [\x20-\x7e]*)?\r\n")
_LOCAL, _PROXY = 0x20, 0x21
_UNSPECIFIED, _TCP4, _TCP6, _UNIX_STREAM = 0x00, 0x11, 0x21, 0x31
_ADDRESS_BYTES = {_UNSPECIFIED: 0, _TCP4: 12, _TCP6: 36, _UNIX_STREAM: 216}


class BadProxyHeader(VizgateError, ValueError):
    """What came is no PROXY header."""


class ProxyHeaderReader:
    """Reads one header. ``feed`` it until ``is_done``; then ``source`` is the client's IP address, "" for one on a Unix
    socket, or None when the sender speaks for itself (LOCAL, UNKNOWN).
    """

    __slots__ = ("_buffer", "is_done", "source")

    def __init__(self) -> None:
        self._buffer = b""
        self.is_done = False
        self.source: str | None = None

    def feed(self, data: bytes) -> int:
        """How many bytes of *data* belong to the header; the rest is what it stands before.

        Raises: BadProxyHeader: this will never be a header.
        """
        had = len(self._buffer)
        whole = self._buffer + data
        end = self._end_of(whole)
        if end is None:
            self._buffer = whole
            return len(data)
        self.source = _source_of_2(whole[:end]) if whole.startswith(_SIGNATURE) else _source_of_1(whole[:end])
        self.is_done = True
        return end - had

    def _end_of(self, data: bytes) -> int | None:
        """Where the header ends, None when that is not known yet."""
        if data.startswith(_SIGNATURE[: len(data)]):
            return _end_of_2(data)
        if data.startswith(_PREFIX_1[: len(data)]):
            return _end_of_1(data)
        raise BadProxyHeader("no PROXY header")

    def __repr__(self) -> str:
        return f"<ProxyHeaderReader [{'done' if self.is_done else f'{len(self._buffer)} bytes'}]>"


def _end_of_1(data: bytes) -> int | None:
    end = data.find(b"\r\n", 0, _MAX_LINE_BYTES)
    if end >= 0:
        return end + 2
    if len(data) >= _MAX_LINE_BYTES:
        raise BadProxyHeader("a PROXY line over 107 bytes")
    return None


def _end_of_2(data: bytes) -> int | None:
    if len(data) < _FIXED_BYTES:
        return None
    extra = int.from_bytes(data[14:16], "big")
    if extra > MAX_EXTRA_BYTES:
        raise BadProxyHeader(f"a PROXY header over {MAX_EXTRA_BYTES} bytes")
    end = _FIXED_BYTES + extra
    return end if len(data) >= end else None


def _source_of_1(line: bytes) -> str | None:
    if _UNKNOWN.fullmatch(line):
        return None
    found = _LINE.fullmatch(line)
    if found is None:
        raise BadProxyHeader("a malformed PROXY line")
    version, source, destination, *ports = found.groups()
    if any(int(port) > 0xFFFF for port in ports):
        raise BadProxyHeader("a port over 65535 in a PROXY line")
    try:
        addresses = [ipaddress.ip_address(text.decode("ascii")) for text in (source, destination)]
    except ValueError:
        raise BadProxyHeader("a malformed address in a PROXY line") from None
    if any(address.version != int(version) for address in addresses):
        raise BadProxyHeader("an address of another family in a PROXY line")
    return _written(addresses[0])


def _source_of_2(header: bytes) -> str | None:
    command, kind, body = header[12], header[13], header[_FIXED_BYTES:]
    if command not in {_LOCAL, _PROXY}:
        raise BadProxyHeader("an unknown version or command in a PROXY header")
    if command == _LOCAL:
        return (
            None  # 2.2: "The receiver must accept this connection as valid and must use the real connection endpoints"
        )
    size = _ADDRESS_BYTES.get(kind)
    if size is None:
        raise BadProxyHeader("a PROXY header for another transport than streams")
    if len(body) < size:
        raise BadProxyHeader("a PROXY header that ends within its addresses")
    _check_extensions(body[size:])
    if kind == _TCP4:
        return str(ipaddress.IPv4Address(body[:4]))
    if kind == _TCP6:
        return _written(ipaddress.IPv6Address(body[:16]))
    return "" if kind == _UNIX_STREAM else None


def _written(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    """*address* as text. ::ffff:10.0.0.1 is 10.0.0.1 to whoever goes by addresses: in rules, keys and what is told."""
    mapped = address.ipv4_mapped if address.version == 6 else None
    return str(address if mapped is None else mapped)


def _check_extensions(data: bytes) -> None:
    """Nothing in them is used; that they fill the header exactly shows that both sides read the same."""
    while data:
        if len(data) < 3 or len(data) < (end := 3 + int.from_bytes(data[1:3], "big")):
            raise BadProxyHeader("a PROXY header that ends within an extension")
        data = data[end:]
