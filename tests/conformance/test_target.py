"""Request targets: absolute-form, path confusion, bytes that must travel as they came (RFC 9112 3.2, RFC 3986 6.2)."""

from __future__ import annotations

import posixpath
import re
from urllib.parse import unquote_to_bytes

import pytest

from tests.conformance.harness import (
    Case,
    RigFactory,
    Transcript,
    answered,
    cases,
    check_in_step,
    either,
    forwarded,
    get,
    rejected,
    wire,
)
from vizgate.testing.scripted_upstream import ScriptedUpstream


def absolute(target: str, host: str = "b.example", method: str = "GET") -> bytes:
    """A request of *target* with another Host than the target's."""
    return wire(f"{method} {target} HTTP/1.1", f"Host: {host}")


# RFC 9112 3.2.2: "MUST ignore the received Host header field (if any) and instead replace it with the host information
# of the request-target"; a gateway may also refuse what is not for it.
ABSOLUTE = [
    ("plain", "http://c.example/x", "/x", "c.example"),
    ("port", "http://c.example:8080/x", "/x", "c.example:8080"),
    ("upper-case-scheme", "HTTP://c.example/x", "/x", "c.example"),
    ("query", "http://c.example/x?y=z", "/x?y=z", "c.example"),
    ("no-path", "http://c.example", "/", "c.example"),
    ("no-path-query", "http://c.example?y", "/?y", "c.example"),
    ("root", "http://c.example/", "/", "c.example"),
    ("ipv6", "http://[::1]/x", "/x", "[::1]"),
    ("double-slash-path", "http://c.example//x", "//x", "c.example"),
    ("url-in-query", "http://c.example/x?u=http://d.example/", "/x?u=http://d.example/", "c.example"),
    ("at-in-path", "http://c.example/@d.example", "/@d.example", "c.example"),
    ("https", "https://c.example/x", "/x", "c.example"),
]

BAD_ABSOLUTE = [
    ("no-host", "http:///x"),
    ("no-host-port", "http://:80/x"),
    ("userinfo", "http://u@c.example/x"),
    ("userinfo-password", "http://u:p@c.example/x"),
    ("one-slash", "http:/x"),
    ("no-slash", "http:x"),
    ("no-authority", "http://"),
    ("bad-port", "http://c.example:x/x"),
    ("port-too-big", "http://c.example:99999/x"),
    ("bad-ipv6", "http://[::zz]/x"),
    ("bad-host", "http://c^example/x"),
    ("host-space", "http://c example/x"),
    ("backslash", "http://c.example\\@d.example/x"),
    ("ftp", "ftp://c.example/x"),
    ("file", "file:///etc/passwd"),
    ("gopher", "gopher://c.example/x"),
    ("javascript", "javascript:alert(1)"),
    ("unix", "unix:/run/x.sock"),
    ("ws", "ws://c.example/x"),
    ("fragment-in-host", "http://c.example#d.example/x"),
    ("nul-host", "http://c\x00.example/x"),
]

# What is forwarded is what came, byte for byte: none of these may be decoded, encoded, merged or resolved on the way.
VERBATIM = [
    "/x?a=b&c=d",
    "/x?",
    "/?",
    "/x?a?b?c",
    "/x?a=b%20c+d",
    "/x%20y",
    "/x+y",
    "/%7Euser",
    "/%7euser",
    "/~user",
    "/x;p=1",
    "/x;p=1/y",
    "/x,y",
    "/x:y",
    "/x@y",
    "/x=y",
    "/x!$&'()*",
    "/x/",
    "/x//y",
    "/x/./y",
    "/x/y/../z",
    "/x%2Fy",
    "/x%2fy",
    "/x%252Fy",
    "/%E2%82%AC",
    "/%e2%82%ac",
    "/%FF",
    "/x?u=http://d.example/%2F..%2F",
    "/x?a=%0d%0aX-Injected:%201",
    "/x?a=%00",
    "/@evil.example/x",
    "/users@evil.example/x",
    "/:80/x",
    "/http://evil.example/x",
    "/x?@evil.example",
    "/x.y.z",
    "/...",
    "/.hidden",
    "/" + "a" * 4000,
    "/x?" + "a" * 4000,
]

