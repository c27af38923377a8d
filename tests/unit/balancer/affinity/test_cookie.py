"""A cookie that leads a client back to its target."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from vizgate.balancer.affinity.cookie import CookieAffinity
from vizgate.balancer.affinity.key import SigningKey
from vizgate.balancer.affinity.names import TargetNames
from vizgate.balancer.config import AffinityConfig
from vizgate.extension.values.fields import Secret
from vizgate.message.headers import Headers
from vizgate.observe.metrics import Metrics
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response

SECRET = b"0123456789abcdef0123456789abcdef"
ADDRESSES = ["10.0.0.1:80", "10.0.0.2:80", "10.0.0.2:80"]
NAMES = TargetNames(SECRET, "users", ADDRESSES)


def affinity_of(metrics: Metrics | None = None, key: SigningKey | None = None, **settings: object) -> CookieAffinity:
    config = AffinityConfig.model_validate({"cookie": "VZSID", **settings})
    return CookieAffinity(config, key or SigningKey(SECRET), "users", ADDRESSES, metrics or Metrics())


def request_with(cookie: bytes = b"", scheme: str = "http") -> Request:
    return Request("GET", b"/", Headers([(b"Cookie", cookie)] if cookie else []), scheme=scheme)


def set_by(affinity: CookieAffinity, request: Request, index: int = 1) -> list[str]:
    response = Response(200)
    affinity.remember(request, response, index)
    return response.headers.get_all("Set-Cookie")


def test_name_leads_back_to_its_target() -> None:
    """Each target has a name of its own, also of two with one address."""
    assert [0, 1, 2] == [NAMES.index(NAMES.name(index)) for index in range(3)]
    assert len({NAMES.name(index) for index in range(3)}) == 3


def test_name_does_not_tell_the_address() -> None:
    """What a client sees is a digest that it cannot make itself."""
    assert all(b"10.0" not in NAMES.name(index) for index in range(3))
    assert NAMES.name(0) != TargetNames(b"another key", "users", ADDRESSES).name(0)


def test_name_is_the_same_everywhere_and_of_one_service() -> None:
    """Another process with the same secret knows it, wherever the target stands there; another service does not."""
    elsewhere = TargetNames(SECRET, "users", [ADDRESSES[1], ADDRESSES[0]])
    assert elsewhere.index(NAMES.name(0)) == 1
    assert TargetNames(SECRET, "cases", ADDRESSES).index(NAMES.name(0)) is None
    assert TargetNames(SECRET, "users", ADDRESSES[1:]).index(NAMES.name(0)) is None


@given(st.binary(max_size=60) | st.sampled_from([NAMES.name(0)[:-1], NAMES.name(0) + b"=", NAMES.name(0).lower()]))
def test_name_that_was_not_made_here_is_nobody(name: bytes) -> None:
    """Whatever a client makes up means nothing."""
    assert NAMES.index(name) is None


def test_name_with_one_wrong_character_is_nobody() -> None:
    """The name of a target with another signature is not good, wherever they differ."""
    name = NAMES.name(0)
    for at in range(len(name)):
        other = b"A" if name[at : at + 1] != b"A" else b"B"
        assert NAMES.index(name[:at] + other + name[at + 1 :]) is None


def test_wanted_is_the_target_of_the_cookie() -> None:
    """The cookie that was set is understood when it comes back, among others."""
    affinity = affinity_of()
    (line,) = set_by(affinity, request_with())
    cookie = line.partition(";")[0].encode()
    assert affinity.wanted(request_with(b"a=b; " + cookie)) == 1
    assert affinity.wanted(request_with()) is None
    assert affinity.wanted(request_with(b"VZSID=10.0.0.2:80")) is None


def test_remember_sets_a_cookie_once() -> None:
    """A client that has the cookie of its target is told nothing; when another one has answered, it has a new one."""
    affinity = affinity_of()
    (line,) = set_by(affinity, request_with())
    known = request_with(line.partition(";")[0].encode())
    assert [] == set_by(affinity, known)
    assert len(set_by(affinity, known, index=0)) == 1


def test_remember_adds_nothing_to_an_answer_for_many() -> None:
    """A cookie in an answer that is shared would lead every client to one target."""
    request = request_with()
    request.is_shared = True
    assert [] == set_by(affinity_of(), request)


def test_remember_counts_what_became_of_clients() -> None:
    """Those that are new, or made something up, those that stay, and those whose target did not answer."""
    metrics = Metrics()
    affinity = affinity_of(metrics)
    (line,) = set_by(affinity, request_with())
    known = request_with(line.partition(";")[0].encode())
    set_by(affinity, request_with(b"VZSID=x"))
    for index in (1, 1, 1, 0):
        set_by(affinity, known, index)
    counters = metrics.counters("affinity", "", ("service", "outcome"))
    assert [2, 3, 1] == [counters.of("users", outcome).value for outcome in ("new", "kept", "moved")]


@pytest.mark.parametrize(
    ("settings", "scheme", "attributes"),
    [
        ({}, "http", "; Path=/; HttpOnly; SameSite=Lax"),
        ({}, "https", "; Path=/; HttpOnly; SameSite=Lax; Secure"),
        ({"max_age": "1h"}, "http", "; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax"),
        ({"cookie": "__Host-vz"}, "http", "; Path=/; HttpOnly; SameSite=Lax; Secure"),
    ],
)
def test_remember_sets_safe_attributes(settings: dict[str, object], scheme: str, attributes: str) -> None:
    """No script reads it, no other site sends it along, and over https it never leaves https."""
    (line,) = set_by(affinity_of(**settings), request_with(scheme=scheme))
    assert attributes == line[line.index(";") :]


def test_secret_of_its_own_wins() -> None:
    """Gateways with one secret in their configurations understand each other's cookies."""
    one, other = affinity_of(secret="k" * 32), affinity_of(secret="l" * 32)
    cookie = set_by(one, request_with())[0].partition(";")[0].encode()
    assert [1, None] == [one.wanted(request_with(cookie)), other.wanted(request_with(cookie))]
    assert "kkk" not in repr(one) + repr(AffinityConfig(cookie="a", secret=Secret("k" * 32)))


