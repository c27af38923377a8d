"""JSON Schemas in files, for bodies of routes without an OpenAPI document.

In: ``read_schema``. Not in: compiling (``check.schema``), and schemas inside of documents (``document.schemas``).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from vizgate.validation.check.pointer import write_pointer
from vizgate.validation.check.schema import BadSchema, SchemaCheck, compile_schema, library
from vizgate.validation.document.files import FileRefused, Folder
from vizgate.validation.document.problems import DocumentError, DocumentProblem, Problems

_BASE = "vizgate:///"


def read_schema(path: Path, seen: set[Path] | None = None) -> SchemaCheck:
    """The schema at *path*, YAML or JSON, of the draft that its ``$schema`` names; without it 2020-12.

    Its references lead to files beside it, also where an ``$id`` gives it an address on the
    network: nothing is fetched.

    Raises: DocumentError: with every problem. SchemaLibraryMissing.
    """
    library()
    problems = Problems()
    folder = Folder(path, problems, seen)
    schema = folder.main.value
    if not isinstance(schema, (dict, bool)):
        problems.add(folder.main.name, "#", "a schema is a mapping. Write one, for example {type: object}")
    problems.raise_any()
    base = _base_of(schema)
    try:
        return compile_schema(schema, base, lambda uri: _retrieve(uri, base, folder))
    except BadSchema as exc:
        place = f"#{write_pointer(exc.path)}"
        raise DocumentError([DocumentProblem(folder.main.name, place, f"not a schema: {exc}. Mend it")]) from None
    finally:
        problems.raise_any()


def _base_of(schema: Any) -> str:
    """The URI of the folder that *schema* takes itself to be in."""
    identity = schema.get("$id") if isinstance(schema, dict) else None
    return urljoin(str(identity), ".") if isinstance(identity, str) and urlsplit(identity).scheme else _BASE


def _retrieve(uri: str, base: str, folder: Folder) -> Any:
    """The schema at *uri*. Raises: FileRefused: it is not one of the files beside the first."""
    if not uri.startswith(base):
        raise FileRefused("leads to another host or scheme, and nothing is fetched. Put a copy beside the schema")
    return folder.open(folder.main, uri.removeprefix(base).partition("#")[0]).value