# Characters that RFC 3986 does not allow in a target, and encodings that readers disagree on: refused, or left alone.
DOUBTFUL = [
    "/x|y",
    '/x"y',
    "/x<y>",
    "/x{y}",
    "/x^y",
    "/x`y",
    "/x[y]",
    "/x?[y]",
    "/x?a|b",
    "/x?{a}",
    "/x\\y",
    "/x?a\\b",
    "/x%5Cy",
    "/x%00",
    "/x%00y",
    "/x%0d%0aX-Injected:%201",
    "/x%0a",
    "/x%zz",
    "/x%",
    "/x%2",
    "/x%u0041",
    "/x?%zz",
    "/x\xe4",
    "/x\xc3\xa4",
    "/x?\xe4",
    "/..;/x",
    "/x/..%2fy",
    "//x",
    "///x",
    "//evil.example/x",
    "/\\evil.example/x",
]

# Every way to write /admin that some server understands; the route answers /admin and /admin/* itself with 403.
CONFUSING = [
    "/admin",
    "/admin/",
    "/admin/x",
    "/admin?x",
    "/admin/?x",
    "//admin",
    "//admin/x",
    "///admin",
    "/./admin",
    "/.//admin",
    "/x/../admin",
    "/x/../admin/x",
    "/x/./../admin",
    "/x//../admin",
    "/admin/.",
    "/admin/..;/x",
    "/admin/x/..",
    "/admin/./x",
    "/admin//x",
    "/%61dmin",
    "/%61%64%6d%69%6e",
    "/%61dmin/x",
    "/%2e/admin",
    "/%2E/admin",
    "/x/%2e%2e/admin",
    "/x/%2E%2e/admin/x",
    "/x/.%2e/admin",
    "/x/%2e./admin",
    "/a/..%2fadmin",
    "/a/..%2Fadmin",
    "/a/%2e%2e%2fadmin",
    "/..%2fadmin",
    "/%2e%2e%2fadmin",
    "/a%2f..%2fadmin",
    "/a%2f../admin",
    "/a/..%5cadmin",
    "/a/..\\admin",
    "\\admin",
    "/\\admin",
    "/%5cadmin",
    "/..;/admin",
    "/x/..;/admin",
    "/x/..;a=b/admin",
    "/.;/admin",
    "/admin%00",
    "/admin%00.html",
    "/admin%0a",
    "/admin\t",
    "/../admin",
    "/../../admin",
    "/%2e%2e/admin",
    "/x/../../admin",
    "/admin/..",
    "/admin/../admin",
    "/public/../admin/../admin/x",
    "http://a.example/admin",
    "http://a.example//admin",
    "http://a.example/x/../admin",
    "http://a.example/%61dmin/x",
]

# An encoded slash and a parameter are data of their segment (RFC 3986 2.2, 3.3), so these are not the guarded path;
# what matters is that the very string that was matched is what the upstream gets.
DATA = ["/%2fadmin", "/%2Fadmin/x", "/admin%2f", "/admin%2Fx", "/;/admin", "/admin;x", "/admin;x/y", "/x;/admin"]

# Different paths, however alike they look: forwarded as they came.
DISTINCT = [
    "/ADMIN",
    "/Admin/x",
    "/adminx",
    "/xadmin",
    "/admin%20",
    "/%20admin",
    "/admin.",
    "/admin%2e",
    "/admin~",
    "/x/admin",
    "/%2561dmin",
    "/%25%36%31dmin",
    "/x/%252e%252e/admin",
    "/x?/../admin",
    "/x?/admin",
    "/admi%6E%65",
]

ROWS = [
    *[Case(f"absolute-{n}", absolute(t), either(rejected(400, 421), forwarded(target=want, host=host)),
           forwarded(target=want, host=host)) for n, t, want, host in ABSOLUTE],
    *[Case(f"absolute-{n}", absolute(t), rejected(400, 421, 501)) for n, t in BAD_ABSOLUTE],
    # RFC 9112 3.2: the Host must be there and valid even where the target says it all.
    Case("absolute-without-host", wire("GET http://c.example/x HTTP/1.1"), rejected()),
    Case("absolute-invalid-host", absolute("http://c.example/x", host="a b"), rejected()),
    Case("absolute-two-hosts", wire("GET http://c.example/x HTTP/1.1", "Host: c.example", "Host: d.example"),
         rejected()),
    Case("absolute-fragment", absolute("http://c.example/x#y"), either(rejected(), forwarded(host="c.example"))),
    *[Case(f"verbatim-{t[:24]}-{len(t)}", get(target=t), forwarded(target=t)) for t in VERBATIM],
    *[Case(f"doubtful-{t}", get(target=t), either(rejected(), answered(400, 404), forwarded(target=t)))
      for t in DOUBTFUL],
    Case("fragment", get(target="/x#y"), either(rejected(), forwarded())),
    Case("fragment-encoded", get(target="/x%23y"), forwarded(target="/x%23y")),
    *[Case(f"data-{t}", get(target=t), either(rejected(), answered(400, 403, 404), forwarded(target=t))) for t in DATA],
    *[Case(f"distinct-{t}", get(target=t), forwarded(target=t)) for t in DISTINCT],
]  # fmt: skip


