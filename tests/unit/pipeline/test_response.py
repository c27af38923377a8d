"""The rules of ``Response``."""

from __future__ import annotations

import json

import pytest

from vizgate.message.headers import Headers
from vizgate.message.template import FieldTemplate, SingleField
from vizgate.pipeline.response import Response

OWN = SingleField(b"Date", b"now")


def test_json_and_text_say_their_type() -> None:
    """A local answer says what it is; text is UTF-8."""
    response = Response.json(200, {"a": "\u00e9"})
    assert (response.headers["Content-Type"], json.loads(response.body.data or b"")) == (
        "application/json",
        {"a": "\u00e9"},
    )
    response = Response.text(404, "\u00e9")
    assert (response.headers["content-type"], response.body.data) == ("text/plain; charset=utf-8", b"\xc3\xa9")


def test_headers_of_template_are_made_when_asked_for() -> None:
    """A shared template is never changed by what one response changes."""
    template = FieldTemplate([(b"A", b"1")])
    response = Response(200, template=template)
    assert response.field_lines() is template.lines
    response.headers.add("B", "2")
    assert (response.field_lines(), template.lines) == (b"A: 1\r\nB: 2\r\n", b"A: 1\r\n")


def test_finish_adds_own_fields_behind_all_others() -> None:
    """What the gateway adds stands last, however the fields are held, and a second request replaces the first's."""
    template = FieldTemplate([(b"A", b"1")])
    for response in (Response(200, template=template), Response(200, Headers([(b"A", b"1")]))):
        response.finish(OWN)
        response.finish(SingleField(b"Id", b"7"))
        assert response.field_lines() == b"A: 1\r\nId: 7\r\n"
        assert response.final_fields() == [(b"A", b"1"), (b"Id", b"7")]
        assert response.headers.items() == [("A", "1")]
    assert template.lines == b"A: 1\r\n"


def test_text_as_body_is_refused() -> None:
    """A body is bytes; text is refused where it is given, not where it would be sent."""
    with pytest.raises(TypeError, match="bytes"):
        Response(200, body="text")  # type: ignore[arg-type]


def test_repr_shows_status_and_sizes() -> None:
    """A response shows status, number of fields and body."""
    assert repr(Response(200, body=b"abc")) == "<Response 200 [0 fields, <BytesBody [3 bytes]>]>"
