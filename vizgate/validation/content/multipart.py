"""The fields of a multipart form (RFC 7578), as far as they are checked: which there are.

In: the names of the parts. Not in: their content, which is passed on unread.
"""

from __future__ import annotations

import re

MAX_PARTS = 1_000
_MAX_PART_HEAD = 8_192

# RFC 2046 5.1.1.
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]")
_DISPOSITION = re.compile(rb"content-disposition[ \t]*:[ \t]*form-data[ \t]*(?=;|\Z)", re.IGNORECASE)
# Read one after the other, so that a quoted file name is not searched for a name.
_PARAMETER = re.compile(rb';[ \t]*([^\s=;"]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s";]+))[ \t]*(?=;|\Z)')


class NotMultipart(ValueError):
    """Content that is no multipart form; the message shows nothing of it."""


def part_names(data: bytes, boundary: str | None) -> list[str]:
    """The name of each part, in order. Args: boundary: what Content-Type says. Raises: NotMultipart."""
    if boundary is None or _BOUNDARY.fullmatch(boundary) is None:
        raise NotMultipart("has no valid boundary in its Content-Type")
    delimiter = b"\r\n--" + boundary.encode("ascii")
    # RFC 2046 5.1.1: the first delimiter may stand at the very beginning, without the line end before it.
    pieces = (b"\r\n" + data).split(delimiter, MAX_PARTS + 1)
    if len(pieces) > MAX_PARTS + 1:
        raise NotMultipart(f"has more than {MAX_PARTS} parts")
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        raise NotMultipart("does not end with its boundary")
    return [_name(piece) for piece in pieces[1:-1]]


def _name(piece: bytes) -> str:
    piece = piece.lstrip(b" \t")
    if piece[:2] != b"\r\n":
        raise NotMultipart("has a part that does not begin on a line of its own")
    head, blank, _ = piece[2 : _MAX_PART_HEAD + 4].partition(b"\r\n\r\n")
    if not blank:
        raise NotMultipart("has a part without an end of its header fields")
    found = [name for line in head.split(b"\r\n") for name in _names(line)]
    if len(found) != 1:
        raise NotMultipart("has a part that has not one name")
    try:
        return re.sub(rb"\\(.)", rb"\1", found[0], flags=re.DOTALL).decode()
    except UnicodeDecodeError:
        raise NotMultipart("has a part whose name is not UTF-8") from None


def _names(line: bytes) -> list[bytes]:
    """Every ``name`` in a header line; none in lines of other fields, and in what cannot be read."""
    match = _DISPOSITION.match(line)
    names = []
    while match is not None and match.end() < len(line):
        match = _PARAMETER.match(line, match.end())
        if match is None:
            return []
        if match[1].lower() == b"name":
            names.append(match[3] if match[2] is None else match[2])
    return names
