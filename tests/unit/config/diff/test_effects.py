"""What a reload brings about."""

from __future__ import annotations

import pytest

from vizgate.config import load_text
from vizgate.config.diff.effects import effects
from vizgate.config.diff.restart import FIXED, needs_restart
from vizgate.config.problems import format_path

KEYS = (
    "auth: {k: {kind: api_key, keys: [{id: a, user: u, hash: "
    "'sha256:2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b'}]}}\nlimits: {l: {rate: 1/s}}\n"
)
RENAMED = "state services.s is called t from then on, and begins anew: breakers, ejections and averages are forgotten"
ROUTE = "routes: [{{name: {name}, match: {{path: /}}, respond: {{status: 204}}{more}}}]\n"


def service(settings: str, name: str = "s") -> str:
    return f"services: {{{name}: {{{settings}}}}}"


def told(old: str, new: str) -> list[str]:
    found = effects(load_text(old, environment={}), load_text(new, environment={}))
    return [f"{one.matter.value} {format_path(one.path)} {one.message}" for one in found]


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        (KEYS + ROUTE.format(name="r", more=", auth: k, limit: l"), KEYS + ROUTE.format(name="r", more=""),
         ["access routes.r is public from then on", "access routes.r has no limit any more"]),
        (KEYS + ROUTE.format(name="r", more=""), KEYS + ROUTE.format(name="r", more=", auth: k"),
         ["access routes.r asks for a credential from then on"]),
        (ROUTE.format(name="r", more=""), ROUTE.format(name="q", more=""),
         ["state routes.r is called q from then on, in logs and metrics, too"]),
        ("server: {listen: 'a:1', admin: 'off'}", "server: {listen: ['a:1', 'a:2']}",
         ["listener server.listen a:2 opens", "listener server.admin moves from off to 127.0.0.1:9900"]),
        ("server: {listen: 'a:1'}", "server: {listen: 'a:2'}",
         ["listener server.listen a:1 closes; connections there end after their requests",
          "listener server.listen a:2 opens"]),
        ("server: {listen: 'a:1'}", "server: {listen: [{address: 'a:1', redirect_https: true}]}",
         ["listener server.listen a:1 takes new connections in another way"]),
        (service("targets: ['http://a', 'http://b']"), service("targets: ['http://a', 'http://c']"),
         ["state services.s what is known about http://b is forgotten",
          "state services.s nothing is known yet about http://c"]),
        (service("targets: ['http://a']"), service("targets: ['http://a']", "t"),
         [RENAMED]),
        (service("targets: ['http://a'], affinity: {cookie: A}"),
         service("targets: ['http://a'], affinity: {cookie: B}"),
         ["state services.s.affinity clients lose the target that they stay with"]),
        (service("targets: ['http://a'], affinity: {cookie: A}"),
         service("targets: ['http://a'], affinity: {cookie: A, max_age: 1h}"), []),
        ("limits: {l: {rate: 1/s}}", "limits: {m: {rate: 1/s}}",
         ["state limits.l is called m from then on, and counts from nothing"]),
        ("limits: {l: {rate: 1/s}}", "limits: {l: {rate: 1/s, key: user}}", ["state limits.l counts from nothing"]),
        ("limits: {l: {tiers: {a: {rate: 1/s}, anonymous: {rate: 1/s}}}}",
         "limits: {l: {algorithm: fixed_window, tiers: {a: {rate: 1/s}, authenticated: {rate: 1/s}}}}",
         ["state limits.l tier a counts from nothing"]),
        ("limits: {l: {rate: 1/s}}", "limits: {l: {rate: 2/s}}", ["state limits.l counts from nothing"]),
        ("limits: {l: {rate: 1/s, algorithm: fixed_window}}", "limits: {l: {rate: 2/s, algorithm: fixed_window}}", []),
        ("store: memory\nlimits: {l: {rate: 1/s}}", "store: shared\nlimits: {m: {rate: 1/s}}",
         ["state store counters, quotas and revoked tokens of the old store are left behind"]),
        ("version: 1", service("targets: ['http://a']"), []),
    ],
)  # fmt: skip
def test_effects_of_a_change(old: str, new: str, wanted: list[str]):
    """What is forgotten, opened, closed and let in, the gravest first."""
    assert wanted == told(old, new)


@pytest.mark.parametrize("fixed", FIXED, ids=lambda fixed: format_path(fixed.path))
def test_every_fixed_setting_is_one_of_the_format(fixed):
    """The table names settings that there are."""
    value: object = load_text("version: 1", environment={})
    for key in fixed.path:
        value = getattr(value, key)


def test_needs_restart_of_what_cannot_change():
    """A reload refuses it with the reason, and the difference tells of it first."""
    old = load_text("version: 1", environment={})
    new = load_text("server: {listen: 'a:1'}\nobserve: {metrics: {buckets: [1, 2]}}", environment={})
    (finding,) = needs_restart(old, new)
    assert ("observe", "metrics", "buckets") == finding.path
    assert finding.message.startswith("only a restart changes it: ")
    assert ("restart", finding.message) == (effects(old, new)[0].matter.value, effects(old, new)[0].message)
    assert () == needs_restart(old, old)


def test_needs_restart_between_one_process_and_several():
    """How many there are may change, but for the step between one and more."""
    one, two, three = (
        (config := load_text("version: 1", environment={})).model_copy(
            update={"server": config.server.model_copy(update={"workers": count})}
        )
        for count in (1, 2, 3)
    )
    assert [("server", "workers")] == [finding.path for finding in needs_restart(one, two)]
    assert [("server", "workers")] == [finding.path for finding in needs_restart(three, one)]
    assert () == needs_restart(two, three)
