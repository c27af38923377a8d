"""The rules of ``FieldTemplate``."""

from __future__ import annotations

from vizgate.message.template import NO_FIELDS, FieldTemplate, SingleField, field_lines


def test_template_has_fields_and_their_lines() -> None:
    """The lines are the fields as they are sent, each with its CRLF (RFC 9112 5), and neither can change."""
    fields = [(b"A", b"1"), (b"b", b"")]
    template = FieldTemplate(fields)
    fields.clear()
    assert ((b"A", b"1"), (b"b", b"")) == template.fields
    assert template.lines == b"A: 1\r\nb: \r\n" == field_lines(template.fields)
    assert repr(template) == "<FieldTemplate [2 fields]>"


def test_single_field_is_a_template_of_one() -> None:
    """One field, made without a detour, is like any template of one field."""
    single, template = SingleField(b"A", b"1"), FieldTemplate([(b"A", b"1")])
    assert (single.fields, single.lines) == (template.fields, template.lines)


def test_no_fields_is_empty() -> None:
    """The template of nothing adds nothing."""
    assert (NO_FIELDS.fields, NO_FIELDS.lines) == ((), b"")
