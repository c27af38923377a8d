"""Who a request comes from: X-Forwarded-*, Forwarded and their disguises, by trust of the peer (RFC 7239 8)."""

from __future__ import annotations

import re

import pytest

from tests.conformance.harness import RigFactory, get, wire
from vizgate.testing.steps import answer

TRUSTED = {"server.trusted_proxies": ["127.0.0.0/8", "10.0.0.0/8"]}

SPOOFS = [
    ("one", ["X-Forwarded-For: 6.6.6.6"]),
    ("lower-case", ["x-forwarded-for: 6.6.6.6"]),
    ("upper-case", ["X-FORWARDED-FOR: 6.6.6.6"]),
    ("mixed-case", ["x-FoRwArDeD-fOr: 6.6.6.6"]),
    ("two-lines", ["X-Forwarded-For: 6.6.6.6", "X-Forwarded-For: 7.7.7.7"]),
    ("two-lines-two-cases", ["X-Forwarded-For: 6.6.6.6", "x-forwarded-for: 7.7.7.7"]),
    ("three-lines", ["X-Forwarded-For: 6.6.6.6"] * 3),
    ("list", ["X-Forwarded-For: 6.6.6.6, 7.7.7.7, 127.0.0.1"]),
    ("loopback", ["X-Forwarded-For: 127.0.0.1, 6.6.6.6"]),
    ("port", ["X-Forwarded-For: 6.6.6.6:80"]),
    ("ipv6", ["X-Forwarded-For: [2001:db8::6]"]),
    ("text", ["X-Forwarded-For: unknown"]),
    ("empty", ["X-Forwarded-For:"]),
    ("empty-and-one", ["X-Forwarded-For:", "X-Forwarded-For: 6.6.6.6"]),
    ("underscores", ["X_Forwarded_For: 6.6.6.6"]),
    ("one-underscore", ["X-Forwarded_For: 6.6.6.6"]),
    ("other-underscore", ["X_Forwarded-For: 6.6.6.6"]),
    ("underscores-lower-case", ["x_forwarded_for: 6.6.6.6"]),
    ("underscores-and-real", ["X-Forwarded-For: 7.7.7.7", "X_Forwarded_For: 6.6.6.6"]),
    ("connection", ["Connection: X-Forwarded-For", "X-Forwarded-For: 6.6.6.6"]),
]

OTHERS = [
    ("X-Forwarded-Host", "evil.example"),
    ("X-Forwarded-Proto", "evil"),
    ("X-Forwarded-Port", "6666"),
    ("X-Forwarded-Prefix", "/evil"),
    ("X-Forwarded-Server", "evil.example"),
    ("X-Forwarded-User", "evil"),
    ("X-Forwarded-What-Comes-Next", "evil"),
    ("X-Original-Forwarded-For", "6.6.6.6"),
    ("CF-Connecting-IP", "6.6.6.6"),
    ("X-Real-IP", "6.6.6.6"),
    ("Forwarded", "for=6.6.6.6;host=evil.example;proto=evil"),
]


@pytest.mark.parametrize(("name", "lines"), SPOOFS, ids=[row[0] for row in SPOOFS])
async def test_x_forwarded_for_of_untrusted_peer_is_replaced(rig: RigFactory, name: str, lines: list[str]) -> None:
    """Nobody is trusted by default: exactly one line with the peer's address reaches the upstream, whatever came."""
    async with rig() as running:
        response = await running.ask(get(*lines))
        if response.status == 400 and "_" in lines[-1]:
            return
        request = running.upstream.requests[0]
        assert [b"127.0.0.1"] == request.get_all(b"x-forwarded-for")
        assert not re.search(rb"6\.6\.6\.6|7\.7\.7\.7", running.upstream.received[0])


@pytest.mark.parametrize(("field", "value"), OTHERS, ids=[row[0] for row in OTHERS])
@pytest.mark.parametrize("form", ["plain", "lower", "upper", "twice", "underscore", "one-underscore", "named"])
async def test_provenance_field_of_untrusted_peer_is_replaced(
    rig: RigFactory, field: str, value: str, form: str
) -> None:
    """No spelling of a field that tells where a request came from passes an untrusted peer's word on."""
    lines = {
        "plain": [f"{field}: {value}"],
        "lower": [f"{field.lower()}: {value}"],
        "upper": [f"{field.upper()}: {value}"],
        "twice": [f"{field}: {value}", f"{field.lower()}: {value}"],
        "underscore": [f"{field.replace('-', '_')}: {value}"],
        "one-underscore": [f"{field.replace('-', '_', 1)}: {value}"],
        "named": [f"Connection: {field}", f"{field}: {value}"],
    }[form]
    async with rig() as running:
        response = await running.ask(get(*lines))
        if response.status == 400 and "_" in lines[0]:
            return
        assert value.encode() not in running.upstream.received[0]
        assert b"evil" not in running.upstream.received[0]


async def test_forwarding_fields_tell_the_truth(rig: RigFactory) -> None:
    """The upstream learns the client's address, the scheme it spoke and the host it asked for, once each."""
    async with rig() as running:
        await running.ask(get())
        request = running.upstream.requests[0]
        assert [b"127.0.0.1"] == request.get_all(b"x-forwarded-for")
        assert [b"http"] == request.get_all(b"x-forwarded-proto")
        assert [b"a.example"] == request.get_all(b"x-forwarded-host")


