"""Differences from a configuration of which only the shown form is known."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vizgate.config import GatewayConfig, load_text, redacted
from vizgate.config.diff.changes import changes
from vizgate.config.diff.running import changes_from_shown

SAMPLE = (Path(__file__).parents[1] / "samples" / "full.yaml").read_text("utf-8")


def told(old: GatewayConfig, new: GatewayConfig) -> list[str]:
    """As a command does it: by way of JSON."""
    return [str(change) for change in changes_from_shown(json.loads(json.dumps(redacted(old))), new)]


def test_shown_sample_is_no_difference():
    """Whatever the format has: what is shown of it is what it is."""
    config = load_text(SAMPLE, environment={})
    assert [] == told(config, config)


BASE = """\
server: {listen: ['127.0.0.1:1'], admin_tokens: [{name: ci, token: aaaaaaaaaaaaaaaa}]}
services: {s: {targets: ['http://a', {url: 'http://b', weight: 2}], balancer: weighted, retry: {attempts: 3}}}
auth: {k: {kind: jwt, algorithms: [HS256], secret: SECRET, audience: a}}
limits: {l: {tiers: {anonymous: {rate: 1/s}, gold: {rate: 9/s}}}}
routes:
  - {name: r, match: {path: /a, headers: {x-a: b}}, service: s, auth: k, limit: l, timeout: 5s,
     middleware: [{use: compress, min: 1KiB}, {use: headers, request: {set: {A: b, Authorization: c}}}]}
  - {name: q, match: {path: /b}, respond: {json: {a: [1, null]}}}
""".replace("SECRET", "x" * 40)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("timeout: 5s", "timeout: 6s"), (", timeout: 5s", ""), (", auth: k", ""), ("weight: 2", "weight: 3"),
        ("'http://a', ", ""), ("attempts: 3", "attempts: 2"), (", retry: {attempts: 3}", ""),
        ("min: 1KiB", "min: 2KiB"), ("A: b", "A: c"), (", gold: {rate: 9/s}", ""), ("1/s", "2/s"),
        ("[1, null]", "[1, 2]"), ("path: /b", "path: /c"), ("audience: a", "issuer: [i]"),
        ("127.0.0.1:1", "127.0.0.1:2"), ("name: q", "name: z"), ("x-a: b", "x-a: present"),
        ("services:", "observe: {access_log: 'off'}\nservices:"), ("services:", "store: shared\nservices:"),
        ("services:", "server: {http: h11}\nservices:"), (BASE[BASE.index("  - {name: q"):], ""),
    ],
)  # fmt: skip
def test_shown_differences_are_those_of_two_configurations(old: str, new: str):
    """Each way: what is found is what would be found if all was known."""
    text = BASE.replace(old, new)
    if text.count("server:") > 1:
        text = text.replace(BASE.partition("\n")[0] + "\n", "")
    one, other = load_text(BASE, environment={}), load_text(text, environment={})
    for before, after in ((one, other), (other, one)):
        wanted = [str(change) for change in changes(before, after) if change.note != "the order"]
        assert wanted
        assert sorted(wanted) == sorted(told(before, after))


def test_shown_defaults_are_no_difference():
    """What was written down and holds anyway is the same as what was not, on either side."""
    plain = load_text("services: {s: {targets: ['http://a']}}", environment={})
    written = load_text(
        "server: {http: auto, limits: {headers: 100}}\n"
        "services: {s: {targets: [{url: 'http://a', weight: 1}], timeouts: {connect: 2s}, required: false}}",
        environment={},
    )
    assert [] == told(plain, written) == told(written, plain)


def test_shown_secrets_are_not_compared():
    """Nobody knows the old one; that there is one now is seen."""
    one = load_text(BASE, environment={})
    other = load_text(
        BASE.replace("x" * 40, "y" * 40).replace("token: aaaaaaaaaaaaaaaa", "token: bbbbbbbbbbbbbbbb"), environment={}
    )
    assert [] == told(one, other)
    without = load_text("services: {s: {targets: ['http://a']}}", environment={})
    with_one = load_text("services: {s: {targets: ['http://a'], affinity: {cookie: c, secret: SECRET}}}".replace(
        "SECRET", "x" * 40), environment={})  # fmt: skip
    assert any("affinity" in line for line in told(without, with_one))


SERVICES = st.dictionaries(st.sampled_from("abc"), st.tuples(st.integers(1, 3), st.booleans()))


@given(SERVICES, SERVICES)
def test_shown_differences_are_found_exactly(old: dict, new: dict):
    """None is missed and none is made up."""
    one, other = (
        GatewayConfig.model_validate(
            {"services": {name: {"targets": [f"http://h{n}" for n in range(count)], "required": required}
                          for name, (count, required) in drawn.items()}}
        )
        for drawn in (old, new)
    )  # fmt: skip
    assert sorted(map(str, changes(one, other))) == sorted(told(one, other))
