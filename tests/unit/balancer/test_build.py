"""From what the YAML says to a rule."""

from __future__ import annotations

import random

import pytest
from pydantic import TypeAdapter, ValidationError

from vizgate.balancer.build import RULES, build_balancer
from vizgate.balancer.config import BalancerSetting, HashBalancerConfig, OwnBalancerConfig, Weight, told
from vizgate.balancer.hashing.consistent_hash import ConsistentHash
from vizgate.balancer.round_robin import RoundRobin
from vizgate.extension.contract import Context
from vizgate.extension.kinds.balancer import Balancer, BalancerConfig
from vizgate.extension.registry import PluginError, Registry

SETTING = TypeAdapter(BalancerSetting)


class LastConfig(BalancerConfig):
    skip: int = 0


class Last(Balancer):
    """A rule of a user's own."""

    Config = LastConfig

    def pick(self, excluded=frozenset(), key=0):
        return self.members[-1 - self.config.skip].index


@pytest.mark.parametrize("name", sorted(RULES.keys() - {"hash"}))
def test_build_balancer_by_name_is_that_rule(name: str) -> None:
    """Each name stands for a rule, which has the context that it is given."""
    chance = random.Random(1)
    balancer = build_balancer(SETTING.validate_python(name), Context(random=chance))
    assert type(balancer) is RULES[name]
    assert balancer.context.random is chance
    assert balancer.pick() is None
    balancer.update(RoundRobin.of([1, 1]).members)
    assert balancer.pick() in {0, 1}


def test_build_balancer_round_robin_ignores_weights() -> None:
    """``round_robin`` takes turns whatever the weights."""
    balancer = build_balancer("round_robin")
    balancer.update(RoundRobin.of([9, 1]).members)
    assert [balancer.pick(frozenset()) for _ in range(4)] == [0, 1, 0, 1]


def test_build_balancer_weighted_follows_weights() -> None:
    """``weighted`` is the smooth round robin by weight."""
    balancer = build_balancer("weighted")
    balancer.update(RoundRobin.of([3, 1]).members)
    assert [balancer.pick(frozenset()) for _ in range(4)] == [0, 0, 1, 0]


def test_build_balancer_hash_hashes_what_it_is_told() -> None:
    """``{hash: {on: ...}}`` is consistent hashing of that."""
    setting = SETTING.validate_python({"hash": {"on": "header:X-User", "load": 2.0}})
    balancer = build_balancer(setting)
    assert isinstance(balancer, ConsistentHash)
    assert ("header:X-User", True) == (balancer.hash_on, balancer.wants_key)


def test_build_balancer_own_class_reads_its_settings() -> None:
    """``{use: package:Class, ...}`` is that class with the other keys for settings."""
    setting = SETTING.validate_python({"use": f"{__name__}:Last", "skip": 1})
    assert setting == OwnBalancerConfig(use=f"{__name__}:Last", skip=1)
    registry = Registry({"last": Last})
    balancer = build_balancer(SETTING.validate_python({"use": "last", "skip": 1}), None, registry)
    balancer.update(RoundRobin.of([1, 1, 1]).members)
    assert balancer.pick() == 1
    with pytest.raises(PluginError, match="no balancer is named 'first'"):
        build_balancer(SETTING.validate_python({"use": "first"}), None, registry)
    with pytest.raises(ValidationError, match="skip"):
        build_balancer(SETTING.validate_python({"use": "last", "skip": "x"}), None, registry)


def test_told_names_the_rule() -> None:
    """What ``vizgate explain`` says about each form."""
    hashing = HashBalancerConfig.model_validate({"hash": {"on": "ip"}})
    assert ["ewma", "hash of ip", "a:B"] == [told(form) for form in ("ewma", hashing, OwnBalancerConfig(use="a:B"))]


@pytest.mark.parametrize(
    "setting", ["", "least", "Weighted", None, 7, [], {}, {"hash": "ip"}, {"hash": {"on": "user"}}]
)
def test_balancer_setting_unknown_is_refused(setting: object) -> None:
    """Only what exists can be written."""
    with pytest.raises(ValidationError):
        SETTING.validate_python(setting)


@pytest.mark.parametrize("on", ["", "ip ", "header:", "cookie:a b", "header:a:b", "cookies:a", "IP"])
def test_hash_on_what_does_not_exist_is_refused(on: str) -> None:
    """A slip of the keyboard would spread out what belongs together."""
    with pytest.raises(ValidationError, match=r"cannot be hashed on\. Write ip, path, header:NAME or cookie:NAME"):
        SETTING.validate_python({"hash": {"on": on}})


@pytest.mark.parametrize("weight", [0, -1, 65_536, "3", True, 1.5])
def test_weight_out_of_range_or_no_number_is_refused(weight: object) -> None:
    """A weight is a whole number from 1 to 65,535."""
    with pytest.raises(ValidationError):
        TypeAdapter(Weight).validate_python(weight)


def test_weight_in_range_is_taken() -> None:
    """The bounds themselves are allowed."""
    assert [TypeAdapter(Weight).validate_python(weight) for weight in (1, 65_535)] == [1, 65_535]
