"""``vizgate routes``, ``schema`` and ``plugins``."""

from __future__ import annotations

import json

from vizgate._version import __version__
from vizgate.config import json_schema


def test_routes_table_is_in_order_of_precedence(run, shop):
    """One line per route, the most specific first, with everything that decides."""
    code, out, err = run("routes", shop)
    assert (0, "") == (code, err)
    rows = [line.split() for line in out.splitlines()]
    assert ["NAME", "HOSTS", "METHODS", "PATH", "CONDITIONS", "GOES", "TO"] == rows[0]
    assert ["user", "docs", "echoed", "gone"] == [row[0] for row in rows[1:]]
    assert "user api.example.com GET, PUT /api/v{version:int}/users/{id} - service users, as /internal/users/{id}" == (
        " ".join(rows[1])
    )
    assert "echoed * * /echo/* header x-canary = yes, query debug present service echo, without /echo" == (
        " ".join(rows[3])
    )
    assert out.splitlines()[2].endswith("redirect 308 https://docs.example.com/")
    assert out.splitlines()[4].endswith("respond 410")


def test_routes_json_has_the_same(run, shop):
    """For programs: one object per route in the same order."""
    rows = json.loads(run("routes", shop, "--json")[1])
    assert ["user", "docs", "echoed", "gone"] == [row["name"] for row in rows]
    assert rows[0]["methods"] == ["GET", "PUT"]
    assert rows[0]["middleware"] == ["headers"]
    assert rows[2]["headers"] == {"x-canary": "= yes"}


def test_routes_without_routes_prints_nothing(run, write):
    """No routes, no table."""
    assert (0, "", "") == run("routes", write("version: 1\n"))


def test_schema_is_the_one_of_the_models(run):
    """What is printed is JSON, and the schema."""
    code, out, _ = run("schema")
    assert 0 == code
    assert json_schema() == json.loads(out)


def test_plugins_lists_builtins_with_their_class(run):
    """Built-ins are listed with this package as where they come from."""
    code, out, _ = run("plugins")
    assert 0 == code
    rows = [line.split() for line in out.splitlines()]
    assert ["NAME", "KIND", "PACKAGE", "VERSION", "CLASS"] == rows[0]
    assert ["headers", "middleware", "vizgate", __version__, "vizgate.transform.middleware:HeadersMiddleware"] in rows


def test_plugins_json_has_the_same(run):
    """For programs: one object per plugin."""
    plugins = json.loads(run("plugins", "--json")[1])
    assert {"name", "kind", "distribution", "version", "object", "problem"} == set(plugins[0])
    assert "headers" in {plugin["name"] for plugin in plugins}
