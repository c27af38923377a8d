"""The rules of PROXY headers, version 1 and 2."""

from __future__ import annotations

import contextlib
import ipaddress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vizgate.wire.proxy_header import MAX_EXTRA_BYTES, BadProxyHeader, ProxyHeaderReader

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
REST = b"GET / HTTP/1.1\r\n"


def version_2(command: int, kind: int, body: bytes, size: int | None = None) -> bytes:
    return SIGNATURE + bytes([command, kind]) + (len(body) if size is None else size).to_bytes(2, "big") + body


def read(data: bytes) -> tuple[str | None, bytes]:
    """The source by the header at the start of *data*, and what follows it."""
    reader = ProxyHeaderReader()
    taken = reader.feed(data)
    assert reader.is_done
    return reader.source, data[taken:]


@pytest.mark.parametrize(
    ("header", "source"),
    [
        (b"PROXY TCP4 192.0.2.7 192.0.2.1 1 65535\r\n", "192.0.2.7"),
        (b"PROXY TCP6 2001:DB8::7 ::1 4711 443\r\n", "2001:db8::7"),
        (b"PROXY UNKNOWN\r\n", None),
        (b"PROXY UNKNOWN ffff::1 what ever\r\n", None),
        (version_2(0x21, 0x11, bytes([192, 0, 2, 7]) + bytes(8)), "192.0.2.7"),
        (version_2(0x21, 0x11, bytes([192, 0, 2, 7]) + bytes(8) + b"\x02\x00\x03abc"), "192.0.2.7"),
        (version_2(0x21, 0x21, ipaddress.ip_address("2001:db8::7").packed + bytes(20)), "2001:db8::7"),
        # The same client as by TCP4: rules, limits and logs must not take it for another.
        (b"PROXY TCP6 ::ffff:192.0.2.7 ::1 4711 443\r\n", "192.0.2.7"),
        (version_2(0x21, 0x21, ipaddress.ip_address("::ffff:192.0.2.7").packed + bytes(20)), "192.0.2.7"),
        (version_2(0x21, 0x31, bytes(216)), ""),
        (version_2(0x21, 0x00, b""), None),
        (version_2(0x20, 0x00, b""), None),
        (version_2(0x20, 0x11, bytes(12)), None),
    ],
)
def test_header_tells_the_source_and_ends_exactly(header: bytes, source: str | None) -> None:
    """What follows the header is left, to the byte."""
    assert (source, REST) == read(header + REST)


@pytest.mark.parametrize(
    "header",
    [
        b"GET / HTTP/1.1\r\n",
        b"PROXY TCP4 192.0.2.7 192.0.2.1 1 65536\r\n",
        b"PROXY TCP4 192.0.2.7 192.0.2.1 01 2\r\n",
        b"PROXY TCP4 192.0.2.7  192.0.2.1 1 2\r\n",
        b"PROXY TCP4 192.0.2.07 192.0.2.1 1 2\r\n",
        b"PROXY TCP4 ::1 ::1 1 2\r\n",
        b"PROXY TCP6 192.0.2.7 ::1 1 2\r\n",
        b"PROXY TCP4 192.0.2.7 192.0.2.1 1 2\n\r\n",
        b"PROXY TCP4 192.0.2.7 192.0.2.1 1\r\n",
        b"PROXY UDP4 192.0.2.7 192.0.2.1 1 2\r\n",
        b"proxy TCP4 192.0.2.7 192.0.2.1 1 2\r\n",
        b"PROXY UNKNOWN \x00\r\n",
        b"PROXY UNKNOWN " + b"x" * 93,
        version_2(0x31, 0x11, bytes(12)),
        version_2(0x22, 0x11, bytes(12)),
        version_2(0x21, 0x12, bytes(12)),
        version_2(0x21, 0x11, bytes(11)),
        version_2(0x21, 0x11, bytes(12) + b"\x02\x00"),
        version_2(0x21, 0x11, bytes(12) + b"\x02\x00\x05abc"),
        version_2(0x21, 0x11, b"", MAX_EXTRA_BYTES + 1),
    ],
)
def test_header_of_another_form_is_refused(header: bytes) -> None:
    """Whatever is not exactly one of the forms ends the connection."""
    with pytest.raises(BadProxyHeader):
        read(header)


_addresses = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6))


def _written(address: ipaddress.IPv4Address | ipaddress.IPv6Address, form: int) -> bytes:
    if form == 1:
        return f"PROXY TCP{address.version} {address} {address} 1 2\r\n".encode()
    return version_2(0x21, 0x11 if address.version == 4 else 0x21, address.packed * 2 + bytes(4))


@given(_addresses, st.sampled_from([1, 2]), st.binary(max_size=20), st.lists(st.integers(1, 9), max_size=40))
def test_header_in_any_pieces_is_the_same(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address, form: int, rest: bytes, sizes: list[int]
) -> None:
    """However it is cut, source and end are those of the whole; an IPv4 address written as IPv6 is told as IPv4."""
    data = _written(address, form) + rest
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    reader, at = ProxyHeaderReader(), 0
    for size in [*sizes, *[1] * len(data)]:
        if reader.is_done:
            break
        piece = data[at : at + size]
        at += reader.feed(piece)
    assert (str(mapped or address), rest) == (reader.source, data[at:])


@given(st.one_of(st.binary(max_size=300), st.binary(max_size=60).map(lambda data: SIGNATURE + data)))
@example(b"")
def test_any_bytes_are_a_header_or_refused(data: bytes) -> None:
    """Nothing but ``BadProxyHeader`` is raised, and no more is kept than a header can be long."""
    reader = ProxyHeaderReader()
    with contextlib.suppress(BadProxyHeader):
        taken = reader.feed(data)
        assert 0 <= taken <= len(data)
        assert reader.is_done or taken == len(data)
        assert len(reader._buffer) <= 16 + MAX_EXTRA_BYTES
