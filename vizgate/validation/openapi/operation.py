"""One operation of a document, compiled: what its requests and responses must be.

In: plans, and the checks that need no waiting. Not in: making them (``openapi.operations``), getting bodies
(``validation.middleware``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from vizgate.message.headers import Headers
from vizgate.validation.check.violation import Violation
from vizgate.validation.content.kinds import ContentCheck, charset_is_read
from vizgate.validation.content.media_type import MediaTable, MediaType, parse_media_type
from vizgate.validation.parameters.pairs import Malformed, Raw, cookie_pairs, field_values, query_pairs
from vizgate.validation.parameters.parameter import NOTHING, Parameter

_OCTETS = MediaType("application/octet-stream")


@dataclass(frozen=True, slots=True)
class BodyPlan:
    """What a body must be. ``media``: by media type; None of those that are not read."""

    required: bool
    media: MediaTable[ContentCheck | None]


@dataclass(frozen=True, slots=True)
class Content:
    """How a body is to be checked: None is not to be read."""

    check: ContentCheck | None
    media_type: MediaType


@dataclass(frozen=True, slots=True)
class NotTaken:
    """Why a body is not even looked at: 415. ``fields``: what tells the client what would be taken instead."""

    violation: Violation
    fields: tuple[tuple[bytes, bytes], ...] = ()


def choose_content(media: MediaTable[ContentCheck | None], headers: Headers) -> Content | NotTaken:
    """How a body with these *headers* is to be checked."""
    text = headers.get("content-type")
    media_type = _OCTETS if text is None else parse_media_type(text)
    if media_type is None or len(headers.get_all("content-type")) > 1:
        return _not_taken("has no single, well-formed Content-Type", media)
    found = media.find(media_type)
    if found is None:
        return _not_taken("is of a media type that is not taken here", media)
    check = found[0]
    if check is None:
        return Content(None, media_type)
    if not charset_is_read(media_type):
        return _not_taken("has a charset other than UTF-8", media)
    if (headers.get("content-encoding") or "identity").lower() != "identity":
        # RFC 9110 15.5.16: a 415 because of the coding says so in Accept-Encoding.
        violation = Violation("media_type", "is encoded, so that it cannot be checked")
        return NotTaken(violation, ((b"Accept-Encoding", b"identity"),))
    return Content(check, media_type)


def _not_taken(detail: str, media: MediaTable[ContentCheck | None]) -> NotTaken:
    # RFC 9110 12.5.1: in a response, Accept says what would be taken.
    accept = ", ".join(media.types).encode("latin-1", "replace")
    return NotTaken(Violation("media_type", detail), ((b"Accept", accept),) if accept else ())


@dataclass(frozen=True, slots=True)
class ResponsePlan:
    """What responses of one status must be; ``media`` is None when the document says nothing of content."""

    media: MediaTable[ContentCheck | None] | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """What requests of one method and path must be, and their responses.

    ``query_names``: the names in a query that belong to parameters; ``name[`` takes all that begin so. ``responses``:
    by status (``200``), class (``2XX``) and ``default``.
    """

    name: str
    path: tuple[Parameter, ...] = ()
    query: tuple[Parameter, ...] = ()
    header: tuple[Parameter, ...] = ()
    cookie: tuple[Parameter, ...] = ()
    query_names: frozenset[str] = frozenset()
    body: BodyPlan | None = None
    responses: Mapping[str, ResponsePlan] = field(default_factory=dict)

    def head_violations(
        self, path: Raw, query: str, headers: Headers | None, *, only_known: bool
    ) -> Sequence[Violation]:
        """What is wrong with a request's parameters.

        Args: headers: may be None when there are neither ``header`` nor ``cookie`` parameters. only_known: whether
        other parameters in the query are refused.
        """
        found: list[Violation] = []
        for parameter in self.path:
            found += parameter.violations(path)
        if self.query or only_known:
            found += self._query_violations(query, only_known=only_known)
        if headers is not None:
            found += self._field_violations(headers)
        return found or NOTHING

    @property
    def needs_headers(self) -> bool:
        """Whether ``head_violations`` looks at header fields."""
        return bool(self.header or self.cookie)

    def _query_violations(self, query: str, *, only_known: bool) -> list[Violation]:
        try:
            raw = query_pairs(query)
        except Malformed as exc:
            return [Violation("query", f"a name {exc}")]
        found: list[Violation] = []
        for parameter in self.query:
            found += parameter.violations(raw)
        if only_known:
            found += [Violation("query", "is not known here", name) for name in raw if not self._is_known(name)]
        return found

    def _is_known(self, name: str) -> bool:
        if name in self.query_names:
            return True
        start, bracket, _ = name.partition("[")
        return start + bracket in self.query_names if bracket else False

    def _field_violations(self, headers: Headers) -> list[Violation]:
        found: list[Violation] = []
        if self.header:
            raw = field_values(headers.raw)
            for parameter in self.header:
                found += parameter.violations(raw)
        if self.cookie:
            cookies = cookie_pairs(headers.raw)
            for parameter in self.cookie:
                found += parameter.violations(cookies)
        return found

    def response(self, status: int) -> ResponsePlan | None:
        """What a response of *status* must be; None when the document does not know it."""
        for key in (str(status), f"{status // 100}XX", "default"):
            plan = self.responses.get(key)
            if plan is not None:
                return plan
        return None
