"""Writes the pages of the reference that are made from the code: ``make docs-pages``.

In: the generated pages. Not in: what they say (``vizgate.config.reference``, ``vizgate.gateway.operations``, the rules
of ``vizgate.config.audit``, the help texts of ``vizgate.cli``). The
pages are committed, so that they can be read without building anything; a test compares them with what this would
write.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from vizgate.cli import main as program
from vizgate.config.audit.catalogue import rules_markdown
from vizgate.config.reference import reference_markdown
from vizgate.gateway.operations.reference import operations_markdown
from vizgate.gateway.operations.table import OPERATIONS

DOCS = Path(__file__).parent

CONFIGURATION = """\
# Configuration

<!-- Made from the models by `make docs-pages`; do not edit. -->

One YAML file. Unknown keys, duplicate keys, wrong types and names that lead nowhere are errors, all reported at once,
each with its line and column.

| type | written as |
| --- | --- |
| duration | `500ms`, `2s`, `1m`, `1h`, `7d` |
| size | `512`, `64KiB`, `10MiB`, `1GiB`: powers of 1024 |
| share | `0%` to `100%` |
| address | `127.0.0.1:8080`, `[::1]:8080` |

`${NAME}` and `${NAME:-default}` take environment variables; `{file: path}` reads a text from a file.
`VIZGATE_SERVER__HTTP=h11` overrides `server.http`. The order of precedence: command line, environment, YAML, default.

"""


COMMANDS = """\
# Commands

<!-- Made from the program's own help by `make docs-pages`; do not edit. -->

`vizgate COMMAND --help` shows what stands here. `python -m vizgate` is the same program.

| exit code | of | meaning |
| --- | --- | --- |
| 0 | all | done; for `serve` and `proxy`: stopped gracefully; for `diff`: no difference |
| 1 | all but `serve`, `proxy`, `diff` | a problem: in a file, a failed test, no route, a file that exists, a refusal |
| 1 | `diff` | the configurations differ |
| 2 | all | wrong usage, or a package's command that cannot be used; for `diff`: an unusable configuration, too |
| 3 | `serve`, `proxy` | could not start: bad configuration, address taken |
| 4 | `reload`, `drain`, `status`, `diff` | no gateway answers there |
| 130, 143 | `serve`, `proxy` | stopped at once by a second signal: 128 and its number |

Signals of `serve` and `proxy`: `TERM` and `INT` drain and stop, a second one stops at once. `USR1` opens the access log
again, after it was rotated. `HUP` reads the configuration again; one that cannot be used changes nothing, and
the log says why. With several workers `TTIN` and `TTOU` are one more and one less. Those that come while it starts are
obeyed once it serves, except for `TERM` and `INT`.

The access log goes to standard output; what the program says about itself goes to standard error.
"""


ADMIN_API = """\
# Admin API

<!-- Made from the table of operations by `make docs-pages`; do not edit. -->

What operators may ask of a running gateway, on `server.admin` (127.0.0.1:9900 unless it says otherwise). Beside it are
`/health`, `/liveness`, `/readiness` and `/metrics`. [Operate a gateway](../how-to/operate.md) tells what to use when.

A call with a body sends JSON with `Content-Type: application/json`, at most 16 KiB. Answers are JSON, never to be kept
(`Cache-Control: no-store`). HEAD goes where GET does.

What is refused is a problem document (RFC 9457); `problems` has every fault where there may be several. 400 is a body
that is not JSON, 413 one that is too long, 415 one that is not called JSON, 422 one that does not say what it must.

**Who may.** Without a token in the configuration the API listens on a loopback address or a Unix socket, and whoever
reaches it is an operator. With `server.admin_token` or `server.admin_tokens` every call shows one, on a loopback
address, too: `Authorization: Bearer TOKEN`. A reader looks, an operator changes. Without a valid token it is 401, with
one of the lesser role 403; after ten wrong ones a minute from one address 429 for
further wrong ones; for the right one, too, if a token has fewer than 16 characters.

Names and targets in paths are percent-encoded; the slashes of a target's URL and of a network need not be.

The same as OpenAPI 3.1: `GET /openapi.json`.

"""


AUDIT = """\
# Rules of the audit

<!-- Made from the rules by `make docs-pages`; do not edit. -->

`vizgate check --audit` looks for these. How to run it, and how to let pass what is meant: [Audit a
configuration](../how-to/audit-a-configuration.md). An id never changes its meaning.

A rule that speaks of everybody means it: with every listener on a loopback address or a Unix socket and no
`trusted_proxies`, nobody else can come, and `route-without-limit`, `echo-exposed`, `fault-exposed`, `metrics-exposed`
and `request-id-believed` find nothing. A route is public when it has neither `auth` nor an `ip_filter` with `allow`,
unless every listener asks for a client certificate.

"""


def commands() -> Iterator[str]:
    """A section for each command, from its parser."""
    root, _ = program._parser()  # noqa: SLF001  # there is no public name, and a page is no caller to design for
    yield from _below(root)


def _below(parser: argparse.ArgumentParser, prefix: str = "") -> Iterator[str]:
    """The sections of the commands of *parser*; one that has actions of its own is described by theirs."""
    for sub in parser._actions:  # noqa: SLF001
        if isinstance(sub, argparse._SubParsersAction):  # noqa: SLF001
            for name, command in sub.choices.items():
                yield from _section(f"{prefix}{name}", command)


def _section(name: str, parser: argparse.ArgumentParser) -> Iterator[str]:
    actions = list(_below(parser, f"{name} "))
    if actions:
        yield from actions
        return
    yield f"\n## vizgate {name}\n\n{parser.description}\n\n    {_usage(name, parser)}\n"
    rows = [_row(action) for action in parser._actions if _is_shown(action)]  # noqa: SLF001
    yield "\n| argument | meaning |\n| --- | --- |\n" + "".join(rows)


def _is_shown(action: argparse.Action) -> bool:
    return action.help is not argparse.SUPPRESS and action.dest != "help"


def _usage(name: str, parser: argparse.ArgumentParser) -> str:
    shown = [action for action in parser._actions if _is_shown(action)]  # noqa: SLF001
    named = [action for action in shown if action.option_strings]
    words = ["vizgate", name]
    words += [
        _value(action) if action.nargs != "?" else f"[{_value(action)}]" for action in shown if action not in named
    ]
    words += [_written(action) if action.required else f"[{_written(action)}]" for action in named]
    return " ".join(words)


def _written(action: argparse.Action) -> str:
    value = _value(action)
    return f"{action.option_strings[-1]} {value}" if value else action.option_strings[-1]


def _value(action: argparse.Action) -> str:
    if action.nargs == 0:
        return ""
    if action.choices:
        return "|".join(map(str, action.choices))
    return str(action.metavar or action.dest.upper())


def _row(action: argparse.Action) -> str:
    name = ", ".join(action.option_strings) or _value(action)
    value = f" {_value(action)}" if action.option_strings and action.nargs != 0 else ""
    # A bar inside a cell would end it, in code, too.
    cells = (f"`{name}{value}`", action.help or "")
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def pages() -> dict[Path, str]:
    """Every generated page and its text."""
    return {
        DOCS / "reference" / "configuration.md": CONFIGURATION + reference_markdown().rstrip("\n") + "\n",
        DOCS / "reference" / "admin-api.md": ADMIN_API + operations_markdown(OPERATIONS.values()).rstrip("\n") + "\n",
        DOCS / "reference" / "audit-rules.md": AUDIT + rules_markdown(),
        DOCS / "reference" / "commands.md": COMMANDS + "".join(commands()),
    }


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, "utf-8")
        print(path)
