"""What the YAML may say about changing messages and answering in place.

In: ``RewriteConfig``, ``RedirectConfig``, ``RespondConfig``, ``HeadersConfig`` and their checks. Not in: doing what
they say (``transform.rewrite``, ``transform.redirect``, ``transform.respond``, ``transform.middleware``).
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator, WithJsonSchema, model_validator

from vizgate.errors import BadRequest
from vizgate.extension.contract import MiddlewareConfig
from vizgate.extension.values.field_names import FieldName, RequestFieldName
from vizgate.extension.values.fields import Integer
from vizgate.message.headers import encode_value
from vizgate.message.target import check_rewritten
from vizgate.transform.template import parse_template, refuse_other_beginning, refuse_unknown_names
from vizgate.transform.values.text import ValueText

_STATUS_WITHOUT_BODY = frozenset({204, 205, 304})
_PATH_END = re.compile(r"[?#]")
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.\-]+(?::\d{1,5})?|https?://\[[0-9A-Fa-f:.]+\](?::\d{1,5})?")


def _field_values(value: Any) -> str | tuple[str, ...]:
    lines = tuple(value) if isinstance(value, list | tuple) else (value,)
    for line in lines:
        if not isinstance(line, str):
            raise ValueError("a header value is text, or a list of texts. Put it in quotes")  # noqa: TRY004
        try:
            encode_value(line)
        except ValueError:
            raise ValueError("a header value must not hold line breaks, NUL or control bytes. Remove them") from None
    return value if isinstance(value, str) else lines


def _rewrite_path(text: str) -> str:
    if not text.startswith("/") or text.startswith("//"):
        raise ValueError(f"{text!r} does not begin with a single '/'. Write the whole path: /v2/{{id}}")
    if "?" in text or "#" in text:
        raise ValueError("a rewritten path must not hold '?' or '#'. Write the path alone; the query stays as it came")
    _refuse_odd_path(text)
    return text


def _prefix(text: str) -> str:
    if not text.startswith("/") or text.rstrip("/") == "":
        raise ValueError(f"{text!r} is not a path prefix. Write the beginning of the route's path, for example /api")
    return text.rstrip("/")


def _refuse_odd_path(text: str) -> None:
    """*text* is a template whose literal parts would be refused in every request: that is told when it is loaded."""
    try:
        check_rewritten(parse_template(text).sample.encode("ascii"))
    except BadRequest as error:
        raise ValueError(f"{text!r} cannot be a path: {error.detail}. Write the path that is meant") from None


def _redirect_to(text: str) -> str:
    origin = _ORIGIN.match(text)
    rest = text[origin.end() :] if origin else text
    # A path that begins with "//" or "/\" names another host to a browser.
    if origin is None and (not text.startswith("/") or text[1:2] in {"/", "\\"}):
        raise ValueError(f"{text!r} is no place to redirect to. Write https://host/path, or /path with a single '/'")
    if rest and rest[0] not in "/?#":
        raise ValueError(f"{text!r} has no plain host. Write https://host/path; parameters may stand in the path")
    parse_template(rest)
    path = _PATH_END.split(rest, maxsplit=1)[0]
    if path:
        _refuse_odd_path(path)
    return text


def _refuse_twins(where: str, names: dict[str, Any]) -> None:
    seen: dict[str, str] = {}
    for name in names:
        twin = seen.setdefault(name.lower(), name)
        if twin != name:
            raise ValueError(f"{where} names {twin} and {name}, which are one header. Keep one, with a list of values")


#: One value, or one line for each of several. One validator for both, so that a mistake is told once.
FieldValues = Annotated[
    str | tuple[str, ...],
    PlainValidator(_field_values),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]


def _value_texts(value: Any) -> str | tuple[str, ...]:
    lines = _field_values(value)
    for line in (lines,) if isinstance(lines, str) else lines:
        ValueText(line)
    return lines


#: As ``FieldValues``, with values of the request in braces.
FieldTexts = Annotated[
    str | tuple[str, ...],
    PlainValidator(_value_texts),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RewriteConfig(_Settings):
    """How the path changes on its way to the service; the query stays as it came."""

    path: Annotated[str, AfterValidator(_rewrite_path)] | None = Field(
        default=None, description="The new path; {name} stands for a path parameter of the route."
    )
    strip_prefix: Annotated[str, AfterValidator(_prefix)] | None = Field(
        default=None, description="Segments to take off the front of the path, written as in the route's path."
    )

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if (self.path is None) == (self.strip_prefix is None):
            raise ValueError("a rewrite has exactly one of path and strip_prefix")
        return self

    def check_route(self, path_template: str) -> None:
        """Return when this can rewrite every path that the route's *path_template* matches.

        Raises: ValueError: a parameter of ``path`` is not there, or the path does not begin with ``strip_prefix``.
        """
        if self.path is not None:
            refuse_unknown_names(parse_template(self.path), path_template)
        if self.strip_prefix is not None:
            refuse_other_beginning(self.strip_prefix, path_template)


class RedirectConfig(_Settings):
    """An answer that sends the client elsewhere.

    The default status is the one that a mistake can be taken back from: browsers keep 301 and 308 for good.
    """

    to: Annotated[str, AfterValidator(_redirect_to)] = Field(
        description="https://host/path or /path; {name} stands for a path parameter. The query is not passed on."
    )
    status: Literal[301, 302, 303, 307, 308] = Field(default=307, description="308 and 301 are permanent.")

    @property
    def parts(self) -> tuple[str, str, str]:
        """Origin, path template, and the template of query and fragment; each may be empty."""
        origin = _ORIGIN.match(self.to)
        end = origin.end() if origin else 0
        rest = _PATH_END.search(self.to, end)
        path_end = rest.start() if rest else len(self.to)
        return self.to[:end], self.to[end:path_end], self.to[path_end:]

    def check_route(self, path_template: str) -> None:
        """Return when the route's *path_template* has every parameter of ``to``. Raises: ValueError: one is missing."""
        _, path, rest = self.parts
        refuse_unknown_names(parse_template(path + rest), path_template)


