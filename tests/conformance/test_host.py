"""Host: exactly one, valid, and never a way to choose the upstream (RFC 9112 3.2, RFC 9110 7.2)."""

from __future__ import annotations

from tests.conformance.harness import Case, RigFactory, cases, either, forwarded, rejected, wire
from vizgate.testing.scripted_upstream import ScriptedUpstream


def with_host(*lines: str, version: str = "HTTP/1.1") -> bytes:
    """A GET whose Host lines are *lines*."""
    return wire(f"GET /x {version}", *lines)


# uri-host [ ":" port ], RFC 9110 7.2 and RFC 3986 3.2.2.
VALID = [
    ("name", "a.example"),
    ("upper-case", "A.EXAMPLE"),
    ("port", "a.example:8080"),
    ("port-80", "a.example:80"),
    ("one-label", "localhost"),
    ("hyphen", "a-b.example"),
    ("underscore", "a_b.example"),
    ("digits", "1a.example"),
    ("ipv4", "127.0.0.1"),
    ("ipv4-port", "127.0.0.1:80"),
    ("ipv6", "[::1]"),
    ("ipv6-port", "[::1]:8080"),
    ("ipv6-long", "[2001:db8::ff00:42:8329]"),
    ("trailing-dot", "a.example."),
    ("empty-port", "a.example:"),
]

INVALID = [
    ("space-inside", "a b"),
    ("tab-inside", "a\tb"),
    ("userinfo", "u@a.example"),
    ("userinfo-password", "u:p@a.example"),
    ("at-alone", "@"),
    ("slash", "a.example/"),
    ("path", "a.example/x"),
    ("path-traversal", "a.example/../x"),
    ("query", "a.example?x"),
    ("fragment", "a.example#x"),
    ("backslash", "a.example\\x"),
    ("scheme", "http://a.example"),
    ("two-slashes", "//a.example"),
    ("less-than", "<script>"),
    ("quote", 'a"b'),
    ("brace", "a{b}"),
    ("caret", "a^b"),
    ("pipe", "a|b"),
    ("backtick", "a`b"),
    ("bracket-open", "[::1"),
    ("bracket-close", "::1]"),
    ("bracket-empty", "[]"),
    ("bracket-name", "[a.example]"),
    ("bracket-bad-group", "[::zz]"),
    ("bracket-too-many-groups", "[1:2:3:4:5:6:7:8:9]"),
    ("bracket-suffix", "[::1]x"),
    ("bracket-prefix", "x[::1]"),
    ("bracket-bad-port", "[::1]:x"),
    ("ipv6-bare", "::1"),
    ("ipv6-bare-long", "2001:db8::1"),
    ("port-text", "a.example:http"),
    ("port-negative", "a.example:-1"),
    ("port-plus", "a.example:+80"),
    ("port-space", "a.example: 80"),
    ("port-hex", "a.example:0x50"),
    ("port-twice", "a.example:80:80"),
    ("port-too-big", "a.example:65536"),
    ("port-huge", "a.example:99999999999"),
    ("port-high-digit", "a.example:8\xb2"),
    ("port-alone", ":80"),
    ("colon-alone", ":"),
    ("percent-broken", "a%zz"),
    ("percent-cut", "a%2"),
    ("percent-alone", "a%"),
    ("high-byte", "a\xff"),
    ("utf-8", "\xc3\xa4.example"),
    ("nul", "a\x00b"),
    ("nul-last", "a.example\x00"),
    ("cr", "a\rb"),
    ("control-byte", "a\x01b"),
    ("delete", "a\x7f"),
    ("vertical-tab", "a.example\x0b"),
    ("list-space", "a.example, b.example"),
    ("empty", ""),
    ("blank", "   "),
]

