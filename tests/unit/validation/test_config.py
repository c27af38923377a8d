"""What may stand under ``validate``."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path

import pytest
from pydantic import ValidationError

from vizgate.config import ConfigError, load_text
from vizgate.validation.config import ValidationConfig

API = "openapi: 3.1.0\npaths: {/x: {get: {}}}\n"
GATEWAY = """
services: {{s: {{builtin: echo, validate: {service}}}}}
routes:
  - {{match: {{path: /x}}, service: s{route}}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "api.yaml").write_text(API)
    (tmp_path / "bad.yaml").write_text("openapi: 3.1.0\npaths: {x: {get: {}}, /y: {get: 1}}\n")
    (tmp_path / "schema.json").write_text('{"type": "object"}')
    (tmp_path / "bad.json").write_text('{"type": "objekt"}')
    return tmp_path


def load(folder: Path, service: str, route: str = "") -> list[str]:
    try:
        load_text(GATEWAY.format(service=service, route=route), "v.yaml", base=folder)
    except ConfigError as exc:
        return [str(problem) for problem in exc.problems]
    return []


@pytest.mark.parametrize(
    "settings",
    [
        "{openapi: api.yaml}",
        "{openapi: api.yaml, mode: report, responses: true, body_limit: 2MiB, base_path: /api, unknown_paths: allow}",
        "{openapi: api.yaml, additional_query: refuse}",
        "{schema: schema.json, mode: report, body_limit: 1KiB}",
        "{mode: off}",
        "{mode: off, openapi: bad.yaml}",
    ],
)
def test_settings_are_read(folder: Path, settings: str) -> None:
    """A document or a schema, and how strictly."""
    assert [] == load(folder, settings)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ("{}", "exactly one of openapi and schema"),
        ("{openapi: api.yaml, schema: schema.json}", "exactly one of openapi and schema"),
        ("{schema: schema.json, responses: true}", "responses has no effect without openapi"),
        ("{openapi: api.yaml, base_path: api}", "must begin with a slash"),
        ("{openapi: none.yaml}", "cannot read the file"),
        ("{openapi: api.yaml, mode: of}", "mode: must be one of"),
        ("{schema: bad.json}", "v.yaml:2:50 services.s.validate.schema: bad.json#/type: not a schema"),
        ("{openapi: bad.yaml}", "v.yaml:2:51 services.s.validate.openapi: 2 problems:\n  bad.yaml#/paths/x: "),
    ],
)
def test_mistakes_are_told_at_their_place(folder: Path, settings: str, problem: str) -> None:
    """Mistakes in the YAML and in the files that it names, all of a file at once."""
    (found,) = load(folder, settings)
    assert problem in found


def test_problems_of_all_parts_are_told_at_once(folder: Path) -> None:
    """A bad document hides neither another one nor anything else."""
    found = load(folder, "{openapi: bad.yaml}", ", validate: {schema: bad.json}}\n  - {match: {path: /y}, service: t")
    assert 3 == len(found)


def test_document_is_compiled_once_for_all_parts_that_name_it(folder: Path) -> None:
    """Routes and services of one configuration share what they name."""
    text = GATEWAY.format(service="{openapi: api.yaml}", route=", validate: {openapi: api.yaml, mode: report}")
    config = load_text(text, base=folder)
    one, other = config.services["s"].validation, config.routes[0].validation
    assert one is not None
    assert other is not None
    assert one.document is not None
    assert one.document is other.document


def test_configurations_of_one_text_are_equal(folder: Path) -> None:
    """Though each has compiled the document on its own."""
    text = GATEWAY.format(service="{openapi: api.yaml}", route="")
    one, other = (load_text(text, base=folder) for _ in range(2))
    assert one == other
    assert hash(one.services["s"].validation) == hash(other.services["s"].validation)


def test_settings_go_to_other_processes(folder: Path) -> None:
    """There the document is read again; a copy here shares it."""
    one = ValidationConfig(openapi=folder / "api.yaml", mode="report")
    other = pickle.loads(pickle.dumps(one))  # noqa: S301  # made a moment ago
    assert one == other
    assert other.document is not None
    assert one is copy.deepcopy(one)


def test_settings_made_in_python_read_their_document(folder: Path) -> None:
    """No YAML is needed."""
    assert ValidationConfig(openapi=folder / "api.yaml").document is not None
    with pytest.raises(ValidationError, match="not a schema"):
        ValidationConfig(schema=folder / "bad.json")
