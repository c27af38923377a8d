"""Fields that carry an identity: no value can break out of its line, or look like another."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vizgate.auth.config import IdentityHeadersConfig
from vizgate.auth.gate.identity_fields import IdentityFields, encoded
from vizgate.auth.reserved import reserved_names
from vizgate.message.headers import encode_value
from vizgate.message.identity import Identity
from vizgate.pipeline.request import Request


@given(st.text())
def test_encoded_text_is_one_safe_value_that_can_be_read_back(text):
    """Whatever a provider calls its users: the value is printable ASCII, stays as it is, and decodes to the text."""
    value = encoded(text)
    assert value == encode_value(value)
    assert all(0x20 <= byte <= 0x7E for byte in value)
    assert text.encode() == unquote_to_bytes(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [("ann", b"ann"), ("a\r\nX-Admin: 1", b"a%0D%0AX-Admin: 1"), ("50%", b"50%25"), (" ann ", b"%20ann%20"),
     ("Zo\u00eb", b"Zo%C3%AB"), ("a\0", b"a%00"), ("a@b.c", b"a@b.c")],
)  # fmt: skip
def test_encoded_text_stays_readable(text, value):
    """Names as people have them stand there as they are; only what is unsafe is escaped."""
    assert value == encoded(text)


def fields_of(identity: Identity, **config) -> list[tuple[str, str]]:
    request = Request("GET", b"/")
    assert IdentityFields(IdentityHeadersConfig(**config)).put(request, identity)
    return request.headers.items()


def test_fields_of_scopes_cannot_be_joined_to_another():
    """A scope with a space in it, as a list of scopes may hold, does not look like two."""
    identity = Identity("a", scopes=frozenset({"b admin", "a"}))
    assert [("X-S", "a b%20admin")] == fields_of(identity, scopes="X-S")


def test_fields_without_value_are_left_out():
    """What an identity does not have is no empty field."""
    assert [("X-U", "a")] == fields_of(Identity("a"), user="X-U", tier="X-T", scopes="X-S", credential="X-C")


def test_fields_of_claims_are_text_or_json():
    """A text stands as it is, anything else as JSON; dots lead into objects."""
    claims = {"a": "x", "b": {"c": True}, "d": ["\u00e9"]}
    found = fields_of(Identity("u", claims=claims), claims={"a": "X-A", "b.c": "X-C", "d": "X-D", "e": "X-E"})
    assert [("X-A", "x"), ("X-C", "true"), ("X-D", '["\\u00e9"]')] == found


def test_reserved_names_include_twins():
    """A service that reads ``X_User`` as ``X-User`` is not misled by either."""
    config = IdentityHeadersConfig(user="X_User", claims={"a": "X-A"})
    assert {b"x_user", b"x-user", b"x-a"} == reserved_names(config, [])
    assert {b"x.user", b"x-user"} == reserved_names(IdentityHeadersConfig(user="X.User"), [])