@cases(*ROWS)
async def test_request_target(rig: RigFactory, case: Case, is_peer: bool) -> None:
    """A target is refused or forwarded as it came; the authority of an absolute one replaces Host."""
    async with rig() as running:
        seen = await running.play(case.request)
        case.judge(seen, is_external=is_peer)
        assert b"\r\nx-injected" not in b"".join(running.upstream.received).lower()


def readings(target: str) -> set[str]:
    """The paths that servers of different habits would serve for *target*, resolved."""
    path = re.sub(r"^http://[^/]*", "", target).split("?", maxsplit=1)[0]
    decoded = unquote_to_bytes(path.encode("latin-1")).decode("latin-1")
    found = {path, decoded, decoded.replace("\\", "/"), re.sub(r";[^/]*", "", decoded), decoded.split("\x00")[0]}
    return {posixpath.normpath("/" + each.lstrip("/")) for each in found}


@pytest.mark.parametrize("target", CONFUSING)
async def test_path_that_means_a_guarded_one_never_passes_the_guard(
    rig: RigFactory, target: str, is_peer: bool
) -> None:
    """A path some upstream would read as /admin is guarded like /admin or refused; `..` out of it is not in it."""
    raw = get(target=target) if not target.startswith("http") else absolute(target, host="a.example")
    async with rig() as running:
        seen = await running.play(raw)
        check_guarded(seen, target)


def check_guarded(seen: Transcript, target: str) -> None:
    """Refused, guarded, or forwarded as a path that no upstream, decoding or not, reads as the guarded one."""
    if seen.statuses[:1] in ([403], [400], [404]):
        assert not seen.requests, seen
        return
    check_in_step(seen)
    for request in seen.requests:
        guarded = {path for path in readings(request.target.decode("latin-1")) if path.startswith("/admin")}
        assert not guarded, f"{target} was forwarded as {request.target!r} and reads as {guarded}"


async def test_absolute_target_of_another_server_never_chooses_the_upstream(rig: RigFactory) -> None:
    """The destination never comes from the target (SSRF)."""
    async with ScriptedUpstream() as other, rig() as running:
        seen = await running.play(absolute(f"http://127.0.0.1:{other.port}/x"))
        assert not other.connections
        either(rejected(400, 421), forwarded(host=f"127.0.0.1:{other.port}"))(seen)


@pytest.mark.parametrize(
    ("name", "request_line"),
    [
        ("connect-authority", "CONNECT c.example:443 HTTP/1.1"),
        ("connect-host", "CONNECT c.example HTTP/1.1"),
        ("connect-path", "CONNECT /x HTTP/1.1"),
        ("connect-absolute", "CONNECT http://c.example/x HTTP/1.1"),
        ("connect-self", "CONNECT 127.0.0.1:80 HTTP/1.1"),
        ("connect-http-1.0", "CONNECT c.example:443 HTTP/1.0"),
        ("trace", "TRACE /x HTTP/1.1"),
        ("track", "TRACK /x HTTP/1.1"),
        ("pri", "PRI * HTTP/2.0"),
        ("pri-1.1", "PRI * HTTP/1.1"),
        ("pri-path", "PRI /x HTTP/1.1"),
    ],
    ids=lambda value: value if " " not in value else "",
)
async def test_method_that_opens_another_protocol_is_not_forwarded(
    rig: RigFactory, name: str, request_line: str
) -> None:
    """CONNECT is no tunnel, TRACE tells nobody what the proxy added, PRI is not HTTP/1.1: none reaches the upstream."""
    async with rig() as running:
        seen = await running.play(wire(request_line, "Host: c.example:443", body="\x16\x03\x01\r\n\r\n"), probe=False)
        assert not running.upstream.received, seen
        assert seen.statuses[:1] == [] or seen.statuses[0] in (400, 403, 405, 501, 505), seen


