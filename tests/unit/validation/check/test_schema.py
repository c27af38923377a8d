"""Compiled schemas: what they take, and what they tell."""

from __future__ import annotations

import builtins
import time
from typing import Any

import pytest

from vizgate.validation.check.pointer import read_pointer, write_pointer
from vizgate.validation.check.schema import (
    MAX_EXPLAINED_VALUES,
    MAX_FAULTS,
    BadSchema,
    SchemaCheck,
    SchemaLibraryMissing,
    SchemaSet,
    check_meta,
    check_pattern,
    compile_schema,
)


def compiled(schema: Any) -> SchemaCheck:
    return SchemaSet({"s": schema}).check("s")


def test_faults_have_pointers_and_no_values() -> None:
    """Every fault is told with its place, and nothing of the value is shown."""
    check = compiled({"properties": {"a/b~": {"enum": ["x"]}, "p": {"format": "password", "minLength": 9}}})
    faults = check.faults({"a/b~": "hunter2", "p": "hunter2"})
    assert {"/a~1b~0", "/p"} == {fault.pointer for fault in faults}
    assert not any("hunter2" in fault.detail for fault in faults)


def test_schemas_refer_to_each_other_in_circles() -> None:
    """A schema may contain itself."""
    node = {"type": "object", "properties": {"next": {"$ref": "#/$defs/s"}, "n": {"type": "integer"}}}
    check = compiled(node)
    assert check.accepts({"next": {"next": {"n": 1}}})
    assert ["/next/next/n"] == [fault.pointer for fault in check.faults({"next": {"next": {"n": "x"}}})]


def test_number_of_faults_is_bounded() -> None:
    """Not more than 50 are told; of a value that is very large only the first."""
    check = compiled({"items": {"type": "string"}})
    assert 3 == len(check.faults([1, 2, 3]))
    assert MAX_FAULTS == len(check.faults([1] * MAX_EXPLAINED_VALUES))
    assert 1 == len(check.faults([1] * (MAX_EXPLAINED_VALUES + 1)))


def test_large_invalid_body_is_refused_quickly() -> None:
    """Half a million faults in one body must not keep the loop busy: the library would take seconds to list them."""
    check = compiled({"items": {"type": "string"}})
    value = [0] * 500_000
    before = time.process_time()
    assert not check.accepts(value)
    assert 1 == len(check.faults(value))
    assert time.process_time() - before < 1.0


@pytest.mark.parametrize("pattern", [r"^(a|aa)+(?=c)$", r"(.*)(.*)(.*)(.*)\1x", r"^(?!.*x)(a+)+$", r"^(a+)+$"])
def test_catastrophic_pattern_is_bounded(pattern: str) -> None:
    """A pattern that would take for ever is given up, and the value does not match."""
    check = compiled({"pattern": pattern})
    before = time.process_time()
    assert not check.accepts("a" * 5_000 + "!")
    assert time.process_time() - before < 1.0
    assert all("backtrack" not in fault.detail for fault in check.faults("a" * 5_000 + "!"))


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("date", "2026-02-28", "2026-02-30"),
        ("date-time", "2026-02-28T10:00:00Z", "2026-02-28 10:00"),
        ("email", "a@example.com", "a"),
        ("uuid", "123e4567-e89b-12d3-a456-426614174000", "123e4567"),
        ("ipv4", "192.0.2.1", "192.0.2.256"),
        ("ipv6", "2001:db8::1", "2001:db8::x"),
        ("uri", "https://example.com/", "not a uri"),
        ("byte", "aGk=", "aGk"),
        ("unheard-of", "anything", None),
    ],
)
def test_formats_are_asserted(name: str, good: str, bad: str | None) -> None:
    """The common formats are checked, those that nobody knows are notes."""
    check = compiled({"format": name})
    assert check.accepts(good)
    assert bad is None or not check.accepts(bad)


def test_bad_schemas_are_told_with_their_place() -> None:
    """Wrong keywords and patterns are errors when they are compiled."""
    with pytest.raises(BadSchema) as caught:
        check_meta({"properties": {"x": {"minLength": "3"}}})
    assert ("properties", "x", "minLength") == caught.value.path
    with pytest.raises(BadSchema):
        check_pattern("(")
    check_pattern("^(?=a)b")


def test_compile_schema_asks_for_other_files() -> None:
    """References are resolved against the base, by whoever knows the files."""
    asked = []

    def retrieve(uri: str) -> Any:
        asked.append(uri)
        return {"type": "integer"}

    check = compile_schema({"$ref": "sub/other.json"}, "vizgate:///dir/", retrieve)
    assert check.accepts(1)
    assert not check.accepts("x")
    assert ["vizgate:///dir/sub/other.json"] == asked


def test_missing_library_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra there is one clear message."""
    real = builtins.__import__

    def refuse(name: str, *args: Any) -> Any:
        if name == "jsonschema_rs":
            raise ImportError(name)
        return real(name, *args)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(SchemaLibraryMissing, match=r"pip install 'vizgate\[openapi\]'"):
        SchemaSet({})


@pytest.mark.parametrize("parts", [(), ("",), ("a/b", "c~d", "0"), ("~1",)])
def test_pointers_are_read_back(parts: tuple[str, ...]) -> None:
    """RFC 6901 both ways."""
    assert parts == read_pointer(write_pointer(parts))


def test_pointer_begins_with_a_slash() -> None:
    """Anything else is an anchor, or nothing."""
    with pytest.raises(ValueError, match="slash"):
        read_pointer("a")
