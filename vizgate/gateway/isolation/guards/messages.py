"""What a plugin may not make of a message: two of them.

In: ``check_onward`` and ``check_answer``. Not in: what ``Headers`` refuses itself; a plugin can get past that.

RFC 9112 11.1 and 11.2: a line break in a target, a method or a field is another field, or another message. Whoever
writes such a plugin has put into it what a client has sent.
"""

from __future__ import annotations

import re

from vizgate.message.headers import Field
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response

_BREAKS = re.compile(rb"[\r\n\0]")
# RFC 9112 3.2: no white space in a target; control characters have no place in a URI at all.
_NO_TARGET = re.compile(rb"[\x00-\x20\x7f]")
# RFC 9110 5.6.2.
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_NAMES = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:\n[!#$%&'*+\-.^_`|~0-9A-Za-z]+)*+")


def check_onward(request: Request, method: str, target: bytes) -> None:
    """Raise ValueError when *request*, which came with *method* and *target*, cannot be sent on as one message."""
    if request.target is not target and (not request.target or _NO_TARGET.search(request.target)):
        raise ValueError("a middleware made a target that is none. Encode what comes from a client")
    if request.method is not method and not _TOKEN.fullmatch(request.method):
        raise ValueError("a middleware made a method that is none")
    if request.has_headers:
        _check_fields(request.headers.raw)


def check_answer(response: Response) -> None:
    """Raise ValueError when *response* cannot be sent as one message."""
    if response.reason and _BREAKS.search(response.reason):
        raise ValueError("a middleware made a reason phrase with a line break")
    if response.has_headers:
        _check_fields(response.headers.raw)


def _check_fields(fields: list[Field]) -> None:
    # One search for all values and one for all names: nearly always there is nothing to find.
    names = b"\n".join([name for name, _ in fields])
    if fields and not (_NAMES.fullmatch(names) and names.count(b"\n") == len(fields) - 1):
        raise ValueError("a middleware made a field whose name is none. Set it by headers[...], which checks it")
    if _BREAKS.search(b"".join([value for _, value in fields])):
        raise ValueError("a middleware made a field with a line break. Set it by headers[...], which checks it")
