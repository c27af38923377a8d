"""The reference of all keys as Markdown."""

from __future__ import annotations

import re

import pytest

from vizgate.config import reference_markdown
from vizgate.config.text import yaml_reader
from vizgate.config.text.nodes import Mapping, Node, Sequence


@pytest.fixture(scope="module")
def reference() -> str:
    return reference_markdown()


def test_reference_rows_are_of_four_cells(reference: str) -> None:
    """Every row of every table has as many cells as its head, so that Markdown shows all of them."""
    widths = {len(re.split(r"(?<!\\)\|", line)) - 2 for line in reference.splitlines() if line.startswith("|")}
    assert widths == {4, 2}


@pytest.mark.parametrize(
    "row",
    [
        "| `server.limits.head` | size | `64KiB` | ",
        "| `server.limits.head_timeout` | duration above 0 | `10s` | ",
        "| `server.limits.headers` | integer, 1 to 10000 | `100` | ",
        "| `server.listen` | address or unix:path or mapping or list of address or unix:path or mapping | ",
        "| `server.listen[].address` | address or unix:path |  | ",
        "| `server.listen[].tls.min_version` | `1.2`, `1.3` | `1.3` | ",
        "| `server.admin` | `off` or address or unix:path | `127.0.0.1:9900` | ",
        "| `services.NAME.targets[].url` | URL |  | ",
        "| `services.NAME.balancer` | `round_robin`, `weighted`, `least_connections`, ",
        "| `services.NAME.balancer.hash.load` | number, 1.0 to 10.0 | `1.25` | ",
        "| `services.NAME.tls.verify` | true, false | `true` | ",
        "| `routes[].match.headers.NAME.regex` | text |  | ",
        "| `routes[].timeout` | duration | `0s` | ",
        "| `observe.access_log.sample` | share | `100%` | ",
        "| `observe.metrics.buckets` | list of number | `[0.005, 0.01, ",
        "| `routes[].split[].weight` | integer, 0 to 10000 | `0` | ",
    ],
)
def test_reference_has_path_type_and_default(reference: str, row: str) -> None:
    """A row tells where a key stands, what it may be, and what it is when left out."""
    assert f"\n{row}" in reference


def paths(node: Node, path: str = "") -> set[str]:
    if isinstance(node, Mapping):
        return {
            inner for key, child in node.entries.items() for inner in paths(child, f"{path}.{key}" if path else key)
        }
    if isinstance(node, Sequence):
        return {inner for child in node.items for inner in paths(child, f"{path}[]")} or {path}
    return {path}


def test_reference_has_every_key_of_the_sample(reference: str, sample: str) -> None:
    """No key of the sample is left out."""
    root = yaml_reader.read(sample, "f").root
    assert root is not None
    free = re.compile(
        r"^(routes\[\]\.(middleware\[\]|respond\.json|match\.(headers|query)|claims)|tests\[\]\.expect\.params"
        r"|identity_headers\.claims)\."
    )
    for path in paths(root):
        if not free.match(path):
            key = re.sub(r"^(services|versions|auth)\.\w+", r"\1.NAME", path).removesuffix("[]")
            key = key.replace(".subjects.scheduler", ".subjects.NAME")
            assert f"| `{key}` |" in reference
