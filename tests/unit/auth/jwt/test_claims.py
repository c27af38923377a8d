"""From claims to an identity."""

from __future__ import annotations

from typing import Any

import pytest

from vizgate.auth.jwt.claims import IdentityClaims, claim_of, is_name, scopes_of
from vizgate.extension.kinds.authenticator import CredentialRefused

CLAIMS: dict[str, Any] = {
    "sub": "ann",
    "https://example.com/plan": "premium",
    "realm_access": {"roles": ["a", "b"], "x.y": 1},
    "a": {"b": {"c": 2}},
    "a.b": {"d": 3},
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("sub", "ann"),
        ("https://example.com/plan", "premium"),
        ("realm_access.roles", ["a", "b"]),
        ("realm_access.x.y", 1),
        ("a.b.c", 2),
        ("a.b.d", 3),
        ("a.b", {"d": 3}),
        ("sub.x", None),
        ("missing", None),
        (".sub", None),
        ("a.", None),
        ("realm_access.missing", None),
    ],
)
def test_claim_of_path(path: str, value: object) -> None:
    """A dot leads into an object, unless a name has it; a whole name goes before a part of one."""
    assert value == claim_of(CLAIMS, path)


def test_identity_of_claims() -> None:
    """The mapped claims, the id of the token, and everything else to look at."""
    claims = {"sub": "ann", "plan": "premium", "scope": "read write", "jti": "t-1", "dept": "it"}
    identity = IdentityClaims("sub", "plan", "scope", "tokens").identity(claims)
    assert ("ann", "premium", frozenset({"read", "write"})) == (identity.user, identity.tier, identity.scopes)
    assert ("tokens", "t-1", "it") == (identity.authenticator, identity.credential, identity.claims["dept"])


@pytest.mark.parametrize("user", [None, "", 7, ["ann"], "a\nb", "a\x00", "\ud800", "x" * 501, "\u202eann"])
def test_identity_needs_a_user_that_can_be_shown(user: object) -> None:
    """A user that is no text, empty, without end or not printable cannot stand in a log or a field."""
    with pytest.raises(CredentialRefused, match="the token's sub names no user"):
        IdentityClaims("sub", None, "scope").identity({"sub": user})


def test_identity_without_usable_tier_and_id() -> None:
    """A tier or an id that is no name counts as missing."""
    identity = IdentityClaims("sub", "plan", "scope").identity({"sub": "ann", "plan": ["x"], "jti": "a\nb", "scope": 7})
    assert ("", "", frozenset()) == (identity.tier, identity.credential, identity.scopes)


@pytest.mark.parametrize(
    ("value", "scopes"),
    [("a  b", {"a", "b"}), ("", set()), (["a", 1, "b"], {"a", "b"}), (None, set()), (7, set()), ({"a": 1}, set())],
)
def test_scopes_are_text_or_a_list(value: object, scopes: set[str]) -> None:
    """Anything else grants nothing."""
    assert scopes == scopes_of(value)


def test_names_may_have_letters_of_any_script() -> None:
    """Printable means printable, not ASCII."""
    assert is_name("Zo\u00eb \u5f20")