class RespondConfig(_Settings):
    """A fixed answer; at most one of ``json``, ``text`` and ``body``."""

    status: Integer = Field(default=200, ge=200, le=599, description="The status of the answer.")
    #: Named apart from pydantic's own ``json``; it is ``json`` in the YAML and as an argument.
    json_: Any = Field(default=None, alias="json", description="Any value, sent as application/json.")
    text: str | None = Field(default=None, description="Sent as text/plain in UTF-8.")
    body: str | None = Field(default=None, description="Sent in UTF-8, with the Content-Type of headers.")
    headers: dict[FieldName, FieldValues] = Field(
        default_factory=dict, description="Fields of the answer; a list gives several of one name."
    )

    @property
    def has_json(self) -> bool:
        """Whether ``json`` was given; ``json: null`` is a body, too."""
        return "json_" in self.model_fields_set

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        given = [*["json"] * self.has_json, *["text"] * (self.text is not None), *["body"] * (self.body is not None)]
        if len(given) > 1:
            raise ValueError(f"{' and '.join(given)} exclude each other. Keep one of json, text and body")
        # RFC 9110 15.3.5, 15.3.6 and 15.4.5.
        if given and self.status in _STATUS_WITHOUT_BODY:
            raise ValueError(f"a {self.status} has no body. Remove {given[0]}, or choose another status")
        _refuse_twins("headers", self.headers)
        return self


class _FieldChanges(_Settings):
    """Changes to the fields of one message, in this order: keep, remove, set, add."""

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        changes: dict[str, Any] = dict(self)
        _refuse_twins("set", changes["set"])
        _refuse_twins("add", changes["add"])
        removed = {name.lower() for name in changes["remove"]}
        for name in changes["keep"] or ():
            if name.lower() in removed:
                raise ValueError(f"{name} is both kept and removed. Leave it out of keep")
        for name in changes["set"]:
            if name.lower() in removed:
                raise ValueError(f"{name} is both set and removed. Keep set, which replaces what is there, or remove")
        return self


class RequestFieldChanges(_FieldChanges):
    """Changes to the request's fields before it is forwarded."""

    set: dict[RequestFieldName, FieldTexts] = Field(
        default_factory=dict, description="Replace every line of a name; a value may hold {claims.email} and the like."
    )
    add: dict[RequestFieldName, FieldTexts] = Field(
        default_factory=dict, description="Append, whatever is there; values as with set."
    )
    remove: tuple[RequestFieldName, ...] = Field(default=(), description="Drop every line of a name.")
    keep: tuple[RequestFieldName, ...] | None = Field(
        default=None,
        description="Drop every field that is not listed, but for those that describe the content and those that the "
        "gateway itself writes.",
    )


class ResponseFieldChanges(_FieldChanges):
    """Changes to the response's fields before it is sent."""

    set: dict[FieldName, FieldTexts] = Field(
        default_factory=dict, description="Replace every line of a name; a value may hold {claims.email} and the like."
    )
    add: dict[FieldName, FieldTexts] = Field(
        default_factory=dict, description="Append, whatever is there; values as with set."
    )
    remove: tuple[FieldName, ...] = Field(default=(), description="Drop every line of a name.")
    keep: tuple[FieldName, ...] | None = Field(
        default=None,
        description="Drop every field that is not listed, but for those that describe the content and those that the "
        "gateway itself writes.",
    )


class HeadersConfig(MiddlewareConfig):
    """``use: headers``: changes to header fields, each way."""

    request: RequestFieldChanges = RequestFieldChanges()
    response: ResponseFieldChanges = ResponseFieldChanges()

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if self.request == RequestFieldChanges() and self.response == ResponseFieldChanges():
            raise ValueError("nothing to change. Write request or response with set, add, remove or keep")
        return self
