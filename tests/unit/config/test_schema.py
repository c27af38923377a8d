"""JSON Schema of the YAML, for editors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from vizgate.config import GatewayConfig, json_schema, load_text
from vizgate.config.schema import models_of
from vizgate.config.text import yaml_reader
from vizgate.config.text.nodes import to_plain

Schema = dict[str, Any]


@pytest.fixture(scope="module")
def schema() -> Schema:
    return json_schema()


@pytest.fixture(scope="module")
def validator(schema: Schema) -> Draft202012Validator:
    return Draft202012Validator(schema)


def values(text: str) -> Any:
    root = yaml_reader.read(text, "f").root
    assert root is not None
    return to_plain(root)


def faults(validator: Draft202012Validator, text: str) -> list[str]:
    return [f"{error.json_path} {error.message}" for error in validator.iter_errors(values(text))]


def test_schema_is_one(schema: Schema) -> None:
    """It is valid under the dialect it names, and can be written as JSON."""
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(schema)
    assert json.loads(json.dumps(schema)) == schema


def test_sample_is_valid(validator: Draft202012Validator, sample: str) -> None:
    """What the loader takes is valid."""
    assert faults(validator, sample) == []


FORMS = [
    "services: {a: {discovery: {kind: dns, name: a, port: 80}, targets: [{url: https://a, server_name: b}]}}",
    "services: {a: {discovery: {kind: dns, name: a, record: SRV, min_interval: 2s, on_empty: accept}}}",
    "services: {a: {discovery: {kind: file, path: a, at: x.y, on_start: require, start_timeout: 1s}}}",
    "services: {a: {discovery: {kind: http, url: 'http://a/', token: '${TOKEN:-x}', interval: '${I:-5s}'}}}",
    "services: {a: {discovery: {kind: kubernetes, service: a, port: http, watch_for: 1m}}}",
    "services: {a: {discovery: {kind: 'a.b:C', x: [1]}}}",
    "server: {listen: 127.0.0.1:80, admin: off}",
    "server: {listen: [{address: 127.0.0.1:80}, '[::1]:80']}",
    "server: {listen: {address: 127.0.0.1:80}}",
    "server: {trusted_proxies: [10.0.0.0/8, 127.0.0.1], public_endpoints: [health, metrics]}",
    "server: {limits: {head: 1024, body: 0, head_timeout: 1.5m, headers: '${N:-5}'}, shutdown_timeout: 0}",
    "services: {a: {targets: [HTTP://a, {url: 'https://[::1]:8/', weight: 2}], balancer: weighted}}",
    "services: {a: {targets: [http://a], balancer: {hash: {on: 'header:X-User', load: 2}}}}",
    "services: {a: {targets: [http://a], balancer: {hash: {on: '${ON:-ip}'}}, affinity: {cookie: A, max_age: 1h}}}",
    "services: {a: {targets: [http://a], balancer: {use: 'a.b:C', x: 1}}}",
    "services: {a: {targets: [{url: http://a, priority: 1, zone: '${Z:-}'}], balancer: '${B:-ewma}'}}",
    "services: {a: {targets: ['https://${HOST:-a}'], tls: {verify: false}, host_header: target}}",
    "routes: [{match: {path: /a, headers: {x: present, y: {regex: a}}}, respond: {json: null}}]",
    "routes: [{match: {}, redirect: {to: /a}, timeout: '${T:-5s}'}]",
    "routes: [{match: {path: /a}, respond: {text: a}, middleware: [{use: a.b:C, x: [1], y: null}]}]",
    "observe: {access_log: off, metrics: {buckets: [1, 2.5]}, request_id: {trust: '${B:-true}'}}",
    "observe: {access_log: {sample: 0.5%, to: stderr}}",
    "version: 1",
]


@pytest.mark.parametrize("text", FORMS)
def test_short_form_that_loads_is_valid(validator: Draft202012Validator, text: str) -> None:
    """Short forms and variables are in the schema, too: an editor marks nothing that the loader takes."""
    load_text(text, environment={})
    assert faults(validator, text) == []


BAD = [
    "sever: {}",
    "version: 2",
    "server: {http: h12}",
    "server: {listen: 80}",
    "server: {listen: nowhere}",
    "server: {listen: []}",
    "server: {admin: false}",
    "server: {workers: 0}",
    "server: {limits: {head: 64KB}}",
    "server: {limits: {head_timeout: 5}}",
    "server: {limits: {head_timeout: 0s}}",
    "server: {limits: {headers: many}}",
    "server: {shutdown_timeout: soon}",
    "server: {public_endpoints: [helth]}",
    "services: {a: {}}",
    "services: {a: {builtin: echo, targets: [http://a]}}",
    "services: {a: {targets: [127.0.0.1:80]}}",
    "services: {a: {targets: [{weight: 1}]}}",
    "services: {a: {targets: [http://a], balancer: rand}}",
    "services: {a: {targets: [http://a], balancer: {hash: {on: user}}}}",
    "services: {a: {targets: [http://a], balancer: {hash: {}}}}",
    "services: {a: {targets: [http://a], balancer: {}}}",
    "services: {a: {discovery: {}}}",
    "services: {a: {discovery: {kind: dns}}}",
    "services: {a: {discovery: {kind: dns, name: a, record: MX}}}",
    "services: {a: {discovery: {kind: file}}}",
    "services: {a: {discovery: {kind: kubernetes, service: a, port: 0}}}",
    "services: {a: {builtin: echo, discovery: {kind: file, path: a}}}",
    "services: {a: {targets: [http://a], affinity: {cookie: a b}}}",
    "services: {a: {targets: [{url: http://a, priority: -1}]}}",
    "services: {a b: {builtin: echo}}",
    "routes: {}",
    "routes: [{service: a}]",
    "routes: [{match: {path: /}}]",
    "routes: [{match: {path: /}, service: a, respond: {}}]",
    "routes: [{match: {pth: /}, respond: {}}]",
    "routes: [{match: {path: /}, redirect: {to: /, status: 300}}]",
    "routes: [{match: {path: /}, respond: {}, middleware: [{name: x}]}]",
    "observe: {access_log: jsn}",
    "observe: {access_log: {sample: 50}}",
    "observe: {metrics: {buckets: []}}",
    "tests: [{request: {}, expect: {status: 200}}]",
    "tests: [{request: {url: 'http://a/'}, expect: {status: ok}}]",
    "server:",
    "auth: {a: {kind: jwt}}",
]


@pytest.mark.parametrize("text", BAD)
def test_text_that_does_not_load_is_invalid(validator: Draft202012Validator, text: str, refused: Any) -> None:
    """What one part alone gets wrong, the schema refuses as the loader does."""
    assert refused(text)
    assert faults(validator, text) != []


def _subschemas(schema: Any) -> Iterator[Schema]:
    if isinstance(schema, dict):
        yield schema
        for child in schema.values():
            yield from _subschemas(child)
    elif isinstance(schema, list):
        for child in schema:
            yield from _subschemas(child)


def test_defaults_are_valid_where_they_stand(schema: Schema) -> None:
    """A default is written as people write it, so an editor may insert it."""
    found = 0
    for part in _subschemas(schema):
        if "default" in part and not isinstance(part["default"], dict):
            found += 1
            assert Draft202012Validator({**part, "$defs": schema["$defs"]}).is_valid(part["default"]), part
    assert found > 30


def test_every_key_is_described(schema: Schema) -> None:
    """An editor shows what a key means."""
    own = [model.__name__ for model in models_of(GatewayConfig) if model.__module__.startswith("vizgate.config.")]
    for model in [schema, *(part for name, part in schema["$defs"].items() if name in own)]:
        assert model["description"]
        for key, part in model.get("properties", {}).items():
            assert part.get("description") or "$ref" in part, (model["title"], key)
