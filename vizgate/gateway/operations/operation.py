"""What an operator can ask of a running gateway, as a value: a name, JSON arguments, a JSON answer.

In: ``Operation``, ``Operator``, ``OperationRefused``. Not in: which operations there are (``operations.table``), who
may ask and over what (``gateway.admin``).

The admin listener, the commands (over the admin listener) and the supervisor of several workers all go through it.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict

from vizgate.errors import VizgateError
from vizgate.gateway.operations.operated import Operated

#: JSON values by name: those of the path as texts, and those of the body.
Arguments = Mapping[str, Any]
#: A JSON object.
Document = dict[str, Any]

#: What an order is about, the general first: ``("limit", "login", "premium")``.
Key = tuple[str, ...]

Perform = Callable[[Operated, Arguments], Awaitable[Document]]
Merge = Callable[[Sequence[Document]], Document]

_PARAMETER = re.compile(r"\{([a-z]+)(\+?)\}")


class OperationRefused(VizgateError):
    """What was asked for cannot be done, and nothing was.

    ``status``: as in HTTP. ``reason``: for people. ``problems``: every one, where there may be several.
    """

    def __init__(self, status: int, reason: str, problems: Sequence[str] = ()) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.problems = tuple(problems)


class BodyModel(BaseModel):
    """What a request says in its body. Unknown members are refused, and no value is repeated in an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, populate_by_name=True)


class AnswerModel(BaseModel):
    """What an answer says; for the description of the API."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


def first(documents: Sequence[Document]) -> Document:
    """Of workers that all answer the same, what one of them says."""
    return documents[0]


def _nowhere(arguments: Arguments) -> Key | None:  # noqa: ARG001  # the signature of ``standing``
    return None


def _as_they_are(arguments: Arguments, wall_s: float) -> Arguments:  # noqa: ARG001  # the signature of ``settle``
    return arguments


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One row of the table that the API, its description and its documentation are made from.

    ``path``: a template; ``{name}`` is one segment, ``{name+}`` one or more. ``perform``: done in a process that
    serves; raises OperationRefused. A change gives what ``changed`` makes. ``merge``: the answers of several workers as
    one. ``is_change``: whether it needs the role of an operator, and leaves a line in the audit log.

    ``settle``: makes of "for an hour" a point in time (seconds since the epoch) before anybody is asked, so that it
    means the same wherever and whenever it is done. ``standing``: the key under which it is remembered for workers that
    start later, None for not at all. ``is_undo``: whether afterwards there is nothing to be remembered under that key
    and those that begin with it. ``until_reload``: whether a reload ends it.
    """

    name: str
    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: str
    summary: str
    perform: Perform
    answer: type[BaseModel]
    description: str = ""
    body: type[BodyModel] | None = None
    merge: Merge = first
    is_change: bool = False
    settle: Callable[[Arguments, float], Arguments] = _as_they_are
    standing: Callable[[Arguments], Key | None] = _nowhere
    is_undo: bool = False
    #: Has it hold once what it is about is there, in a process that does not know of that yet; None where that is idle.
    later: Callable[[Operated, Arguments], None] | None = None
    until_reload: bool = False
    #: Why it may be refused, by status, beside what may happen to every request.
    refusals: Mapping[int, str] = field(default_factory=dict)

    @property
    def parameters(self) -> list[str]:
        """The names in ``path``, in order."""
        return [found[1] for found in _PARAMETER.finditer(self.path)]

    @property
    def shown_path(self) -> str:
        """``path`` as OpenAPI writes it."""
        return _PARAMETER.sub(r"{\1}", self.path)

    def __repr__(self) -> str:
        return f"<Operation {self.name}: {self.method} {self.shown_path}>"


class Operator(Protocol):
    """Whoever does operations: in this process (``operations.local``), or in all workers at once."""

    async def perform(self, name: str, arguments: Arguments) -> Document:
        """The answer to the operation *name*. Raises: OperationRefused: it cannot be done, and nothing was."""
        ...


def changed(before: object, after: object, answer: Document) -> Document:
    """What a change gives: JSON values of what was and of what is now, for the audit log, and what the client gets."""
    return {"before": before, "after": after, "answer": answer}


def merge_changes(merge_answers: Merge = first) -> Merge:
    """Merges what ``changed`` made. Where workers differ, all of what was is told."""

    def merge(documents: Sequence[Document]) -> Document:
        answer = merge_answers([document["answer"] for document in documents])
        before, after = (_one_or_all([document[key] for document in documents]) for key in ("before", "after"))
        return changed(before, after, answer)

    return merge


def _one_or_all(values: list[Any]) -> Any:
    return values[0] if all(value == values[0] for value in values) else values
