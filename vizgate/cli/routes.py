"""``vizgate routes``: the routes of a configuration, in the order in which they are preferred."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

from vizgate.cli.arguments import add_command, add_config, add_log_level
from vizgate.cli.table import table

if TYPE_CHECKING:
    from vizgate.cli.arguments import Commands
    from vizgate.config import RouteConfig
    from vizgate.router import ConditionConfig


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(commands, "routes", run, "list the routes in order of precedence")
    add_config(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_log_level(parser)


def run(args: argparse.Namespace) -> int:
    """Print the table."""
    from vizgate.config import load_config
    from vizgate.router import Router, Rule

    config = load_config(args.config)
    router = Router(Rule(route.name, route.match, route) for route in config.routes)
    rows = [_row(rule.value) for rule in router.rules_in_order()]
    if args.json:
        print(json.dumps(rows, indent=2, ensure_ascii=False))
    elif rows:
        print(table([("NAME", "HOSTS", "METHODS", "PATH", "CONDITIONS", "GOES TO"), *map(_cells, rows)]))
    return 0


def _row(route: RouteConfig) -> dict[str, Any]:
    match = route.match
    return {
        "name": route.name,
        "hosts": list(match.hosts or ()),
        "methods": list(match.methods or ()),
        "path": match.path,
        "headers": {name: condition_text(condition) for name, condition in match.headers.items()},
        "query": {name: condition_text(condition) for name, condition in match.query.items()},
        "to": end_text(route),
        "middleware": [entry.use for entry in route.middleware],
    }


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    conditions = [f"header {name} {what}" for name, what in row["headers"].items()]
    conditions += [f"query {name} {what}" for name, what in row["query"].items()]
    hosts, methods = ", ".join(row["hosts"]) or "*", ", ".join(row["methods"]) or "*"
    return row["name"], hosts, methods, row["path"], ", ".join(conditions) or "-", row["to"]


def condition_text(condition: ConditionConfig) -> str:
    """What *condition* asks for."""
    if condition.present:
        return "present"
    return f"= {condition.exact}" if condition.exact is not None else f"~ {condition.regex}"


def end_text(route: RouteConfig) -> str:
    """Where *route* leads."""
    from vizgate.cli.traffic_text import split_text

    if route.redirect is not None:
        return f"redirect {route.redirect.status} {route.redirect.to}"
    if route.respond is not None:
        return f"respond {route.respond.status}"
    to = f"service {route.service}" if route.split is None else f"split {split_text(route.split)}"
    if route.rewrite is None:
        return to
    path, prefix = route.rewrite.path, route.rewrite.strip_prefix
    return f"{to}, " + (f"as {path}" if path is not None else f"without {prefix}")
