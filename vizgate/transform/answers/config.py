"""What the YAML may say about other statuses and other pages.

In: ``StatusMapConfig``, ``ErrorPagesConfig``. Not in: acting on them (the modules beside this).
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from vizgate.extension.contract import MiddlewareConfig
from vizgate.extension.values.fields import ExistingFile, Flag, Integer
from vizgate.message.headers import encode_value
from vizgate.units import MIB, format_size

_MAX_FILE_BYTES = MIB
_STATUS_OR_CLASS = re.compile(r"[2-5](?:[0-9]{2}|xx)")
_MEDIA_TYPE = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+/[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:;.*)?")
# RFC 9110 15.3.5, 15.3.6, 15.3.7 and 15.4.5: these say what content there is, or that there is none.
_ABOUT_CONTENT = frozenset({204, 205, 206, 304})


def _key(value: Any) -> Any:
    """404 and "404" are the same key."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _status_or_class(text: str) -> str:
    if _STATUS_OR_CLASS.fullmatch(text) is None:
        raise ValueError(f"{text!r} is neither a status nor a class of them. Write for example 404 or 5xx")
    return text


def _error_or_class(text: str) -> str:
    if text[0] not in "45":
        raise ValueError(f"{text} is no error. Write for example 404 or 5xx")
    return text


def _plain_status(status: int) -> int:
    if status in _ABOUT_CONTENT:
        raise ValueError(f"{status} says something about the content, which would not be true. Choose another status")
    return status


def _media_type(text: str) -> str:
    if _MEDIA_TYPE.fullmatch(text) is None:
        raise ValueError(f"{text!r} is not a media type. Write for example text/html; charset=utf-8")
    encode_value(text)
    return text


StatusOrClass = Annotated[str, BeforeValidator(_key), AfterValidator(_status_or_class)]


class StatusMapConfig(MiddlewareConfig):
    """``use: status_map``: the client is told another status than the service has answered with."""

    map: Annotated[
        dict[StatusOrClass, Annotated[Integer, Field(ge=200, le=599), AfterValidator(_plain_status)]],
        Field(min_length=1),
    ] = Field(description="Status or class (`404`, `5xx`) to the status that the client gets; a status goes first.")


class PageConfig(BaseModel):
    """A page: one of file, text and json."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: ExistingFile | None = Field(default=None, description="Read when the configuration is.")
    text: str | None = Field(default=None, description="The page itself.")
    #: Named apart from pydantic's own ``json``; it is ``json`` in the YAML and as an argument.
    json_: Any = Field(default=None, alias="json", description="Any value, sent as application/json.")
    type: Annotated[str, AfterValidator(_media_type)] | None = Field(
        default=None, description="Its Content-Type. Default: by the name of the file, else text/plain."
    )

    @property
    def has_json(self) -> bool:
        """Whether ``json`` was given; ``json: null`` is a page, too."""
        return "json_" in self.model_fields_set

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        given = (self.file is not None) + (self.text is not None) + self.has_json
        if given != 1:
            raise ValueError("a page has exactly one of file, text and json")
        if self.file is not None and self.file.stat().st_size > _MAX_FILE_BYTES:
            raise ValueError(f"the page '{self.file}' is over {format_size(_MAX_FILE_BYTES)}. Write a shorter one")
        return self


class ErrorPagesConfig(MiddlewareConfig):
    """``use: error_pages``: other pages for errors than problem documents."""

    pages: Annotated[
        dict[Annotated[StatusOrClass, AfterValidator(_error_or_class)], PageConfig], Field(min_length=1)
    ] = Field(
        description="Status or class (`404`, `5xx`) to page; a status goes first. `{status}` and `{request.id}` in it "
        "are filled in."
    )
    upstream: Flag = Field(default=False, description="Errors that services answer with get the page, too.")
