"""The rules of what an upstream is told about a request's way, and whose word is taken for it (RFC 7239)."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vizgate.message.forwarding import ASSERTED, PeerForwarding, TrustRules, spend_hop
from vizgate.message.headers import Field, Headers
from vizgate.wire.fields import FieldSorter

NOBODY = TrustRules()
OURS = TrustRules((ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("fd00::/8")))


def _peer(peer: str, rules: TrustRules = OURS, scheme: str = "http") -> PeerForwarding:
    return PeerForwarding(rules, peer, scheme)


def _told(fields: list[Field], name: bytes) -> list[bytes]:
    return [value for found, value in fields if found.lower() == name]


@pytest.mark.parametrize(
    ("address", "trusted"),
    [
        ("10.1.2.3", True),
        ("11.1.2.3", False),
        ("fd00::1", True),
        ("fe80::1", False),
        ("::ffff:10.1.2.3", True),
        ("::ffff:11.1.2.3", False),
        ("fd00::1%eth0", True),
        ("", False),
        ("localhost", False),
        ("10.1.2.3, 10.1.2.3", False),
    ],
)
def test_trusts_addresses_of_its_networks(address: str, *, trusted: bool) -> None:
    """``server.trusted_proxies`` are networks; an IPv4 peer of a dual-stack listener is judged as IPv4."""
    assert OURS.trusts(address) is trusted
    assert not NOBODY.trusts(address)


@pytest.mark.parametrize("rules", [NOBODY, OURS])
def test_provenance_untrusted_peer_is_the_client(rules: TrustRules) -> None:
    """What an untrusted peer claims is replaced by what is known of it (RFC 7239 8)."""
    claims = ((b"X-Forwarded-For", b"10.0.0.1"), (b"x-forwarded-PROTO", b"https"), (b"Forwarded", b"for=10.0.0.1"))
    known = _peer("203.0.113.9", rules, "https").provenance(claims, b"a.example", 1)
    assert known == (
        "203.0.113.9",
        "https",
        [
            (b"X-Forwarded-For", b"203.0.113.9"),
            (b"X-Forwarded-Proto", b"https"),
            (b"X-Forwarded-Host", b"a.example"),
            (b"Via", b"1.1 vizgate"),
        ],
    )


def test_provenance_without_claims_is_the_peer() -> None:
    """A trusted peer that claims nothing is the client itself."""
    known = _peer("10.0.0.7").provenance((), b"a", 0)
    assert (known.client, _told(known.fields, b"x-forwarded-for")) == ("10.0.0.7", [b"10.0.0.7"])
    assert _told(known.fields, b"via") == [b"1.0 vizgate"]


@pytest.mark.parametrize("peer", ["203.0.113.9", "10.0.0.7"])
def test_provenance_via_is_appended_for_every_peer(peer: str) -> None:
    """Each intermediary appends to Via and keeps what others wrote, whoever they are (RFC 9110 7.6.3)."""
    known = _peer(peer).provenance(((b"via", b"1.0 fred, 1.1 p.example"),), b"a", 1)
    assert _told(known.fields, b"via") == [b"1.0 fred, 1.1 p.example", b"1.1 vizgate"]


@pytest.mark.parametrize(
    ("lines", "client"),
    [
        ([b"198.51.100.1"], "198.51.100.1"),
        ([b"1.1.1.1, 198.51.100.1"], "198.51.100.1"),
        ([b"1.1.1.1", b"198.51.100.1, 10.0.0.8"], "198.51.100.1"),
        ([b"198.51.100.1, 10.0.0.9, 10.0.0.8"], "198.51.100.1"),
        ([b"10.0.0.9, 10.0.0.8"], "10.0.0.9"),
        ([b"1.1.1.1, junk"], "10.0.0.7"),
        ([b"1.1.1.1, junk, 10.0.0.8"], "10.0.0.8"),
        ([b"198.51.100.1:4711"], "198.51.100.1"),
        ([b"[2001:db8::1]:4711"], "2001:db8::1"),
        ([b"2001:DB8:0::1"], "2001:db8::1"),
        ([b"::ffff:198.51.100.1"], "198.51.100.1"),
        ([b"198.51.100.1,, ,"], "198.51.100.1"),
        ([b""], "10.0.0.7"),
        ([b"unknown"], "10.0.0.7"),
        ([b"_hidden"], "10.0.0.7"),
        ([b"198.51.100.1" + b"1" * 5000], "10.0.0.7"),
        ([b"\xff"], "10.0.0.7"),
    ],
)
def test_provenance_client_is_rightmost_untrusted_hop(lines: list[bytes], client: str) -> None:
    """Hops are believed from the right as long as they are trusted; what stands left of the first other is hearsay."""
    known = _peer("10.0.0.7").provenance(tuple((b"X-Forwarded-For", line) for line in lines), b"a", 1)
    assert known.client == client


def test_provenance_trusted_chain_is_extended() -> None:
    """All lines become one list with the peer at its end; scheme and host are taken over."""
    claims = (
        (b"X-Forwarded-For", b"1.1.1.1,2.2.2.2"),
        (b"x-forwarded-for", b" 10.0.0.8"),
        (b"X-Forwarded-Proto", b"http, HTTPS"),
        (b"X-Forwarded-Host", b"shop.example"),
        (b"X-Forwarded-Prefix", b"/shop"),
        (b"X-Real-Ip", b"2.2.2.2"),
    )
    known = _peer("10.0.0.7").provenance(claims, b"internal", 1)
    assert ("2.2.2.2", "https") == (known.client, known.scheme)
    assert known.fields == [
        (b"X-Forwarded-Prefix", b"/shop"),
        (b"X-Real-Ip", b"2.2.2.2"),
        (b"X-Forwarded-For", b"1.1.1.1, 2.2.2.2, 10.0.0.8, 10.0.0.7"),
        (b"X-Forwarded-Proto", b"https"),
        (b"X-Forwarded-Host", b"shop.example"),
        (b"Via", b"1.1 vizgate"),
    ]


def test_provenance_trusted_without_scheme_or_host_uses_our_own() -> None:
    """What a trusted peer does not say, or says senselessly, is what the connection shows."""
    known = _peer("10.0.0.7", scheme="https").provenance(((b"X-Forwarded-Proto", b"gopher"),), b"a", 1)
    assert ("https", [b"https"], [b"a"]) == (
        known.scheme,
        _told(known.fields, b"x-forwarded-proto"),
        _told(known.fields, b"x-forwarded-host"),
    )


@pytest.mark.parametrize(("peer", "element"), [("10.0.0.7", b"for=10.0.0.7"), ("fd00::7", b'for="[fd00::7]"')])
def test_provenance_trusted_forwarded_is_extended(peer: str, element: bytes) -> None:
    """Forwarded goes on only where a trusted peer began it; IPv6 is bracketed and quoted (RFC 7239 6)."""
    known = _peer(peer).provenance(((b"Forwarded", b"for=1.1.1.1;proto=https"),), b"a", 1)
    assert _told(known.fields, b"forwarded") == [b"for=1.1.1.1;proto=https, " + element]


def test_provenance_unix_socket_peer_is_nobody() -> None:
    """A peer without address is not trusted and has no address to tell."""
    known = _peer("").provenance(((b"X-Forwarded-For", b"1.1.1.1"),), b"a", 1)
    assert (known.client, _told(known.fields, b"x-forwarded-for")) == ("", [])


def test_provenance_trusted_unix_socket_peer_adds_no_hop() -> None:
    """Where peers on Unix sockets are believed, what they say is taken, and nothing is added that has no address."""
    rules = TrustRules.of([ipaddress.ip_network("10.0.0.0/8"), "unix"])
    known = PeerForwarding(rules, "", "http").provenance(((b"X-Forwarded-For", b"1.1.1.1, 10.0.0.1"),), b"a", 1)
    assert (known.client, _told(known.fields, b"x-forwarded-for")) == ("1.1.1.1", [b"1.1.1.1, 10.0.0.1"])
    assert not TrustRules.of([ipaddress.ip_network("10.0.0.0/8")]).trusts("")


_marker = b"203.0.113.66"
_claim_names = st.sampled_from(sorted(ASSERTED - {b"via"})).flatmap(
    lambda name: st.sampled_from([name, name.upper(), name.title()])
)
_claims = st.lists(
    st.tuples(
        _claim_names, st.sampled_from([_marker, b"for=" + _marker, _marker + b", 10.0.0.1", b"10.0.0.1," + _marker])
    ),
    max_size=6,
)


@given(_claims, st.sampled_from(["198.51.100.7", "2001:db8::7", ""]), st.integers(0, 1))
def test_provenance_untrusted_claims_never_get_through(claims: list[Field], peer: str, minor: int) -> None:
    """Whatever field an untrusted peer claims an address in, and however it spells it, the upstream does not see it."""
    fields = FieldSorter(ASSERTED, drop_underscored=True).sort(
        [
            *claims,
            *[(name.replace(b"-", b"_"), value) for name, value in claims if b"-" in name],
            (b"Connection", b"X-Forwarded-For"),
        ]
    )
    known = _peer(peer).provenance(fields.asserted, b"a.example", minor)
    sent = fields.kept + known.fields
    assert all(_marker not in value and b"10.0.0.1" not in value for _, value in sent)
    assert (known.client, _told(sent, b"x-forwarded-for")) == (peer, [peer.encode()] if peer else [])


_hops = st.lists(
    st.sampled_from(["10.0.0.1", "10.9.9.9", "fd00::2", "1.1.1.1", "2001:db8::1", "junk", "4.4.4.4:80"]), max_size=6
)


@given(_hops)
def test_provenance_any_chain_equals_model(hops: list[str]) -> None:
    """Against a walk from the right: the client is the first hop that is not ours, or the last that could be read."""
    client = "10.0.0.7"
    for hop in reversed(hops):
        if hop == "junk":
            break
        client = hop.removesuffix(":80")
        if not client.startswith(("10.", "fd")):
            break
    known = _peer("10.0.0.7").provenance(((b"X-Forwarded-For", ", ".join(hops).encode()),), b"a", 1)
    assert known.client == client
    assert _told(known.fields, b"x-forwarded-for") == [", ".join([*hops, "10.0.0.7"]).encode()]


@pytest.mark.parametrize(
    ("value", "may_go_on", "left"),
    [("0", False, "0"), ("00", False, "00"), ("1", True, "0"), ("10", True, "9"), ("x", True, "x"), ("", True, ""),
     ("9" * 30, True, "9" * 30)],
)  # fmt: skip
def test_spend_hop_counts_down_to_zero(value: str, may_go_on: bool, left: str):
    """A number is counted down, at zero the request goes no further; what is no number says nothing."""
    headers = Headers.of([("Accept", "a"), ("Max-Forwards", value)])
    assert may_go_on == spend_hop(headers)
    assert [left] == headers.get_all("max-forwards")


def test_spend_hop_without_the_field_changes_nothing():
    """A request that does not count hops is passed on as it is."""
    headers = Headers.of([("Accept", "a")])
    assert spend_hop(headers)
    assert Headers.of([("Accept", "a")]) == headers


def test_provenance_without_authority_names_no_host():
    """An HTTP/1.0 request that names no host gets no empty X-Forwarded-Host, trusted or not."""
    for rules in (NOBODY, OURS):
        told = _peer("10.0.0.1", rules).provenance(((b"X-Forwarded-For", b"1.1.1.1"),), b"", 0)
        assert b"x-forwarded-host" not in {name.lower() for name, _ in told.fields}
