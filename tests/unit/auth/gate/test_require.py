"""``Require``: who may not is told so, in the words of RFC 9110 and RFC 6750, and goes no further."""

from __future__ import annotations

import json
from typing import Any

import pytest

from vizgate.auth.config import IdentityHeadersConfig
from vizgate.auth.gate.challenges import Challenges
from vizgate.auth.gate.identity_fields import MAX_VALUE_BYTES, IdentityFields
from vizgate.auth.gate.refusal import Refusal
from vizgate.auth.gate.require import Require
from vizgate.auth.gate.rules import AccessRules
from vizgate.extension.kinds.authenticator import CredentialRefused
from vizgate.message.identity import Identity

BEARER, BASIC = "Bearer", 'Basic realm="shop", charset="UTF-8"'


@pytest.fixture
def require(scripted):
    def make(*challenges: str, scopes: tuple[str, ...] = (), claims: Any = None, fields: Any = None) -> Require:
        authenticators = [
            scripted(name, None, challenge=challenge)
            for name, challenge in zip(("tokens", "b", "c"), challenges, strict=False)
        ]
        return Require(authenticators, AccessRules(scopes, claims), fields)

    return make


def challenges_of(response) -> list[str]:
    return response.headers.get_all("WWW-Authenticate")


async def test_require_identity_passes_with_the_answer_from_within(require, ann, request_, forward):
    """Whoever is known and allowed passes, and what comes back is what the service gave."""
    request_.identity = ann
    assert 200 == (await require(BEARER)(request_, forward)).status
    assert [ann] == forward.seen


async def test_require_nothing_shown_is_401_with_every_challenge_once(require, request_, forward):
    """RFC 9110 15.5.2: a 401 has at least one challenge; RFC 6750 3.1: without a credential no error code."""
    response = await require(BEARER, BASIC, BEARER)(request_, forward)
    assert (401, [BEARER, BASIC]) == (response.status, challenges_of(response))
    assert [] == forward.seen


async def test_require_scheme_without_name_still_has_a_challenge(require, request_, forward):
    """An authenticator without a scheme of its own is named by its realm."""
    response = await require("")(request_, forward)
    assert ['Credential realm="tokens"'] == challenges_of(response)


async def test_require_refusal_is_a_problem_document(require, request_, forward):
    """The answer is RFC 9457 problem+json with the id of the request."""
    Refusal(401, "the token has expired", "invalid_token", "tokens").leave(request_)
    response = await require(BEARER)(request_, forward)
    assert "application/problem+json" == response.headers["Content-Type"]
    document = json.loads(response.body.data)
    assert ("the token has expired", "r-1", 401) == (document["detail"], document["request_id"], document["status"])


async def test_require_bad_bearer_token_has_error_code(require, request_, forward):
    """RFC 6750 3.1: the challenge of the scheme that was used says what is wrong; the others stay as they are."""
    Refusal(401, 'a "bad" token\n', "invalid_token", "tokens").leave(request_)
    response = await require(BEARER, BASIC)(request_, forward)
    wanted = 'Bearer error="invalid_token", error_description="a ?bad? token?"'
    assert [wanted, BASIC] == challenges_of(response)


async def test_require_malformed_request_is_400_with_the_challenge(require, request_, forward):
    """RFC 6750 3.1: invalid_request is answered with 400, and says what is wrong as a 401 does."""
    refused = CredentialRefused("there is more than one Authorization field", "invalid_request")
    Refusal.of(refused, "tokens").leave(request_)
    response = await require(BEARER, BASIC)(request_, forward)
    wanted = 'Bearer error="invalid_request", error_description="there is more than one Authorization field"'
    assert (400, [wanted, BASIC]) == (response.status, challenges_of(response))
    assert [] == forward.seen


async def test_require_bad_password_has_no_error_code(require, request_, forward):
    """Error codes are those of bearer tokens; other schemes have none."""
    Refusal(401, "no", "invalid_token", "b").leave(request_)
    assert [BEARER, BASIC] == challenges_of(await require(BEARER, BASIC)(request_, forward))


@pytest.mark.parametrize(("status", "retry"), [(503, "7"), (500, None), (403, None)])
async def test_require_other_refusals_keep_their_status(require, request_, forward, status, retry):
    """What is no 401 has no challenge; 503 says when to come back."""
    Refusal(status, authenticator="tokens", retry_after_s=7 if retry else 0).leave(request_)
    response = await require(BEARER)(request_, forward)
    assert (status, [], retry) == (response.status, challenges_of(response), response.headers.get("Retry-After"))