def test_key_that_changes_loses_no_client() -> None:
    """What the former key has signed leads where it led, and is signed anew; what an older one has is nobody's."""
    metrics, key = Metrics(), SigningKey(SECRET)
    affinity = affinity_of(metrics, key)
    client = request_with(set_by(affinity, request_with())[0].partition(";")[0].encode())
    assert [True, False] == [key.change(b"k" * 32), key.change(b"k" * 32)]
    assert 1 == affinity.wanted(client)
    (line,) = set_by(affinity, client)
    assert TargetNames(b"k" * 32, "users", ADDRESSES).name(1).decode() in line
    assert [] == set_by(affinity, request_with(line.partition(";")[0].encode()))
    key.change(b"l" * 32)
    assert None is affinity.wanted(client)
    counters = metrics.counters("affinity", "", ("service", "outcome"))
    assert [1, 2, 0] == [counters.of("users", outcome).value for outcome in ("new", "kept", "moved")]


def test_key_says_whether_anything_is_signed_with_it() -> None:
    """A service with a secret of its own needs no other, and a key shows nobody what it is."""
    key = SigningKey(SECRET)
    affinity_of(key=key, secret="k" * 32)
    assert not key.is_used
    affinity_of(key=key)
    assert key.is_used
    assert "0123" not in repr(key)


@pytest.mark.parametrize("settings", [{"secret": "short"}, {"cookie": "a b"}, {"cookie": ""}, {"cookie": "a;b"}])
def test_config_that_cannot_be_safe_is_refused(settings: dict[str, object]) -> None:
    """A short secret can be guessed, and a cookie has a name."""
    with pytest.raises(ValidationError):
        AffinityConfig.model_validate({"cookie": "VZSID", **settings})
