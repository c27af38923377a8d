"""Balancing and affinity, as the YAML says it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from vizgate.config import load_text
from vizgate.extension.kinds.balancer import Balancer, BalancerConfig
from vizgate.extension.registry import Registry

Refused = Callable[..., list[str]]


class NearestConfig(BalancerConfig):
    limit: int


class Nearest(Balancer):
    Config = NearestConfig

    def pick(self, excluded=frozenset(), key=0):
        return None


RESOLVE = Registry({"nearest": Nearest}).resolve


def test_one_cookie_for_two_services_is_refused(refused: Refused) -> None:
    """Each would overwrite the other's, and no client would stay anywhere."""
    text = """
services:
  a: {targets: ["http://a"], affinity: {cookie: SID}}
  b: {targets: ["http://b"], affinity: {cookie: OTHER}}
  c: {targets: ["http://c"], affinity: {cookie: SID}}
"""
    place = "config.yaml:5:49 services.c.affinity.cookie: "
    message = "'SID' is the cookie of 'a', too (at config.yaml:3:49). Give each service its own"
    assert [place + message] == refused(text)


@pytest.mark.parametrize(
    ("name", "message"), [("X_Y", "X_Y is dropped from every request"), ("Keep-Alive", "no route sees it")]
)
def test_hash_of_a_field_that_never_comes_is_refused(refused: Refused, name: str, message: str) -> None:
    """All requests would lack it, so nothing would be hashed."""
    [found] = refused(f"services: {{a: {{targets: ['http://a'], balancer: {{hash: {{on: 'header:{name}'}}}}}}}}")
    assert " services.a.balancer.hash.on: " in found
    assert message in found


def test_own_balancer_settings_are_checked_when_loaded(refused: Refused) -> None:
    """What its class says about its settings comes with a place, as everything else does."""
    text = "services: {a: {targets: ['http://a'], balancer: {use: nearest, limt: 1}}}"
    found = refused(text, resolve=RESOLVE)
    assert any("services.a.balancer: limit is missing. Add it" in problem for problem in found)
    assert any("there is no key 'limt' here. Did you mean 'limit'?" in problem for problem in found)
    (unknown,) = refused(text.replace("nearest, limt: 1", "nearst"), resolve=RESOLVE)
    assert "services.a.balancer.use: no balancer is named 'nearst'. Did you mean 'nearest'?" in unknown


def test_own_balancer_that_fits_is_taken() -> None:
    """A class with its settings."""
    text = "services: {a: {targets: ['http://a'], balancer: {use: nearest, limit: 1}}}"
    balancer = load_text(text, environment={}, resolve=RESOLVE).services["a"].balancer
    assert ("nearest", {"limit": 1}) == (balancer.use, balancer.settings)


def test_zone_may_come_from_the_environment() -> None:
    """The same file for every zone, and for none."""
    text = "server: {zone: '${ZONE:-}'}\nservices: {a: {targets: [{url: 'http://a', zone: eu-1}]}}"
    assert "eu-1" == load_text(text, environment={"ZONE": "eu-1"}).server.zone
    assert "" == load_text(text, environment={}).server.zone