# reg-name allows sub-delims and percent-encoding, so these are valid to the grammar and suspicious to everyone.
ODD = [
    ("comma", "a.example,b.example"),
    ("semicolon", "a;b"),
    ("star", "*"),
    ("plus", "a+b"),
    ("quote-single", "a'b"),
    ("equals", "a=b"),
    ("exclamation", "a!b"),
    ("parentheses", "a(b)"),
    ("percent-encoded", "a%41"),
    ("percent-nul", "a%00"),
    ("percent-slash", "a%2fb"),
    ("dot", "."),
    ("dots", ".."),
    ("dots-inside", "a..b"),
    ("dot-first", ".a.example"),
    ("hyphen-first", "-a.example"),
    ("long", "a" * 300),
    ("port-zero", "a.example:0"),
    ("port-leading-zeros", "a.example:0080"),
]

ROWS = [
    *[Case(f"valid-{n}", with_host(f"Host: {v}"), forwarded()) for n, v in VALID],
    *[Case(f"invalid-{n}", with_host(f"Host: {v}"), rejected()) for n, v in INVALID],
    *[Case(f"odd-{n}", with_host(f"Host: {v}"), either(rejected(), forwarded())) for n, v in ODD],
    Case("missing", with_host("X-A: b"), rejected()),
    Case("missing-alone", with_host(), rejected()),
    Case("twice-same", with_host("Host: a.example", "Host: a.example"), rejected()),
    Case("twice-differing", with_host("Host: a.example", "Host: b.example"), rejected()),
    Case("twice-apart", with_host("Host: a.example", "X-A: b", "Host: b.example"), rejected()),
    Case("twice-other-case", with_host("Host: a.example", "hOsT: b.example"), rejected()),
    Case("twice-first-empty", with_host("Host:", "Host: a.example"), rejected()),
    Case("twice-last-empty", with_host("Host: a.example", "Host:"), rejected()),
    Case("thrice", with_host("Host: a.example", "Host: a.example", "Host: a.example"), rejected()),
    Case("twice-on-http-1.0", with_host("Host: a.example", "Host: b.example", version="HTTP/1.0"), rejected()),
    Case("invalid-on-http-1.0", with_host("Host: a b", version="HTTP/1.0"), rejected()),
    Case("space-before-colon", with_host("Host : a.example"), rejected()),
    Case("two-one-disguised", with_host("Host: a.example", "Host : b.example"), rejected()),
    Case("two-one-indented", with_host("Host: a.example", " Host: b.example"), rejected()),
    Case("two-one-indented-first", with_host(" Host: b.example", "Host: a.example"), rejected()),
    Case("missing-on-http-1.0", with_host(version="HTTP/1.0"), either(rejected(), forwarded())),
    Case("lower-case-name", with_host("host: a.example"), forwarded()),
    Case("last-field", with_host("X-A: b", "Host: a.example"), forwarded(x_a="b")),
    Case("underscore-twin", with_host("Host: a.example", "Host_: b.example"), either(rejected(), forwarded())),
    Case("x-host", with_host("Host: a.example", "X-Host: b.example"), either(rejected(), forwarded())),
    Case("x-host-instead", with_host("X-Forwarded-Host: a.example"), rejected()),
]  # fmt: skip


@cases(*ROWS)
async def test_host_of_request(rig: RigFactory, case: Case, is_peer: bool) -> None:
    """Exactly one valid Host, or 400 (RFC 9112 3.2: MUST)."""
    async with rig() as running:
        case.judge(await running.play(case.request), is_external=is_peer)


async def test_host_is_preserved_to_upstream(rig: RigFactory) -> None:
    """`host_header: preserve` is the default: the upstream sees the host that the client asked for."""
    async with rig() as running:
        await running.ask(with_host("Host: b.example:8080"))
        assert [b"b.example:8080"] == running.upstream.requests[0].get_all(b"host")


async def test_host_of_another_server_never_chooses_the_upstream(rig: RigFactory) -> None:
    """The upstream's address comes from the configuration alone (SSRF)."""
    async with ScriptedUpstream() as other, rig() as running:
        for host in (f"127.0.0.1:{other.port}", f"localhost:{other.port}"):
            assert 200 == (await running.ask(with_host(f"Host: {host}"))).status
        assert not other.connections
        assert 2 == len(running.upstream.requests)
