"""The description of the operations, and the page that is made of the same."""

from __future__ import annotations

import json
from pathlib import Path

from vizgate.config import load_text
from vizgate.gateway.operations.openapi import openapi_document, refusals_of
from vizgate.gateway.operations.reference import operations_markdown
from vizgate.gateway.operations.table import OPERATIONS
from vizgate.gateway.server import Gateway

DOCUMENT = openapi_document(OPERATIONS.values())


def test_document_can_be_validated_against(tmp_path: Path) -> None:
    """It is one that ``validate`` of a route takes: every reference leads somewhere, every schema compiles."""
    file = tmp_path / "admin.json"
    file.write_text(json.dumps(DOCUMENT))
    Gateway(
        load_text(
            f"services: {{a: {{targets: ['http://127.0.0.1:1'], validate: {{openapi: '{file}'}}}}}}\n"
            "routes: [{match: {path: /*}, service: a}]"
        )
    )


def test_every_operation_is_described() -> None:
    """Under its own name, with the statuses that it may be answered with."""
    described = {
        operation["operationId"]: operation for path in DOCUMENT["paths"].values() for operation in path.values()
    }
    assert list(OPERATIONS) == sorted(described, key=list(OPERATIONS).index)
    for name, operation in OPERATIONS.items():
        statuses = {"200", *map(str, refusals_of(operation))}
        assert statuses == set(described[name]["responses"]), name
        assert ("requestBody" in described[name]) == (operation.body is not None), name
        assert operation.parameters == [found["name"] for found in described[name].get("parameters", [])], name


def test_page_has_a_section_for_each_operation_and_each_answer() -> None:
    """And no link that leads nowhere."""
    page = operations_markdown(OPERATIONS.values())
    headings = {line.lstrip("# ").replace(" ", "-") for line in page.splitlines() if line.startswith("#")}
    links = {part.partition(")")[0] for part in page.split("](#")[1:]}
    assert set(OPERATIONS) <= headings
    assert set() == links - headings


def test_every_answer_says_what_its_members_mean() -> None:
    """So do bodies."""
    for name, schema in DOCUMENT["components"]["schemas"].items():
        if name != "Problem":
            silent = [member for member, said in schema["properties"].items() if not said.get("description")]
            assert [] == silent, name
