"""How the body behind a head is delimited, decided strictly (RFC 9112 6.3).

In: the two decisions. Not in: reading bodies (``wire.bodies``).
"""

from __future__ import annotations

from vizgate.errors import BadRequest, InvalidResponse
from vizgate.message.heads import CHUNKED, NO_BODY, UNTIL_CLOSE, BodyKind, Framing

# 18 digits stay below 2^63 in every language that may read the message after us (CVE-2023-40225 and its kin).
_MAX_LENGTH_DIGITS = 18


def parse_length(value: bytes) -> int | None:
    """The number in a Content-Length value, or None when it is not 1 to 18 digits."""
    return int(value) if value.isdigit() and len(value) <= _MAX_LENGTH_DIGITS else None


def request_framing(lengths: tuple[bytes, ...], encodings: tuple[bytes, ...], minor: int) -> Framing:
    """The framing of a request body.

    Raises: BadRequest: the fields disagree, are malformed, or name a coding other than exactly ``chunked``.
    """
    if encodings:
        # RFC 9112 6.1: "A server MAY reject a request that contains both Content-Length and Transfer-Encoding";
        # we always do: request smuggling. TE on HTTP/1.0 "MUST be treated as faulty framing".
        if lengths or minor == 0 or len(encodings) > 1 or encodings[0].lower() != b"chunked":
            raise BadRequest("ambiguous or unsupported Transfer-Encoding")
        return CHUNKED
    if not lengths:
        return NO_BODY
    length = parse_length(lengths[0])
    if length is None or len(lengths) > 1:
        raise BadRequest("malformed or repeated Content-Length")
    return Framing(BodyKind.LENGTH, length) if length else NO_BODY


def response_framing(
    lengths: tuple[bytes, ...], encodings: tuple[bytes, ...], minor: int, *, status: int, to_head: bool
) -> Framing:
    """The framing of a response body. Args: to_head: whether the request was HEAD.

    Raises: InvalidResponse: as ``request_framing``; RFC 9112 6.3 demands 502 for an invalid Content-Length.
    """
    length = None
    if lengths:
        length = parse_length(lengths[0])
        if length is None or any(other != lengths[0] for other in lengths[1:]):
            raise InvalidResponse("malformed or contradictory Content-Length")
    if encodings and (lengths or minor == 0 or len(encodings) > 1 or encodings[0].lower() != b"chunked"):
        raise InvalidResponse("ambiguous or unsupported Transfer-Encoding")
    if to_head or status < 200 or status in (204, 304):
        return NO_BODY
    if encodings:
        return CHUNKED
    if length is None:
        return UNTIL_CLOSE
    return Framing(BodyKind.LENGTH, length) if length else NO_BODY
