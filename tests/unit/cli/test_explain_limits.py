"""``vizgate explain`` tells the limits of a route, and which line of each the caller counts by."""

from __future__ import annotations

import json

import pytest

LIMITED = """\
version: 1
services: {echo: {builtin: echo}}
limits:
  standard:
    tiers:
      anonymous: {rate: 100/minute, burst: 20, key: ip}
      authenticated: {rate: 1000/minute, key: user}
      premium: {rate: 10000/minute, key: user}
  login: {rate: 5/minute, key: [ip, "header:X-Device"]}
auth:
  keys: {kind: api_key, keys: [{id: a, user: acme, hash: "sha256:%s"}]}
defaults: {limit: standard}
routes:
  - {name: a, match: {path: /a}, service: echo, auth: keys}
  - {name: b, match: {path: /b}, service: echo, limit: [standard, login]}
  - {name: c, match: {path: /c}, service: echo, limit: none}
""" % ("0" * 64)


@pytest.fixture
def limits(run, write):
    """The limits that hold for one request."""

    def call(*arguments: str) -> dict[str, tuple[str, str]]:
        code, out, err = run("explain", write(LIMITED), "GET", *arguments, "--json")
        assert ("", 0) == (err, code)
        found = {policy["what"]: (policy["value"], policy["path"]) for policy in json.loads(out)["policies"]}
        return {what: value for what, value in found.items() if what.startswith("limit ")}

    return call


@pytest.mark.parametrize(
    ("who", "line", "tier"),
    [
        ([], "100/minute, 20 at once for each ip", "anonymous"),
        (["--as", "user=acme"], "1000/minute for each user", "authenticated"),
        (["--as", "user=acme,tier=gold"], "1000/minute for each user", "authenticated"),
        (["--as", "user=acme,tier=premium"], "10000/minute for each user", "premium"),
    ],
)
def test_explain_tells_the_line_of_the_identity(limits, who, line, tier):
    """The tier chooses the line, and the line is told with its place."""
    assert {"limit standard": (line, f"limits.standard.tiers.{tier}")} == limits("http://h/a", *who)


def test_explain_tells_every_limit_of_a_route(limits):
    """A route may have several limits, or none in spite of the defaults."""
    assert ("5/minute for each ip and header:X-Device", "limits.login") == limits("http://h/b")["limit login"]
    assert {"limit standard", "limit login"} == set(limits("http://h/b"))
    assert {} == limits("http://h/c")


def test_explained_request_counts_as_one(run, write):
    """What is explained went through the limit: the answer carries its fields."""
    out = run("explain", write(LIMITED), "GET", "http://h/b")[1]
    assert 'RateLimit: "login";r=4;t=12' in out
    assert "limit: passed the request on" in out
