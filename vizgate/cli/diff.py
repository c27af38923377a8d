"""``vizgate diff``: what a reload from one configuration to another will change. Without any network."""

from __future__ import annotations

import argparse
import json
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, TypeAlias

from vizgate.cli.admin.client import add_reach, client_of, reaching
from vizgate.cli.arguments import add_command, add_log_level
from vizgate.cli.table import block, table

if TYPE_CHECKING:
    from vizgate.cli.arguments import Commands
    from vizgate.config import GatewayConfig
    from vizgate.config.diff.change import Change
    from vizgate.config.diff.effects import Effect
    from vizgate.config.diff.moves import Move

_Row = tuple[str, str, str]
_Differences: TypeAlias = "tuple[tuple[Change, ...], list[_Row], tuple[Move, ...]]"

# As diff(1) and kubectl diff.
_SAME, _DIFFERENT, _UNUSABLE = 0, 1, 2
_EXIT_CODES = "The exit code is 0 when they do the same, 1 when they differ, and 2 when one of them cannot be used."


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(
        commands, "diff", reaching(run), "show what a reload from OLD to NEW changes", failure=_UNUSABLE
    )
    parser.description = f"{parser.description} {_EXIT_CODES}"
    parser.add_argument("old", metavar="OLD", nargs="?", help="the YAML file that is served")
    parser.add_argument("new", metavar="NEW", help="the YAML file that is to take its place")
    parser.add_argument(
        "--running",
        action="store_true",
        help="instead of OLD: what a gateway serves that runs; its admin listener shows no secrets",
    )
    add_reach(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_log_level(parser)


def run(args: argparse.Namespace) -> int:
    """Print the differences, what they bring about, and which requests go another way; 1 when there are any."""
    from vizgate.cli.loading import load

    if (args.old is None) != args.running:
        args.parser.error("OLD and --running exclude each other" if args.running else "write OLD and NEW, or --running")
    new = load(args.new)[0]
    found, brought, moved = _from_gateway(args, new) if args.running else _from_file(args, new)
    if args.json:
        print(json.dumps(_document(found, brought, moved), indent=2, ensure_ascii=False))
    elif found:
        print("\n\n".join(_blocks(found, brought, moved)))
    else:
        print(f"{args.old or 'the gateway'} and {args.new} do the same")
    return _DIFFERENT if found else _SAME


def _from_file(args: argparse.Namespace, new: GatewayConfig) -> _Differences:
    from vizgate.cli.loading import load
    from vizgate.config.diff.changes import changes
    from vizgate.config.diff.effects import effects
    from vizgate.config.diff.moves import moves
    from vizgate.gateway.reload.refusal import restart_reasons

    old = load(args.old)[0]
    found = changes(old, new, old_base=FilePath(args.old).parent, new_base=FilePath(args.new).parent)
    return found, _rows(restart_reasons(old, new), effects(old, new)), moves(old, new)


def _from_gateway(args: argparse.Namespace, new: GatewayConfig) -> _Differences:
    """What the gateway shows of itself has no secrets, and no files that could be read here."""
    from vizgate.config.diff.moves import moves
    from vizgate.config.diff.running import changes_from_shown, shown_routes

    args.config = args.new  # says where the gateway is
    shown = client_of(args).ask("GET", "/config", "config")["config"]
    return changes_from_shown(shown, new), [], moves(shown_routes(shown), new)


def _rows(refused: list[tuple[str, str]], brought: tuple[Effect, ...]) -> list[_Row]:
    """Matter, place and message of everything that a reload brings about, what it refuses to do first."""
    from vizgate.config.problems import format_path

    only = [("restart", key, f"only a restart changes it: {reason}") for key, reason in refused]
    return only + [(one.matter.value, format_path(one.path), one.message) for one in brought]


def _blocks(found: tuple[Change, ...], brought: list[_Row], moved: tuple[Move, ...]) -> list[str]:
    blocks = ["\n".join(map(str, found))]
    if brought:
        blocks.append(f"A reload brings about:\n{table(brought, indent='  ')}")
    if moved:
        blocks.append(block("Requests that go another way:", map(str, moved)))
    return blocks


def _document(found: tuple[Change, ...], brought: list[_Row], moved: tuple[Move, ...]) -> dict[str, Any]:
    return {
        "changes": [
            {"kind": one.kind.value, "path": one.place, "old": one.old, "new": one.new, "note": one.note}
            for one in found
        ],
        "effects": [{"matter": matter, "path": place, "message": message} for matter, place, message in brought],
        "moves": [{"request": str(one.sample), "old": one.old, "new": one.new} for one in moved],
    }
