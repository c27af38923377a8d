"""The schemas of an OpenAPI document, gathered into one set.

In: walking schemas through all references, so that each is converted once, circles included. Not in: what the words of
the two versions mean (``document.dialect``) and compiling (``check.schema``).
"""

from __future__ import annotations

from typing import Any

from vizgate.validation.check.pointer import write_pointer
from vizgate.validation.check.schema import BadSchema, SchemaSet, check_meta, check_pattern
from vizgate.validation.document.dialect import LISTS, MAPS, PLAIN, REFUSED, SINGLE, Schema, bounded, from_30
from vizgate.validation.document.references import References, Spot, is_reference

_MAX_PARTS = 120
_DIALECTS = frozenset(
    {"https://json-schema.org/draft/2020-12/schema", "https://spec.openapis.org/oas/3.1/dialect/base"}
)


class SchemaBundle:
    """Schemas that messages of one direction are checked against.

    Args: is_30: whether they are written as OpenAPI 3.0 has them. not_sent: ``readOnly`` for requests, ``writeOnly``
    for responses: a property with it need not be there though it is ``required``.
    """

    def __init__(self, references: References, *, is_30: bool, not_sent: str) -> None:
        self._references = references
        self._is_30 = is_30
        self._not_sent = not_sent
        self._names: dict[tuple[str, tuple[str, ...]], str] = {}
        self._spots: dict[str, Spot] = {}
        #: Every schema by its name; they refer to each other as ``#/$defs/NAME``.
        self.schemas: dict[str, Any] = {}

    def add(self, spot: Spot) -> str:
        """The name of the schema at *spot*, which is taken in with everything that it refers to."""
        known = self._names.get(spot.key)
        if known is not None:
            return known
        name = f"s{len(self._names)}"
        self._names[spot.key] = name
        self._spots[name] = spot
        # A place for it first: a schema may refer to itself.
        self.schemas[name] = True
        schema = self._converted(spot)
        try:
            check_meta(schema)
            self.schemas[name] = schema
        except BadSchema as exc:
            place = (*spot.parts, *map(str, exc.path))
            self._references.problems.add(spot.file.name, f"#{write_pointer(place)}", f"not a schema: {exc}. Mend it")
        return name

    def compiled(self) -> SchemaSet:
        """All of them, to be called once everything was added."""
        return SchemaSet(self.schemas)

    def place_of(self, name: str) -> Spot:
        """Where the schema called *name* stands."""
        return self._spots[name]

    def _converted(self, spot: Spot) -> Any:
        value = spot.value
        if isinstance(value, bool) and not self._is_30:
            return value
        if not isinstance(value, dict):
            self._references.tell(spot, "a schema is a mapping. Write one, for example {type: string}")
            return True
        if len(spot.parts) > _MAX_PARTS:
            self._references.tell(spot, "schemas are nested too deep. Use $ref")
            return True
        self._refuse(spot)
        if self._is_30:
            value = from_30(value)
        schema = self._keywords(Spot(spot.file, spot.parts, value))
        if is_reference(value):
            target = self._references.target(Spot(spot.file, spot.parts, value))
            if target is not None:
                schema["$ref"] = f"#/$defs/{self.add(target)}"
        return bounded(self._without_unsent(spot, schema))

    def _refuse(self, spot: Spot) -> None:
        for keyword in REFUSED & spot.value.keys():
            self._references.tell(spot, f"{keyword} is not supported here. Refer to schemas by file and JSON pointer")
        dialect = spot.value.get("$schema")
        if dialect is not None and str(dialect).rstrip("#") not in _DIALECTS:
            self._references.tell(spot, "only the dialect of OpenAPI and JSON Schema 2020-12 are read. Remove $schema")

    def _keywords(self, spot: Spot) -> Schema:
        schema: Schema = {}
        for keyword, child in spot.children():
            if keyword in PLAIN:
                schema[keyword] = child.value
                if keyword == "pattern" and isinstance(child.value, str):
                    self._check_pattern(child, child.value)
            elif keyword in SINGLE:
                schema[keyword] = self._inner(child, may_be_flag=keyword == "additionalProperties")
            elif keyword in LISTS and isinstance(child.value, list):
                schema[keyword] = [self._inner(item) for item in child.items()]
            elif keyword in MAPS and isinstance(child.value, dict):
                schema[keyword] = {name: self._inner(item) for name, item in child.children()}
                for name, item in child.children() if keyword == "patternProperties" else ():
                    self._check_pattern(item, name)
            elif keyword in LISTS or keyword in MAPS:
                self._references.tell(child, f"{keyword} is not a {'list' if keyword in LISTS else 'mapping'}. Mend it")
        return schema

    def _inner(self, spot: Spot, *, may_be_flag: bool = False) -> Any:
        if may_be_flag and isinstance(spot.value, bool):
            return spot.value
        return self._converted(spot)

    def _check_pattern(self, spot: Spot, pattern: str) -> None:
        try:
            check_pattern(pattern)
        except BadSchema:
            self._references.tell(spot, f"the pattern {pattern[:60]!r} is not a regular expression. Mend it")

    def _without_unsent(self, spot: Spot, schema: Schema) -> Schema:
        """*schema*, which does not require what this direction does not have."""
        required, properties = schema.get("required"), spot.child("properties")
        if not isinstance(required, list) or properties is None:
            return schema
        unsent = {name for name, item in properties.children() if name in required and self._is_unsent(item)}
        if not unsent:
            return schema
        return {**schema, "required": [name for name in required if name not in unsent]}

    def _is_unsent(self, spot: Spot) -> bool:
        if isinstance(spot.value, dict) and spot.value.get(self._not_sent) is True:
            return True
        target = self._references.follow(spot) if is_reference(spot.value) else None
        return target is not None and isinstance(target.value, dict) and target.value.get(self._not_sent) is True