async def test_require_missing_scope_is_403_that_names_all_of_them(require, ann, request_, forward):
    """RFC 6750 3.1: insufficient_scope, with the scopes that are necessary."""
    request_.identity = ann
    response = await require('Bearer realm="x"', scopes=("read", "write"))(request_, forward)
    assert 403 == response.status
    assert ['Bearer realm="x", error="insufficient_scope", scope="read write"'] == challenges_of(response)
    assert "missing scope: write" == json.loads(response.body.data)["detail"]
    assert [] == forward.seen


async def test_require_missing_scope_of_a_key_has_no_challenge(require, ann, request_, forward):
    """A challenge in a 403 belongs to bearer tokens; whoever came with a key cannot answer one."""
    request_.identity = ann
    assert [] == challenges_of(await require(BASIC, scopes=("write",))(request_, forward))


async def test_require_claim_rule_is_403(require, ann, request_, forward):
    """A claim that is not as the route wants it is told by its name, not by its value."""
    request_.identity = ann
    response = await require(BEARER, claims={"dept": "hr"})(request_, forward)
    assert (403, "the claim dept does not allow it") == (response.status, json.loads(response.body.data)["detail"])


@pytest.mark.parametrize(
    ("rule", "passes"),
    [
        ({"dept": "it"}, True), ({"dept": ("hr", "it")}, True), ({"dept": ("hr", "law")}, False),
        ({"levels": 2}, True), ({"levels": 3}, False), ({"levels": ("x", 1)}, True), ({"levels": True}, False),
        ({"nothing": "it"}, False), ({"org.unit": "a"}, True), ({"org.none": "a"}, False), ({"a.b": "dotted"}, True),
        ({"x.y.z": "deep"}, True), ({"x.y.q": "deep"}, False),
        ({"flag": True}, True), ({"flag": 1}, False), ({"flag": "true"}, False), ({"org": "a"}, False),
    ],
)  # fmt: skip
def test_rules_claim_is_or_holds_a_value(rule, passes):
    """A value, or one of several; equal in type, too; dots lead into objects, after a claim of just that name."""
    claims = {"dept": "it", "levels": [1, 2], "org": {"unit": "a"}, "a.b": "dotted", "x.y": {"z": "deep"}, "flag": True}
    assert passes == (AccessRules(claims=rule).denial(Identity("ann", claims=claims)) is None)


def test_rules_need_every_scope():
    """All of the scopes, not one of them."""
    rules = AccessRules(("a", "b"))
    assert rules.denial(Identity("x", scopes=frozenset({"a"}))) is not None
    assert rules.denial(Identity("x", scopes=frozenset({"a", "b", "c"}))) is None


async def test_require_identity_fields_replace_what_is_there(require, ann, request_, forward):
    """The service gets one field of each name, whatever stood there before, in any case."""
    request_.identity = ann
    request_.headers.raw += [(b"x-USER", b"eve"), (b"X-Tier", b"gold"), (b"X-Kept", b"1")]
    config = IdentityHeadersConfig(user="X-User", tier="X-Tier", scopes="X-Scopes", claims={"levels": "X-Levels"})
    await require(BEARER, fields=IdentityFields(config))(request_, forward)
    assert [
        ("X-Kept", "1"), ("X-User", "ann"), ("X-Tier", "premium"), ("X-Scopes", "read"), ("X-Levels", "[1,2]"),
    ] == request_.headers.items()  # fmt: skip


async def test_require_identity_that_is_too_long_is_refused(require, request_, forward):
    """A part of a name may be another's name: what does not fit is not passed on at all."""
    request_.identity = Identity("a" * (MAX_VALUE_BYTES + 1))
    fields = IdentityFields(IdentityHeadersConfig(user="X-User"))
    response = await require(BEARER, fields=fields)(request_, forward)
    assert (403, []) == (response.status, forward.seen)


def test_challenges_of_one_kind_are_said_once():
    """Two authenticators with the same challenge make one line."""
    said = Challenges({"a": "Bearer", "b": "Bearer"})
    assert [(b"WWW-Authenticate", b"Bearer")] == said.nothing_shown
