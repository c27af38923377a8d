"""What the YAML may say about limits."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from vizgate.limiter.config import LimitConfig


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "the limit has no rate, which token_bucket needs"),
        ({"rate": "1/s", "quota": 5}, "the limit has quota, which token_bucket does not use. Remove it"),
        ({"algorithm": "fixed_window", "rate": "1/s", "burst": 5}, "the limit has burst, which fixed_window does"),
        ({"algorithm": "concurrency", "rate": "1/s"}, "the limit has no in_flight, which concurrency needs"),
        ({"algorithm": "concurrency", "in_flight": 1, "cost": 2}, "cost has no effect with concurrency. Remove it"),
        ({"algorithm": "quota", "quota": 5}, "the limit has no per, which quota needs"),
        ({"rate": "1/s", "lease": "5s"}, "lease has no effect with token_bucket. Remove it"),
        ({"rate": "5/s", "cost": 6}, "a cost of 6 can never pass: 5 at once is the most"),
        ({"rate": "5/s", "burst": 2, "cost": 3}, "a cost of 3 can never pass: 2 at once is the most"),
        ({"rate": "999999999999999/day"}, "too many to be counted exactly. Write a smaller count, or a shorter period"),
        ({"rate": "1/s", "tiers": {"anonymous": {"rate": "1/s"}}}, "a limit has tiers or rate, not both"),
        ({"key": "user", "tiers": {"anonymous": {"rate": "1/s"}}}, "a limit has tiers or key, not both"),
        ({"tiers": {"premium": {"rate": "1/s"}}}, "tiers has neither anonymous nor authenticated"),
        ({"tiers": {"anonymous": {"in_flight": 1}}}, "tier anonymous has no rate, which token_bucket needs"),
        ({"rate": "1/s", "key": "host"}, "'host' is not a key. Write ip, user, api_key, route, header:NAME or"),
        ({"rate": "1/s", "key": "header:a b"}, "not a field name"),
        ({"rate": "1/s", "key": "header:X_Device"}, "X_Device is dropped from every request"),
        ({"rate": "1/s", "key": ["ip", "header:X-Forwarded-For"]}, "server.trusted_proxies"),
        ({"rate": "1/s", "key": []}, "at least 1 item"),
        ({"rate": "1/s", "cost": "response:"}, "cost"),
        ({"rate": "1/s", "cost": 0}, "cost"),
        ({"algorithm": "concurrency", "in_flight": 1, "lease": "100ms"}, "greater than or equal to 1"),
        ({"rate": "1/s", "on_store_failure": "ask"}, "'allow' or 'deny'"),
    ],
)  # fmt: skip
def test_limit_that_cannot_work_is_refused(settings, message):
    """A limit says what its algorithm needs, nothing that it does not use, and nothing that can never pass."""
    with pytest.raises(ValidationError) as caught:
        LimitConfig(**settings)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("tiers", "asked"),
    [
        (["anonymous", "authenticated", "premium"], {None: "anonymous", "": "authenticated", "gold": "authenticated",
                                                     "premium": "premium"}),
        (["anonymous", "premium"], {None: "anonymous", "": "anonymous", "gold": "anonymous", "premium": "premium"}),
        (["authenticated"], {None: "authenticated", "": "authenticated", "gold": "authenticated"}),
        ([], {None: "", "": "", "gold": ""}),
    ],
)  # fmt: skip
def test_tier_without_a_line_gets_that_of_authenticated(tiers, asked):
    """No identity: anonymous; a tier that is not listed: authenticated; where one of the two is missing, the other."""
    lines = {"tiers": {tier: {"rate": "1/s"} for tier in tiers}} if tiers else {"rate": "1/s"}
    config = LimitConfig(**lines)
    assert asked == {tier: config.tier_of(tier) for tier in asked}


def test_burst_is_the_whole_count_by_default():
    """Without a burst as many may come at once as the rate counts; the key is the address."""
    config = LimitConfig(rate="100/minute")
    assert ("100/minute", 100) == (config.rule(config).text, config.rule(config).at_once)
    assert ("ip",) == config.key
    assert ("ip", "header:X-Device") == LimitConfig(rate="1/s", key=["ip", "header:X-Device"]).key


def test_other_numbers_leave_the_rest_as_it_was():
    """The burst, the key and the other lines."""
    tiers = {"anonymous": {"rate": "100/minute", "burst": 20}, "gold": {"rate": "1000/minute", "key": "user"}}
    config = LimitConfig.model_validate({"tiers": tiers, "on_store_failure": "deny"})
    changed = config.with_numbers("anonymous", {"rate": "10/minute"})
    assert {"anonymous": "10/minute, 20 at once", "gold": "1000/minute"} == {
        tier: changed.rule(line).text for tier, line in changed.lines().items()
    }
    assert ("deny", ("user",)) == (changed.on_store_failure, changed.tiers["gold"].key)
    assert config == changed.with_numbers("anonymous", {"rate": "100/minute"})


@pytest.mark.parametrize(
    "settings",
    [
        {"algorithm": "concurrency", "in_flight": 5, "lease": "5m"},
        {"algorithm": "quota", "quota": 5, "per": "month", "key": ["ip", "header:X-Device"]},
        {"rate": "10/2s", "burst": 3, "cost": "response:X-Cost"},
    ],
)
def test_limit_that_is_changed_to_what_it_says_is_the_same(settings):
    """Whatever kinds of settings it has."""
    config = LimitConfig.model_validate(settings)
    numbers = {name: value for name, value in settings.items() if name in {"rate", "burst", "in_flight", "quota"}}
    assert config == config.with_numbers("", numbers)


def test_numbers_that_cannot_be_are_refused():
    """As in the YAML; there is no line but those of its tiers."""
    config = LimitConfig.model_validate({"rate": "5/s", "cost": 2})
    with pytest.raises(ValidationError, match="a cost of 2 can never pass"):
        config.with_numbers("", {"rate": "1/s"})
    with pytest.raises(ValidationError, match="in_flight, which token_bucket does not use"):
        config.with_numbers("", {"in_flight": 1})
    with pytest.raises(KeyError):
        config.with_numbers("gold", {"rate": "9/s"})
    with pytest.raises(KeyError):
        LimitConfig.model_validate({"tiers": {"anonymous": {"rate": "1/s"}}}).with_numbers("", {"rate": "9/s"})
