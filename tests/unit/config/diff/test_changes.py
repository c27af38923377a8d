"""Differences of two configurations: each with its place, what was and what is, and never a secret."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vizgate.config import GatewayConfig, load_text
from vizgate.config.diff.change import Change, ChangeKind, short_list
from vizgate.config.diff.changes import changes

BASE = """\
services:
  users: {targets: ['http://a', 'http://b'], timeouts: {connect: 1s}}
  echo: {builtin: echo}
limits: {slow: {rate: 1/s}}
"""


def config_of(text: str, environment: dict[str, str] | None = None, base: Path = Path()) -> GatewayConfig:
    return load_text(BASE + text, environment=environment or {}, base=base)


def told(old: str, new: str) -> list[str]:
    return [str(change) for change in changes(config_of(old), config_of(new))]


def route(more: str = "", path: str = "/a", name: str = "r") -> str:
    return f"routes: [{{name: {name}, match: {{path: {path}}}, service: users{more}}}]\n"


def test_changes_of_equal_configurations_are_none():
    """Two readings of one text are equal, however long."""
    assert () == changes(
        config_of(route(", middleware: [{use: compress}]")), config_of(route(", middleware: [{use: compress}]"))
    )


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        (route(), route(", timeout: 5s"), ["~ routes.r.timeout: 0s -> 5s"]),
        (route(", body_limit: 1MiB"), route(", body_limit: 2MiB"), ["~ routes.r.body_limit: 1MiB -> 2MiB"]),
        (route(", limit: slow"), route(), ["- routes.r.limit: [slow]"]),
        (route(), route(", limit: slow"), ["+ routes.r.limit: [slow]"]),
        (route(), "", ["- routes.r: {name: r, match: {path: /a}, service: users}"]),
        ("", route(), ["+ routes.r: {name: r, match: {path: /a}, service: users}"]),
        (route(), route(path="/b"), ["~ routes.r.match.path: /a -> /b"]),
        (
            route(path="/a b"),
            route(name="s", path="/a b"),
            ['- routes.r: {name: r, match: {path: "/a b"}, service: users}',
             '+ routes.s: {name: s, match: {path: "/a b"}, service: users}'],
        ),
        (
            "server: {listen: ['127.0.0.1:1', '127.0.0.1:2']}",
            "server: {listen: ['127.0.0.1:2', 'unix:/run/x.sock']}",
            ["- server.listen['127.0.0.1:1']: {address: 127.0.0.1:1}",
             "+ server.listen['unix:/run/x.sock']: {address: unix:/run/x.sock}"],
        ),
        ("server: {admin: 'off'}", "server: {admin: '127.0.0.1:9'}", ["+ server.admin: 127.0.0.1:9"]),
        (
            "server: {admin_tokens: [{name: ci, token: aaaaaaaaaaaaaaaa}]}",
            "server: {admin_tokens: [{name: ci, token: bbbbbbbbbbbbbbbb, role: operator}, {name: me, token: %s}]}"
            % ("c" * 16),
            ["~ server.admin_tokens.ci.token: another secret", "~ server.admin_tokens.ci.role: reader -> operator",
             "+ server.admin_tokens.me: **********"],
        ),
        (
            "observe: {sinks: [{use: 'a:B', size: 1}]}", "observe: {sinks: [{use: 'a:B', size: 2}]}",
            ["~ observe.sinks['a:B'].size: 1 -> 2"],
        ),
        ("store: memory", "store: {kind: memory, keys: 5000}", ["~ store.keys: 200000 -> 5000"]),
        ("store: memory", "store: shared", ["~ store: {kind: memory} -> {kind: shared}"]),
        ("versions: {}", "identity_headers: {user: X-User}", ["+ identity_headers.user: X-User"]),
    ],
)  # fmt: skip
def test_changes_are_told_in_the_notation_of_the_format(old: str, new: str, wanted: list[str]):
    """What was added, removed and changed, with units as people write them."""
    assert wanted == told(old, new)


def test_changes_of_targets_go_by_url_and_not_by_place():
    """A target that stands elsewhere in the list is the same; an equal URL twice counts twice."""
    old = load_text(
        "services: {s: {targets: ['http://a', 'http://b', 'http://b'], balancer: weighted}}", environment={}
    )
    new = load_text(
        "services: {s: {targets: [{url: 'http://b', weight: 2}, 'http://a', 'http://c'], balancer: weighted}}",
        environment={},
    )
    assert [
        "~ services.s.targets['http://b'].weight: 1 -> 2",
        "- services.s.targets['http://b (2)']: {url: http://b}",
        "+ services.s.targets['http://c']: {url: http://c}",
    ] == [str(change) for change in changes(old, new)]


def test_changes_of_middleware_are_found_inside_and_in_the_order():
    """A middleware is known by what it uses; in which order they stand has a meaning."""
    old = route(", middleware: [{use: compress, min: 1KiB}, {use: ip_filter, allow: [10.0.0.0/8]}]")
    new = route(", middleware: [{use: ip_filter, allow: [10.0.0.0/8, 192.0.2.1]}, {use: compress, min: 1KiB}]")
    assert [
        "~ routes.r.middleware.ip_filter.allow: [10.0.0.0/8] -> [10.0.0.0/8, 192.0.2.1]",
        "~ routes.r.middleware: [compress, ip_filter] -> [ip_filter, compress] (the order)",
    ] == told(old, new)


def test_changes_of_defaults_are_told_once_for_all_routes():
    """A route that only follows the defaults is no change of its own; one that has its own value is."""
    routes = (
        "routes: [{{name: a, match: {{path: /a}}, service: users}}, {{name: b, match: {{path: /b}}, service: users}},"
        " {{name: c, match: {{path: /c}}, service: users, timeout: {own}}}]\n"
    )
    old, new = (
        "defaults: {timeout: 1s}\n" + routes.format(own="3s"),
        "defaults: {timeout: 2s}\n" + routes.format(own="4s"),
    )
    assert ["~ routes.c.timeout: 3s -> 4s", "~ defaults.timeout: 1s -> 2s (for 2 routes)"] == told(old, new)


def test_changes_leave_out_what_no_gateway_acts_on():
    """Tests change nothing that is served."""
    assert [] == told(route(), route() + "tests: [{request: {url: 'http://a/'}, expect: {status: 404}}]")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("auth: {k: {kind: jwt, algorithms: [HS256], secret: SECRET}}", "auth.k.secret"),
        (route(", middleware: [{use: headers, request: {set: {Authorization: SECRET}}}]"),
         "routes.r.middleware.headers.request.set.Authorization"),
        (route(", middleware: [{use: 'a:B', nested: {password: [SECRET]}}]"),
         "routes.r.middleware['a:B'].nested.password"),
        (route(", middleware: [{use: 'a:B', url: '${NAME}'}]"), "routes.r.middleware['a:B'].url"),
    ],
)  # fmt: skip
def test_changes_of_secrets_are_told_without_them(text: str, place: str):
    """That a secret is another one is told, and neither of the two."""
    old, new = (
        config_of(text.replace("SECRET", secret), {"NAME": secret}) for secret in ("hunter2-" * 8, "hunter3-" * 8)
    )
    found = changes(old, new)
    assert [f"~ {place}: another secret"] == [str(change) for change in found]
    assert "hunter" not in repr(found)


LONE = "identity_headers: {user: X-User}\n"
ENDED = "routes: [{match: {path: /}, respond: {status: 200}, "


@pytest.mark.parametrize("more", [
    "auth: {k: {kind: jwt, algorithms: [HS256], secret: SECRET}}",
    "auth: {k: {kind: oauth2_introspection, endpoint: 'https://a/', client_id: x, client_secret: SECRET}}",
    "store: {kind: redis, url: 'redis://cache', password: SECRET}",
    ENDED + "middleware: [{use: headers, request: {set: {X-Api-Key: SECRET}}}]}]",
    ENDED + "middleware: [{use: 'a:B', db: {password: SECRET}}]}]",
    ENDED + "middleware: [{use: 'a:B', url: '${NAME}'}]}]",
    "services: {s: {targets: ['http://a'], affinity: {cookie: C, secret: SECRET}}}",
    "services: {s: {targets: ['http://a'], balancer: {use: 'a:B', url: '${NAME}'}}}",
])  # fmt: skip
def test_changes_that_add_a_secret_hide_it(more: str):
    """A part that comes or goes is shown as a whole, and its secrets are not."""
    secret = "hunter2-" * 8
    old = load_text(LONE, environment={})
    new = load_text(LONE + more.replace("SECRET", secret), environment={"NAME": secret})
    for found in (changes(old, new), changes(new, old)):
        assert found
        assert "hunter2" not in repr(found)


def test_changes_see_files_from_where_each_configuration_stands(tmp_path: Path):
    """Two copies of one folder are equal; without their folders, two names of files are not."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "keys.yaml").write_text("[]")
    text = "auth: {k: {kind: api_key, keys_file: keys.yaml}}\nobserve: {access_log: {to: log}}"
    one, two = config_of(text, base=tmp_path / "one"), config_of(text, base=tmp_path / "two")
    assert () == changes(one, two, old_base=tmp_path / "one", new_base=tmp_path / "two")
    assert 2 == len(changes(one, two))


