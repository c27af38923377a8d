"""``vizgate explain``: what would become of one request, and why."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from vizgate.cli.arguments import (
    absolute_url,
    add_command,
    add_config,
    add_log_level,
    header,
    identity,
    ip_address,
    method,
)
from vizgate.cli.table import block, table

if TYPE_CHECKING:
    from vizgate.cli.arguments import Commands
    from vizgate.cli.explanation import Explanation

# With more routes than this, only those whose host and path fit are shown; JSON has them all.
_MANY_ROUTES = 30


def add_to(commands: Commands) -> None:
    """Add the command."""
    summary = "tell which route a request takes and why, and what the upstream would be sent"
    parser = add_command(commands, "explain", run, summary)
    add_config(parser)
    parser.add_argument("method", metavar="METHOD", type=method, help="for example GET")
    parser.add_argument("url", metavar="URL", type=absolute_url, help="absolute, with the host the client asks for")
    parser.add_argument(
        "-H", "--header", type=header, action="append", default=[], metavar="'NAME: VALUE'",
        help="a request field; repeatable",
    )  # fmt: skip
    parser.add_argument(
        "--as", type=identity, dest="identity", metavar="user=NAME[,tier=T][,scopes=A+B][,claim.C=V]",
        help="who sends it, as if that had been verified; without it a credential must be shown",
    )  # fmt: skip
    parser.add_argument(
        "--from", type=ip_address, dest="client", default="127.0.0.1", metavar="IP",
        help="the address it comes from (default: 127.0.0.1)",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_log_level(parser)


def run(args: argparse.Namespace) -> int:
    """Print the explanation; 1 when no route takes the request."""
    import asyncio
    from dataclasses import asdict

    from vizgate.cli.program_log import program_log

    with program_log(args.log_level):
        found = asyncio.run(_explain(args))
    if args.json:
        print(json.dumps(asdict(found), indent=2, ensure_ascii=False, default=str))
    else:
        print("\n\n".join(_blocks(found)))
    return 0 if found.route else 1


async def _explain(args: argparse.Namespace) -> Explanation:
    from vizgate.cli.explanation import explain_result
    from vizgate.cli.loading import load
    from vizgate.gateway.rehearsal import Rehearsal

    config, registry = load(args.config)
    async with Rehearsal(config, registry) as rehearsal:
        who = None if args.identity is None else args.identity.identity()
        result = await rehearsal.send(args.method, args.url, args.header, identity=who, client=args.client)
        return explain_result(config, rehearsal.plan, result, args.header)


def _blocks(found: Explanation) -> Iterator[str]:
    if found.request:
        request = found.request
        line = f"{request['method']} {request['target']} at {request['authority']}, from {request['client']}"
        yield block("Request", [line])
    yield block("Route", _route_lines(found))
    others = [verdict for verdict in found.routes if verdict["stage"] != "won"]
    if others:
        yield block("Other routes", _other_lines(others))
    if found.middleware:
        yield block("Middleware", [line for step in found.middleware for line in _step_lines(step)])
    if found.policies:
        rows = [(policy.what, policy.value, policy.path) for policy in found.policies]
        yield block("Policies", table(rows).splitlines())
    if found.rewrite is not None:
        yield block("Path and query", [f"{found.rewrite['from']} becomes {found.rewrite['to']}"])
    if found.upstream is not None:
        yield block(f"Upstream request to {_whom(found.upstream)}", _message_lines(found.upstream))
    yield block("Answer", _answer_lines(found))


def _route_lines(found: Explanation) -> Iterator[str]:
    if not found.route:
        yield f"none: {found.reason}"
        return
    yield f"{found.route}: {found.goes_to}"
    yield f"because it is {found.reason}"
    if found.params:
        yield "with " + ", ".join(f"{name} = {value!r}" for name, value in found.params.items())


def _other_lines(others: list[dict[str, Any]]) -> Iterator[str]:
    shown = others if len(others) <= _MANY_ROUTES else [verdict for verdict in others if verdict["near"]]
    if shown:
        rows = [(verdict["route"], verdict["host"], verdict["path"], verdict["reason"]) for verdict in shown]
        yield from table(rows).splitlines()
    if len(shown) < len(others):
        yield f"and {len(others) - len(shown)} whose host or path is another (all of them: --json)"


def _step_lines(step: dict[str, Any]) -> Iterator[str]:
    yield f"{step['use']}: {_step_end(step)}"
    yield from (f"  request  {line}" for line in step["request_changes"])
    yield from (f"  response {line}" for line in step["response_changes"])


def _step_end(step: dict[str, Any]) -> str:
    if step["error"] and not step["forwarded"]:
        return str(step["error"])
    if not step["forwarded"]:
        return f"answered with {step['status']} itself"
    return f"passed the request on, then {step['error']}" if step["error"] else "passed the request on"


def _whom(upstream: dict[str, Any]) -> str:
    what = "built in" if upstream["target"] == "builtin" else upstream["target"]
    return f"service {upstream['service']}, {what}"


def _message_lines(upstream: dict[str, Any]) -> Iterator[str]:
    yield f"{upstream['method']} {upstream['path']} HTTP/1.1"
    yield from (f"{name}: {value}" for name, value in upstream["headers"])


def _answer_lines(found: Explanation) -> Iterator[str]:
    status = found.answer["status"]
    if status is None:
        yield "the upstream's, with these fields of the gateway:"
    else:
        detail = found.answer["detail"]
        yield f"{status} {_phrase(status)}" + (f": {detail}" if detail else "")
    # The imagined upstream's own body is empty; a length of it would mislead.
    hidden = {"content-length"} if status is None else set()
    yield from (f"{name}: {value}" for name, value in found.answer["headers"] if name.lower() not in hidden)


def _phrase(status: int) -> str:
    from http import HTTPStatus

    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
