"""The rules of heads as values."""

from __future__ import annotations

from vizgate.message.heads import NO_BODY, BodyKind, Framing, RequestHead, RequestShape
from vizgate.message.template import NO_FIELDS


def test_framing_compares_by_value() -> None:
    """Two framings are one when kind and length are."""
    assert Framing(BodyKind.NONE) == NO_BODY
    assert Framing(BodyKind.LENGTH, 5) != Framing(BodyKind.LENGTH, 6)


def test_request_head_shows_what_was_asked() -> None:
    """A head in a debugger shows method, target and authority."""
    shape = RequestShape(1, NO_FIELDS, (), b"a.example", NO_BODY, keep_alive=True)
    text = repr(RequestHead("GET", b"/x", shape))
    assert "GET b'/x'" in text
    assert "a.example" in text