async def test_trusted_peer_extends_x_forwarded_for(rig: RigFactory) -> None:
    """A trusted proxy's list is kept and the peer is added at its right end."""
    async with rig(config=TRUSTED) as running:
        await running.ask(get("X-Forwarded-For: 6.6.6.6, 10.1.1.1"))
        values = b", ".join(running.upstream.requests[0].get_all(b"x-forwarded-for"))
        assert [b"6.6.6.6", b"10.1.1.1", b"127.0.0.1"] == [item.strip() for item in values.split(b",")]


async def test_trusted_peer_keeps_scheme_and_host(rig: RigFactory) -> None:
    """What a trusted proxy says about scheme and host is passed on."""
    async with rig(config=TRUSTED) as running:
        await running.ask(get("X-Forwarded-Proto: https", "X-Forwarded-Host: public.example"))
        request = running.upstream.requests[0]
        assert [b"https"] == request.get_all(b"x-forwarded-proto")
        assert [b"public.example"] == request.get_all(b"x-forwarded-host")


async def test_trusted_peer_underscore_twin_is_not_believed(rig: RigFactory) -> None:
    """Trust goes to the field, not to what a CGI-style upstream would take for it."""
    async with rig(config=TRUSTED) as running:
        response = await running.ask(get("X_Forwarded_For: 6.6.6.6"))
        assert response.status == 400 or b"6.6.6.6" not in running.upstream.received[0]


async def test_peer_outside_trusted_networks_is_not_believed(rig: RigFactory) -> None:
    """Trust is by network of the peer, not by what its fields claim."""
    async with rig(config={"server.trusted_proxies": ["10.0.0.0/8"]}) as running:
        await running.ask(get("X-Forwarded-For: 10.1.1.1"))
        assert [b"127.0.0.1"] == running.upstream.requests[0].get_all(b"x-forwarded-for")


@pytest.mark.parametrize("line", ["X_Auth_User: admin", "X_Api_Key: 1", "Content_Type: evil", "Cookie_: evil"])
async def test_underscore_twin_is_dropped_or_refused(rig: RigFactory, line: str) -> None:
    """CVE-2026-33433: WSGI and CGI upstreams read `X_Auth_User` as `X-Auth-User`, which the gateway may guard."""
    async with rig() as running:
        response = await running.ask(get(line))
        if response.status != 400:
            name = line.split(":", maxsplit=1)[0].encode()
            assert not running.upstream.requests[0].get_all(name)


@pytest.mark.parametrize("trust", [False, True])
async def test_request_id_reaches_upstream_and_client(rig: RigFactory, trust: bool, is_peer: bool) -> None:
    """Both sides get one request id; the client's own counts only where the configuration says so."""
    config = {"observe.request_id": {"header": "X-Request-Id", "trust": trust}}
    async with rig(config=config) as running:
        response = await running.ask(get("X-Request-Id: mine"))
        sent = running.upstream.requests[0].get_all(b"x-request-id")
        assert 1 == len(sent)
        assert sent == response.get_all(b"x-request-id")
        assert trust == (sent == [b"mine"])


@pytest.mark.parametrize("value", ["a\tb", "a b", "x" * 5000, "<script>", 'a"b', "\xff"])
async def test_request_id_of_client_is_not_taken_when_it_could_do_harm(rig: RigFactory, value: str) -> None:
    """An id goes to logs and upstreams: an overlong or odd one is replaced even from a trusted client."""
    async with rig(config={"observe.request_id": {"header": "X-Request-Id", "trust": True}}) as running:
        await running.ask(get(f"X-Request-Id: {value}"))
        sent = running.upstream.requests[0].get_all(b"x-request-id")
        assert 1 == len(sent)
        assert value.encode("latin-1") != sent[0]


async def test_trusted_peer_keeps_forwarded_fields_that_nobody_knows(rig: RigFactory) -> None:
    """A trusted proxy may say more than this one understands."""
    async with rig(config=TRUSTED) as running:
        await running.ask(get("X-Forwarded-What-Comes-Next: a"))
        assert [b"a"] == running.upstream.requests[0].get_all(b"x-forwarded-what-comes-next")


async def test_host_that_was_not_told_is_not_made_up(rig: RigFactory) -> None:
    """An HTTP/1.0 client need not name a host; there is no empty X-Forwarded-Host then."""
    async with rig() as running:
        await running.ask(wire("GET /x HTTP/1.0"))
        assert [] == running.upstream.requests[0].get_all(b"x-forwarded-host")


async def test_forwarded_fields_of_a_response_are_the_upstreams_business(rig: RigFactory) -> None:
    """Only requests are judged by who asserts what."""
    raw = wire("HTTP/1.1 200 OK", "X-Forwarded-Whatever: a", "Content-Length: 2", body="ok")
    async with rig([answer(raw)]) as running:
        assert [b"a"] == (await running.ask(get())).get_all(b"x-forwarded-whatever")
