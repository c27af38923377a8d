"""An OpenAPI document, compiled.

In: ``ApiDocument``: reading it, with every problem at once, and its table of paths. Not in: checking messages
(``openapi.operation``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vizgate.validation.check.schema import BadSchema, library
from vizgate.validation.document.files import Folder
from vizgate.validation.document.keys import OPERATION, PATH_ITEM, check_keys
from vizgate.validation.document.problems import Problems
from vizgate.validation.document.references import References, Spot
from vizgate.validation.openapi.bodies import body_plan, response_plan
from vizgate.validation.openapi.direction import Direction, Later
from vizgate.validation.openapi.operation import Operation, ResponsePlan
from vizgate.validation.openapi.parameters import parameters_of
from vizgate.validation.openapi.paths import BadTemplate, PathTable
from vizgate.validation.openapi.servers import prefixes_of
from vizgate.validation.parameters.styles import STYLES

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_VERSIONS = ("3.0", "3.1")


@dataclass(frozen=True, slots=True)
class PathItem:
    """What may be done with one path. ``allow``: the methods, for an Allow field."""

    template: str
    prefixes: tuple[str, ...]
    operations: Mapping[str, Operation]

    @property
    def allow(self) -> str:
        """The methods that are taken; HEAD goes with GET."""
        methods = set(self.operations) | ({"HEAD"} if "GET" in self.operations else set())
        return ", ".join(sorted(methods))

    def operation(self, method: str) -> Operation | None:
        """What *method* does; None when the document does not say."""
        found = self.operations.get(method)
        return self.operations.get("GET") if found is None and method == "HEAD" else found


@dataclass(frozen=True, slots=True)
class ApiDocument:
    """The operations of a document. ``path``: of its file."""

    path: Path
    items: tuple[PathItem, ...]

    def table(self, base_path: str | None) -> PathTable[PathItem]:
        """Everything by the path that a client asks for.

        Args: base_path: what stands before the document's paths; None for what its ``servers`` say.
        Raises: BadTemplate: two templates stand for the same paths.
        """
        table: PathTable[PathItem] = PathTable()
        if base_path is None:
            for item in self.items:
                for prefix in item.prefixes:
                    table.add(prefix, item.template, item)
            return table
        # Operations of one path that differ in their servers stand together now.
        together: dict[str, dict[str, Operation]] = {}
        for item in self.items:
            together.setdefault(item.template, {}).update(item.operations)
        for template, operations in together.items():
            table.add(base_path.rstrip("/"), template, PathItem(template, (base_path,), operations))
        return table

    def __repr__(self) -> str:
        return f"<ApiDocument {self.path.name} [{len(self.items)} paths]>"


def read_document(path: Path, *, responses: bool = False, seen: set[Path] | None = None) -> ApiDocument:
    """The document at *path*. Args: responses: whether responses are to be checked, too. seen: see ``Folder``.

    Raises: DocumentError: with every problem. SchemaLibraryMissing.
    """
    library()
    problems = Problems()
    references = References(Folder(path, problems, seen), problems)
    version = _version(references)
    problems.raise_any()
    # Everything is read before anything is compiled, so that problems of all parts are told together.
    unmade = list(_Reader(references, is_30=version == "3.0", responses=responses).items())
    problems.raise_any()
    items = []
    for item in unmade:
        with suppress(BadSchema):  # it is told already
            items.append(item.made())
    problems.raise_any()
    return ApiDocument(path, tuple(items))


def _version(references: References) -> str:
    root = references.root
    value = root.value.get("openapi") if isinstance(root.value, dict) else None
    version = str(value)[:3]
    if version not in _VERSIONS:
        hint = "Swagger 2.0 must be converted" if isinstance(root.value, dict) and "swagger" in root.value else ""
        references.tell(root, f"not an OpenAPI document of version 3.0 or 3.1. {hint or 'Write openapi: 3.1.1 first'}")
    elif not isinstance(root.value.get("paths", {}), dict):
        references.tell(root, "paths is not a mapping. Write paths: {/users: {get: ...}}")
    return version


@dataclass(frozen=True, slots=True)
class _Unmade:
    """A path item that was read; its operations are made when all are."""

    template: str
    prefixes: tuple[str, ...]
    operations: Mapping[str, Later[Operation]]

    def made(self) -> PathItem:
        """Raises: BadSchema: a schema of it cannot be compiled."""
        return PathItem(self.template, self.prefixes, {method: make() for method, make in self.operations.items()})


class _Reader:
    """Reads the path items of a document."""

    def __init__(self, references: References, *, is_30: bool, responses: bool) -> None:
        self._references = references
        self._requests = Direction(references, is_30=is_30, not_sent="readOnly")
        self._responses = Direction(references, is_30=is_30, not_sent="writeOnly") if responses else None
        self._templates: PathTable[None] = PathTable()
        self._key_names = frozenset(_key_names(references))

    def items(self) -> Iterator[_Unmade]:
        """Every path item, to be made when all are read."""
        root = self._references.root
        prefixes = self._prefixes(root, ("",))
        paths = root.child("paths")
        for template, spot in paths.children() if paths is not None else ():
            found = self._references.follow(spot) if not template.startswith("x-") else None
            if found is None:
                continue
            if not isinstance(found.value, dict):
                self._references.tell(found, "a path item is a mapping of methods. Write {get: ...}")
                continue
            yield from self._path_item(template, found, prefixes)

    def _prefixes(self, spot: Spot, outer: tuple[str, ...]) -> tuple[str, ...]:
        """What the ``servers`` of *spot* say; *outer* where there are none."""
        servers = spot.child("servers")
        try:
            return outer if servers is None else prefixes_of(servers.value)
        except ValueError as exc:
            self._references.tell(servers or spot, str(exc))
            return outer

    def _path_item(self, template: str, spot: Spot, outer: tuple[str, ...]) -> Iterator[_Unmade]:
        check_keys(spot, PATH_ITEM, self._references)
        prefixes = self._prefixes(spot, outer)
        # Operations with servers of their own stand under other paths than the rest of the item.
        groups: dict[tuple[str, ...], dict[str, Later[Operation]]] = {}
        for method in METHODS:
            operation = spot.child(method)
            if operation is None:
                continue
            if not isinstance(operation.value, dict):
                self._references.tell(operation, "an operation is a mapping. Write {responses: ...}")
                continue
            own = self._prefixes(operation, prefixes)
            groups.setdefault(own, {})[method.upper()] = self._operation(method.upper(), template, spot, operation)
        for own, operations in (groups or {prefixes: {}}).items():
            self._check_template(template, own, spot)
            yield _Unmade(template, own, operations)

    def _check_template(self, template: str, prefixes: tuple[str, ...], spot: Spot) -> None:
        for prefix in prefixes:
            try:
                self._templates.add(prefix, template, None)
            except BadTemplate as exc:
                self._references.tell(spot, f"the path {template[:80]!r} {exc}")

    def _operation(self, method: str, template: str, item: Spot, spot: Spot) -> Later[Operation]:
        references, requests = self._references, self._requests
        check_keys(spot, OPERATION, references)
        lists = [item.child("parameters"), spot.child("parameters")]
        parameters = parameters_of(lists, template, references, requests)
        body = body_plan(spot.child("requestBody"), references, requests)
        responses = self._response_plans(spot.child("responses"))

        def make() -> Operation:
            made = [later() for later in parameters]
            by_place: dict[str, Any] = {
                place: tuple(item.parameter for item in made if item.parameter.place == place) for place in STYLES
            }
            names = frozenset(name for item in made for name in item.query_names) | self._key_names
            plans = {status: later() for status, later in responses.items()}
            return Operation(f"{method} {template}", **by_place, query_names=names, body=body(), responses=plans)

        return make

    def _response_plans(self, spot: Spot | None) -> dict[str, Later[ResponsePlan]]:
        """The responses at *spot* by status, if they are asked for."""
        if self._responses is None or spot is None:
            return {}
        return {
            status.replace("x", "X"): response_plan(response, self._references, self._responses)
            for status, response in spot.children()
            if not status.startswith("x-")
        }


def _key_names(references: References) -> Iterator[str]:
    """The names of API keys in queries: they are no parameters, but known."""
    components = references.root.child("components")
    schemes = None if components is None else components.child("securitySchemes")
    for _, spot in schemes.children() if schemes is not None else ():
        found = references.follow(spot)
        value = None if found is None else found.value
        if isinstance(value, dict) and value.get("type") == "apiKey" and value.get("in") == "query":
            yield str(value.get("name"))
