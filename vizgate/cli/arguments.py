"""What several commands take on their command line.

In: types of arguments, the options that all commands share. Not in: the commands.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from vizgate.config.model import CheckIdentity

    Commands: TypeAlias = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001  # it has no other name

Run = Callable[[argparse.Namespace], int]

LOG_LEVELS = ("debug", "info", "warning", "error", "critical")


def add_command(commands: Commands, name: str, run: Run, summary: str, *, failure: int = 1) -> argparse.ArgumentParser:
    """A parser for the command *name*, done by *run*. Args: failure: the exit code for what cannot be done."""
    parser = commands.add_parser(name, help=summary, description=_sentence(summary), allow_abbrev=False)
    parser.set_defaults(run=run, failure=failure, parser=parser)
    return parser


def _sentence(summary: str) -> str:
    return f"{summary[0].upper()}{summary[1:]}."


def add_log_level(parser: argparse.ArgumentParser, default: str = "critical") -> None:
    """``--log-level``. Commands that report problems themselves leave the gateway's own log off by default."""
    parser.add_argument(
        "--log-level", choices=LOG_LEVELS, default=default, help=f"how much is logged, on standard error ({default})"
    )


def add_config(parser: argparse.ArgumentParser, default: str | None = None) -> None:
    """The argument CONFIG; without a *default* it is required."""
    if default is None:
        parser.add_argument("config", metavar="CONFIG", help="the YAML file")
    else:
        parser.add_argument("config", metavar="CONFIG", nargs="?", default=default, help=f"the YAML file ({default})")


def address(text: str) -> str:
    """*text*, if it is an address to listen on."""
    from vizgate.config.model.address import parse_address

    return _checked(parse_address, text)


def target_url(text: str) -> str:
    """*text*, if it is the URL of a target."""
    from vizgate.config.model.address import parse_target_url

    return _checked(parse_target_url, text)


def ip_address(text: str) -> str:
    """*text*, if it is an IP address."""
    from vizgate.extension.values.network import parse_ip

    return _checked(parse_ip, text)


def host_header(text: str) -> str:
    """*text*, if it is a mode of ``host_header`` or may stand in a Host field."""
    from vizgate.config.model.address import parse_authority

    return text if text in {"preserve", "target"} else _checked(parse_authority, text)


def _checked(parse: Callable[[str], object], text: str) -> str:
    try:
        parse(text)
    except ValueError as exc:
        raise argparse.ArgumentTypeError(str(exc)) from None
    return text


def workers(text: str) -> str:
    """*text*, if it is a number of processes or ``auto``; which numbers are possible, the configuration knows."""
    if text == "auto" or (text.isascii() and text.isdecimal()):
        return text
    raise argparse.ArgumentTypeError(f"{text!r} is not a number of processes. Write for example 2, or auto")


def descriptor(text: str) -> int:
    """The number of an open file that is not one of the three that every program has."""
    if not (text.isascii() and text.isdecimal()) or int(text) < 3:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of a socket. Write for example 3")
    return int(text)


def header(text: str) -> tuple[str, str]:
    """Name and value of the field ``Name: value``."""
    from vizgate.message.headers import Headers

    name, _, value = text.partition(":")
    try:
        return Headers.of([(name if ":" in text else "", value)]).items()[0]
    except ValueError as exc:
        raise argparse.ArgumentTypeError(f"{text!r} is not a header: {exc}. Write 'Name: value'") from None


def absolute_url(text: str) -> str:
    """*text*, if it is an absolute URL, as the tests of a configuration have it."""
    from vizgate.config.model import CheckRequest

    try:
        CheckRequest(url=text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not an absolute URL. Write for example http://api.example.com/users/7"
        ) from None
    return text


def identity(text: str) -> CheckIdentity:
    """Who ``user=acme,tier=premium,scopes=a+b,claim.dept=it`` is."""
    from vizgate.config.model import CheckIdentity

    given: dict[str, Any] = {}
    claims: dict[str, str] = {}
    for part in text.split(","):
        key, equals, value = part.partition("=")
        if key.startswith("claim.") and equals:
            claims[key.removeprefix("claim.")] = value
        elif key in {"user", "tier", "scopes"} and equals and key not in given:
            given[key] = tuple(value.split("+")) if key == "scopes" else value
        else:
            raise argparse.ArgumentTypeError(f"{part!r} is none of user=, tier=, scopes=A+B and claim.NAME=")
    try:
        return CheckIdentity(**given, claims=claims)
    except ValueError:
        raise argparse.ArgumentTypeError("there is no user. Write for example user=acme,tier=premium") from None


def method(text: str) -> str:
    """*text* in capitals, if it may be the name of a method."""
    if not text.isascii() or not text.replace("-", "").isalpha():
        raise argparse.ArgumentTypeError(f"{text!r} is not a method. Write for example GET")
    return text.upper()
