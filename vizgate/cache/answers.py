"""Answers out of what is stored.

In: whole ones, 304, 206 and 416, and what ``Cache-Status`` says (RFC 9211). Not in: which of the stored responses, and
whether it may be used.
"""

from __future__ import annotations

from typing import NamedTuple

from vizgate.cache.ask.conditions import is_not_modified, is_range_wanted
from vizgate.cache.ask.question import Question
from vizgate.cache.ask.ranges import part_of
from vizgate.cache.storage.held import HeldBody
from vizgate.cache.storage.stored import StoredResponse
from vizgate.message.headers import Field, Headers
from vizgate.pipeline.body import AT_ONCE_BYTES, EMPTY, Body, BytesBody
from vizgate.pipeline.response import Response

_HIT = b"vizgate; hit; ttl=%d"
#: RFC 9110 15.4.5: metadata of the content does not go with 304, unless it is what the client goes by.
_OF_CONTENT = frozenset(
    {b"content-encoding", b"content-language", b"content-length", b"content-range", b"content-type"}
)
_NO_CONDITIONS = frozenset({b"if-none-match", b"if-modified-since"})


class Way(NamedTuple):
    """Why the cache asked the service, for ``Cache-Status``. ``forward``: a word of RFC 9211 2.2. ``status``: what the
    service answered, 0 for nothing. ``is_collapsed``: whether another request asked.
    """

    forward: bytes
    status: int = 0
    is_stored: bool = False
    is_collapsed: bool = False
    detail: bytes = b""

    def text(self) -> bytes:
        """The member of ``Cache-Status``."""
        parts = [b"vizgate; fwd=" + self.forward]
        if self.status:
            parts.append(b"fwd-status=%d" % self.status)
        if self.is_stored:
            parts.append(b"stored")
        if self.is_collapsed:
            parts.append(b"collapsed")
        if self.detail:
            parts.append(b"detail=" + self.detail)
        return b"; ".join(parts)


def told(response: Response, way: Way) -> Response:
    """*response*, which says which way it came."""
    response.headers.raw.append((b"Cache-Status", way.text()))
    return response


def stored_answer(
    stored: StoredResponse,
    question: Question,
    now_s: float,
    way: Way | None = None,
    body: Body | None = None,
) -> Response:
    """The answer to *question* out of *stored*.

    Args: now_s: monotonic seconds. way: None for a hit. body: what takes the place of the stored one, which has not
    come yet.
    """
    age_s = stored.age_s(now_s)
    status = _HIT % int(stored.terms.lifetime.seconds - age_s) if way is None else way.text()
    own: list[Field] = [(b"Cache-Status", status)]
    if way is None or age_s >= 1:
        # RFC 9111 5.1: it says that the response was neither made nor validated for this request.
        own.insert(0, (b"Age", b"%d" % age_s))
    asked = question.fields
    if asked and stored.status == 200:
        if not _NO_CONDITIONS.isdisjoint(asked) and has_already(question, stored):
            return Response(304, Headers([*not_modified_fields(stored.fields), *own]), EMPTY, local=False)
        if b"range" in asked and body is None:
            partial = _partial(stored, question, own)
            if partial is not None:
                return partial
    fields = Headers([*stored.fields, *own])
    if body is None:
        # What is short leaves in one piece.
        body = HeldBody(stored) if len(stored.data) > AT_ONCE_BYTES else BytesBody(stored.data)
    return Response(stored.status, fields, body, reason=stored.reason, local=False)


def has_already(question: Question, stored: StoredResponse) -> bool:
    """Whether the client has what *stored* holds."""
    return is_not_modified(question.fields, stored.entity_tag, stored.modified, stored.date_s, stored.date_s)


def not_modified_fields(raw: list[Field]) -> list[Field]:
    """What of the fields *raw* goes with 304."""
    return [field for field in raw if field[0].lower() not in _OF_CONTENT]


def _partial(stored: StoredResponse, question: Question, own: list[Field]) -> Response | None:
    length = len(stored.data)
    part = part_of(question.fields[b"range"], length)
    if part is None or not is_range_wanted(question.fields, stored.entity_tag, stored.modified, stored.date_s):
        return None
    if not part.is_satisfiable:
        fields = [(b"Content-Range", b"bytes */%d" % length), *own]
        return Response(416, Headers([*_dates(stored), *fields]), EMPTY, local=False)
    span = (b"Content-Range", b"bytes %d-%d/%d" % (part.first, part.last, length))
    data = stored.data[part.first : part.last + 1]
    return Response(206, Headers([*stored.fields, span, *own]), BytesBody(data), local=False)


def _dates(stored: StoredResponse) -> list[Field]:
    return [field for field in stored.fields if field[0].lower() == b"date"]
