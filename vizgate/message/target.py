"""Request targets: which path is meant, which host is asked for, and how a path is put together again.

In: the split of a target, the normal form of a path, authorities, and what a rewrite needs. Not in: matching a path
with routes (``router``) and reading the target off the wire (``wire.request``).

The policy for paths, in one place. The *normal form* is what routes are matched with; what is forwarded is what came.

- Percent-encoding is undone once, never twice: ``/%61`` is ``/a``, ``/%2561`` is the five characters ``/%61``.
- ``%2F`` is data inside its segment, never a separator. In the normal form it stays ``%2F``, and a percent sign that
  was encoded stays ``%25``, so that no two different paths have one normal form.
- ``//`` counts as ``/``. Dot segments, encoded ones (``%2e%2e``) too, are resolved (RFC 3986 5.2.4); above the root
  they are refused.
- Refused with 400: a backslash, a control byte (below 0x20, or 0x7F), each raw or encoded; a malformed percent triplet;
  a dot segment that only another reader of the path would see: beside an encoded slash (``..%2fadmin``) or before a
  parameter (``..;x``).
- ``;`` and ``+`` are data. Case matters. Bytes that are not UTF-8 become lone surrogates (``surrogateescape``), so
  every byte string has exactly one text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import AddressValueError, IPv6Address

from vizgate.errors import BadRequest, Stage

# A segment of a path in normal form whose bytes all stand for themselves. It begins with a dot only where that cannot
# be a dot segment. Possessive throughout: one pass, no way back.
_PLAIN_SEGMENT = rb"(?:\.(?=[A-Za-z0-9_\-~]))?+[A-Za-z0-9_~!$&'()*+,;=:@\-][A-Za-z0-9._~!$&'()*+,;=:@\-]*+"
#: Matches the whole of a path that is its own normal form already, or nothing. (It misses a few odd ones; they take
#: the long way to the same result.)
is_plain_path = re.compile(rb"(?:/" + _PLAIN_SEGMENT + rb")*+/?+(?<=.)", re.DOTALL).fullmatch

_CONTROL_OR_BACKSLASH = re.compile(rb"[\x00-\x1f\x7f\\]")
_DOTS = ("", ".", "..")

_REFUSED_BYTES = frozenset([*range(0x20), 0x7F, 0x5C])
_KEPT_TRIPLETS = {0x2F: b"%2F", 0x25: b"%25"}


def _triplet_table() -> dict[bytes, bytes]:
    table = {}
    for byte in range(256):
        if byte in _REFUSED_BYTES:
            continue
        for high in {f"{byte >> 4:x}", f"{byte >> 4:X}"}:
            for low in {f"{byte & 15:x}", f"{byte & 15:X}"}:
                table[(high + low).encode()] = _KEPT_TRIPLETS.get(byte, bytes([byte]))
    return table


#: What the two digits of a triplet stand for in the normal form; a pair that is missing is refused.
_TRIPLETS = _triplet_table()


class BadPath(BadRequest):
    """A path that different readers would read differently, or that is none at all: 400."""

    stage = Stage.ROUTE


def split_target(target: bytes) -> tuple[bytes, bytes]:
    """The path and the query of a target in origin form; the query is without its ``?``, b"" when there is none."""
    path, _, query = target.partition(b"?")
    return path, query


def normalize_path(raw: bytes) -> str:
    """The normal form of *raw*: what routes are matched with. The policy stands at the head of this module.

    Raises: BadPath: *raw* does not begin with a slash, or is refused by the policy.
    """
    if is_plain_path(raw):
        return raw.decode("ascii")
    decoded = _decode(raw).decode("utf-8", "surrogateescape")
    if "//" in decoded or "/." in decoded or "%2F." in decoded:
        segments = decoded.split("/")
        return "/" + "/".join([segments[i] for i in _resolve(segments)])
    return decoded


def _decode(raw: bytes) -> bytes:
    """*raw* with every triplet undone but those of ``/`` and ``%``. Raises: BadPath."""
    if raw[:1] != b"/":
        raise BadPath("a path begins with /")
    if _CONTROL_OR_BACKSLASH.search(raw) is not None:
        raise BadPath("control byte or backslash in the path")
    first, *rest = raw.split(b"%")
    if not rest:
        return raw
    table = _TRIPLETS
    try:
        return first + b"".join([table[part[:2]] + part[2:] for part in rest])
    except KeyError:
        raise BadPath("malformed or refused percent-encoding in the path") from None


def _resolve(segments: list[str]) -> list[int]:
    """Which of the decoded *segments* of a path make up its normal form, as indices; a trailing slash is an empty one.

    Raises: BadPath: above the root, or a hidden dot segment.
    """
    kept: list[int] = []
    for i, segment in enumerate(segments):
        if not segment or segment == ".":
            continue
        if segment == "..":
            if not kept:
                raise BadPath("the path leads above the root")
            kept.pop()
        else:
            if segment[0] == "." or "%2F." in segment:
                _refuse_hidden_dots(segment)
            kept.append(i)
    # RFC 3986 5.2.4: "/a/b/.." is "/a/", with its slash.
    if segments[-1] in _DOTS:
        kept.append(_last_empty(segments))
    return kept


def _last_empty(segments: list[str]) -> int:
    # The segment before the first slash is always empty, so it can stand for the one behind the last slash too.
    return len(segments) - 1 if not segments[-1] else 0


def _refuse_hidden_dots(segment: str) -> None:
    # Servers that decode %2F before they split, or that cut off ";parameters", see dot segments here, and would serve
    # another path than the one whose rules were applied (CVE-2021-41773 and its kin).
    if _has_dots(segment.split("%2F")):
        raise BadPath("hidden dot segment in the path")


def _has_dots(pieces: Iterable[str]) -> bool:
    return any(piece.partition(";")[0] in {".", ".."} for piece in pieces)


def decode_segment(normal: str) -> str:
    """The text that a segment in normal form stands for: ``a%2Fb`` is ``a/b``."""
    if "%" in normal:
        return normal.replace("%2F", "/").replace("%25", "%")
    return normal


# RFC 3986 3.3: pchar = unreserved / pct-encoded / sub-delims / ":" / "@".
_PCHAR = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@")
_QUOTED = [chr(byte) if byte in _PCHAR else f"%{byte:02X}" for byte in range(256)]
_is_pchars = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,;=:@]*+").fullmatch
_KEPT = re.compile(r"(%2F|%25|/)")


def quote_segment(text: str) -> str:
    """*text* as (a part of) one segment of a path: what it holds, slashes too, can never be more than data.

    It undoes what ``decode_segment`` does, so the value of a parameter comes out as it came in.

    Raises: BadPath: with its slashes decoded, *text* would hold a dot segment. Encoding cannot help: ``%2E%2E`` is one
    too (RFC 3986 6.2.2.2).
    """
    if _has_dots(text.split("/")):
        raise BadPath("a path parameter would become a dot segment")
    return _quote(text)


def quote_path(normal: str) -> str:
    """Several segments in normal form as part of a path: slashes stand, ``%2F`` and ``%25`` stay encoded.

    Raises: BadPath: *normal* holds a dot segment.
    """
    if _has_dots(normal.replace("%2F", "/").split("/")):
        raise BadPath("a path parameter would become a dot segment")
    return "".join(part if i % 2 else _quote(part) for i, part in enumerate(_KEPT.split(normal)))


def _quote(text: str) -> str:
    if _is_pchars(text):
        return text
    return "".join([_QUOTED[byte] for byte in text.encode("utf-8", "surrogateescape")])


def strip_prefix(raw: bytes, prefix: str) -> bytes:
    """*raw* without the segments of *prefix*: ``/api/users`` and ``/api`` give ``/users``.

    The result always begins with exactly one slash, so it can never be read as ``//host``. Segments keep the encoding
    they came in; only what the normal form drops (``//``, dot segments) is dropped.

    Args: raw: a path without query. prefix: in normal form, beginning with a slash; one at its end does not matter.
    Raises: BadPath: *raw* is refused, or does not begin with *prefix*.
    """
    prefix = prefix.rstrip("/")
    head = prefix.encode("utf-8", "surrogateescape")
    if raw.startswith(head) and is_plain_path(raw):
        rest = raw[len(head) :]
        if rest[:1] == b"/" or not rest:
            return rest or b"/"
    wanted = prefix.split("/")[1:]
    raw_segments, segments = _kept_segments(raw)
    if segments[: len(wanted)] != wanted:
        raise BadPath("the path does not begin with the prefix to strip")
    return b"/" + b"/".join(raw_segments[len(wanted) :])


def drop_segments(raw: bytes, count: int) -> bytes:
    """*raw* without its first *count* segments, else as ``strip_prefix``.

    Raises: BadPath: *raw* is refused, or has fewer segments.
    """
    raw_segments, segments = _kept_segments(raw)
    if len(segments) < count or (count and not segments[count - 1]):
        raise BadPath("the path has too few segments to strip")
    return b"/" + b"/".join(raw_segments[count:])


def _kept_segments(raw: bytes) -> tuple[list[bytes], list[str]]:
    """The segments of *raw* that its normal form keeps: as they came, and decoded."""
    raw_segments = raw.split(b"/")
    decoded = _decode(raw).decode("utf-8", "surrogateescape").split("/")
    kept = _resolve(decoded)
    return [raw_segments[i] for i in kept], [decoded[i] for i in kept]


def check_rewritten(raw: bytes) -> bytes:
    """*raw*, put together by a rewrite, as a path that may be forwarded: it begins with exactly one slash.

    Raises: BadPath: *raw* holds a dot segment, hidden or not, or anything else that is refused in a path that came.
    """
    if is_plain_path(raw):
        return raw
    rooted = b"/" + raw.lstrip(b"/")
    segments = _decode(rooted).decode("utf-8", "surrogateescape").split("/")
    if "." in segments or ".." in segments:
        raise BadPath("a rewritten path would hold a dot segment")
    _resolve(segments)
    return rooted


# RFC 3986 3.2.2: reg-name = *( unreserved / pct-encoded / sub-delims ); an IPv4 address is one too. Userinfo, spaces
# and empty hosts do not fit. RFC 9110 4.2.1: "A recipient that processes such a URI reference MUST reject it as
# invalid" of an empty host.
_REG_NAME = rb"(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2}){1,255}+"
_AUTHORITY = re.compile(rb"(" + _REG_NAME + rb"|\[[0-9A-Fa-f:.]{2,45}+\])(?::([0-9]{0,5}+))?+")
_SIMPLE_AUTHORITY = re.compile(rb"[A-Za-z0-9\-._]{1,255}+(?::[1-9][0-9]{0,3}+)?+").fullmatch
_MAX_PORT = 65_535


def is_valid_authority(raw: bytes) -> bool:
    """Whether *raw* is a host with or without port, as ``Host`` and an absolute target must have it (RFC 9110 7.2)."""
    return _SIMPLE_AUTHORITY(raw) is not None or parse_authority(raw) is not None


def parse_authority(raw: bytes) -> tuple[str, int | None] | None:
    """The host in lower case and the port of *raw*; None when *raw* is not ``host`` or ``host:port``.

    Refused: user information, an empty host, white space, ports over 65535 or 0, zone identifiers. An empty port
    (``host:``) counts as none (RFC 3986 3.2.3). IPv6 literals come in brackets, in their shortest form.
    """
    match = _AUTHORITY.fullmatch(raw)
    if match is None:
        return None
    host, port = match[1].decode("ascii").lower(), int(match[2]) if match[2] else None
    if port is not None and not 0 < port <= _MAX_PORT:
        return None
    if host[0] == "[":
        try:
            host = f"[{IPv6Address(host[1:-1]).compressed}]"
        except AddressValueError:
            return None
    return host, port


_ABSOLUTE = re.compile(rb"([Hh][Tt][Tt][Pp][Ss]?+)://([^/?#]*+)([^#]*+)", re.DOTALL)


def split_absolute(target: bytes) -> tuple[bytes, bytes] | None:
    """The authority and the origin form of an absolute ``http`` or ``https`` target; None when it is not a valid one.

    RFC 9112 3.2.1: "If the target URI's path component is empty, the client MUST send "/" as the path".
    """
    match = _ABSOLUTE.fullmatch(target)
    if match is None or not is_valid_authority(match[2]):
        return None
    return match[2], match[3] if match[3][:1] == b"/" else b"/" + match[3]