async def test_trace_with_max_forwards_zero_does_not_echo_credentials(rig: RigFactory) -> None:
    """Were TRACE answered here, it would show what only this proxy and the client know (RFC 9110 9.3.8)."""
    async with rig() as running:
        seen = await running.play(
            wire("TRACE /x HTTP/1.1", "Host: a.example", "Max-Forwards: 0", "Cookie: secret=1"), probe=False
        )
        assert b"secret" not in b"".join(response.body for response in seen.responses)


async def test_options_asterisk_is_answered_or_forwarded_as_it_came(rig: RigFactory) -> None:
    """`OPTIONS *` asks the server as a whole (RFC 9112 3.2.4)."""
    async with rig() as running:
        seen = await running.play(wire("OPTIONS * HTTP/1.1", "Host: a.example"))
        assert seen.statuses[0] in (200, 204, 400, 404, 405), seen
        assert [r.target for r in seen.requests] in ([], [b"*"]), seen


@pytest.mark.parametrize("target", ["http://a.example", "http://a.example:8080", "HTTP://A.EXAMPLE"])
async def test_options_for_a_server_alone_asks_it_as_a_whole(rig: RigFactory, target: str) -> None:
    """RFC 9112 3.2.4: an absolute target without path and query means `*` to the server, never its root."""
    async with rig() as running:
        seen = await running.play(absolute(target, method="OPTIONS"))
        check_in_step(seen)
        assert seen.statuses[0] in (200, 204, 400, 405, 421), seen
        assert [r.target for r in seen.requests] in ([], [b"*"]), seen


@pytest.mark.parametrize("target", ["http://a.example/", "http://a.example?x", "http://a.example/x"])
async def test_options_for_a_path_of_a_server_asks_for_the_path(rig: RigFactory, target: str) -> None:
    """With a path or a query it is a request like any other."""
    wanted = target.removeprefix("http://a.example").encode()
    async with rig() as running:
        seen = await running.play(absolute(target, method="OPTIONS"))
        assert [wanted if wanted.startswith(b"/") else b"/" + wanted] == [r.target for r in seen.requests], seen


@pytest.mark.parametrize("value", ["0", "00", "0000"])
async def test_options_with_no_hops_left_goes_no_further(rig: RigFactory, value: str) -> None:
    """RFC 9110 7.6.2: Max-Forwards 0 MUST NOT be forwarded; the intermediary answers as the final recipient."""
    async with rig() as running:
        seen = await running.play(wire("OPTIONS /x HTTP/1.1", "Host: a.example", f"Max-Forwards: {value}"))
        answered(200, 204)(seen)


@pytest.mark.parametrize(("value", "sent"), [("1", "0"), ("7", "6"), ("010", "9"), ("x", "x"), ("-1", "-1"), ("", "")])
async def test_options_spends_a_hop(rig: RigFactory, value: str, sent: str) -> None:
    """Any other number is passed on less one; what is no number says nothing."""
    async with rig() as running:
        await running.play(wire("OPTIONS /x HTTP/1.1", "Host: a.example", f"max-forwards: {value}"))
        assert [sent.encode()] == running.upstream.requests[0].get_all(b"max-forwards")


async def test_other_methods_do_not_spend_hops(rig: RigFactory) -> None:
    """RFC 9110 7.6.2: "A recipient MAY ignore a Max-Forwards header field received with any other request methods"."""
    async with rig() as running:
        await running.play(get("Max-Forwards: 0"))
        assert [b"0"] == running.upstream.requests[0].get_all(b"max-forwards")


async def test_hops_are_counted_behind_a_request_of_the_same_fields(rig: RigFactory) -> None:
    """What is remembered of a head that repeats is not what was forwarded of it."""
    fields = ["Host: a.example", "Max-Forwards: 3"]
    async with rig() as running, running.client() as client:
        for method in ("GET", "OPTIONS", "OPTIONS", "GET"):
            await client.send(wire(f"{method} /x HTTP/1.1", *fields))
            assert 200 == (await client.read_response(method)).status
        hops = [request.get(b"max-forwards") for request in running.upstream.requests]
        assert [b"3", b"2", b"2", b"3"] == hops
