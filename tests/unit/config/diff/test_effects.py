"""What a reload brings about."""

from __future__ import annotations

import pytest

from vizgate.config import load_text
from vizgate.config.diff.effects import effects
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
        (service("targets: ['http://a']"), service("discovery: {kind: 'a:B'}"), []),
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
        ("version: 1", "observe: {metrics: {buckets: [1, 2]}}",
         ["state observe.metrics.buckets durations are counted from nothing"]),
        ("version: 1", service("targets: ['http://a']"), []),
    ],
)  # fmt: skip
def test_effects_of_a_change(old: str, new: str, wanted: list[str]):
    """What is forgotten, opened, closed and let in, the gravest first."""
    assert wanted == told(old, new)
