"""Which parts a multipart form has."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vizgate.validation.content.multipart import MAX_PARTS, NotMultipart, part_names


def form(*names: str, boundary: str = "b") -> bytes:
    parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\nv\r\n' for name in names]
    return ("".join(parts) + f"--{boundary}--\r\n").encode()


def test_names_are_in_order() -> None:
    """Every part is told by its name."""
    assert ["a", "b c", "a"] == part_names(form("a", "b c", "a"), "b")


def test_file_parts_and_other_fields_are_read_over() -> None:
    """A file name is no name, and other header fields do not matter."""
    data = (
        b"preamble\r\n--x\r\nContent-Type: image/png\r\n"
        b'Content-Disposition: form-data; filename="name=evil"; name=file\r\n\r\n\x00\r\n--y\r\n--x--'
    )
    assert ["file"] == part_names(data, "x")


@pytest.mark.parametrize(
    ("data", "boundary"),
    [
        (form("a"), None),
        (form("a"), ""),
        (form("a"), "b" * 71),
        (form("a"), "other"),
        (b"", "b"),
        (b'--b\r\nContent-Disposition: form-data; filename="a; name=x"\r\n\r\nv\r\n--b--', "b"),
        (b'--b\r\nContent-Disposition: form-data; name="a"; name="b"\r\n\r\nv\r\n--b--', "b"),
        (b'--b\r\nContent-Disposition: form-data; name="a" x\r\n\r\nv\r\n--b--', "b"),
        (b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nv', "b"),
        (b"--b\r\n\r\nv\r\n--b--", "b"),
        (b"--b\r\nContent-Disposition: form-data\r\n\r\nv\r\n--b--", "b"),
        (b'--b\r\nContent-Disposition: attachment; name="a"\r\n\r\nv\r\n--b--', "b"),
        (b"--bContent-Disposition: form-data; name=a\r\n\r\nv\r\n--b--", "b"),
        (b'--b\r\nContent-Disposition: form-data; name="\xff"\r\n\r\nv\r\n--b--', "b"),
        (b"--b\r\nX: " + b"x" * 10_000 + b"\r\n\r\nv\r\n--b--", "b"),
        (form(*["a"] * (MAX_PARTS + 1)), "b"),
    ],
)
def test_what_is_no_form_is_refused(data: bytes, boundary: str | None) -> None:
    """Without a boundary, an end, names, or with too much, it is no form."""
    with pytest.raises(NotMultipart):
        part_names(data, boundary)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_form_or_not(data: bytes) -> None:
    """Nothing else is raised."""
    with contextlib.suppress(NotMultipart):
        part_names(b"--b\r\n" + data + b"\r\n--b--", "b")