def test_changes_of_ten_thousand_routes_are_found_one_by_one():
    """Routes are held against each other by name, so their number costs little and their order nothing."""
    lines = [f"  - {{match: {{path: /{number}}}, service: echo}}\n" for number in range(300)]
    old = config_of("routes:\n" + "".join(lines))
    new = config_of("routes:\n" + "".join([*reversed(lines[1:]), lines[0].replace("echo", "users")]))
    assert ["~ routes['/0'].service: echo -> users"] == [str(change) for change in changes(old, new)]


TIMEOUTS = st.fixed_dictionaries(
    {}, optional={"connect": st.sampled_from(["1s", "2s"]), "response": st.sampled_from(["0s", "9s"])}
)
SERVICES = st.dictionaries(st.sampled_from("abc"), st.tuples(st.sets(st.sampled_from("xyz"), min_size=1), TIMEOUTS))


@given(SERVICES, SERVICES)
def test_changes_are_none_only_of_what_is_equal(old, new):
    """Whatever differs is told, from both sides with the signs turned round."""
    one, other = (
        GatewayConfig.model_validate(
            {"services": {name: {"targets": [f"http://{host}" for host in sorted(hosts)], "timeouts": timeouts}
                          for name, (hosts, timeouts) in drawn.items()}}
        )
        for drawn in (old, new)
    )  # fmt: skip
    there, back = changes(one, other), changes(other, one)
    assert (one == other) == (not there)
    assert {(change.path, change.old, change.new) for change in there} == {
        (change.path, change.new, change.old) for change in back
    }


def test_short_list_says_how_many_are_left_out():
    """A log line has room for some."""
    found = [Change(ChangeKind.ADDED, ("routes", str(number)), new="x") for number in range(5)]
    assert ["+ routes.0: x", "+ routes.1: x", "and 3 more"] == short_list(found, 2)
    assert 5 == len(short_list(found, 5))
