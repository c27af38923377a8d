"""``vizgate keys``: new API keys with their entries, and hashes of keys and passwords."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vizgate.cli.arguments import add_command, add_log_level

if TYPE_CHECKING:
    from datetime import date

    from vizgate.cli.arguments import Commands

#: What every new key begins with, so that people and scanners for secrets know one when they see it.
PREFIX = "vzk_"
_RANDOM_BYTES = 32
_DEFAULT_DAYS = 365


def add_to(commands: Commands) -> None:
    """Add the command and what it can do."""
    parser = add_command(commands, "keys", _help, "make API keys, and hashes for the configuration")
    add_log_level(parser)
    actions = parser.add_subparsers(title="actions", metavar="ACTION")
    new = add_command(actions, "new", run_new, "make an API key; it is shown once, the configuration gets the entry")
    new.add_argument("--id", help="names the key in logs (made up)")
    new.add_argument("--user", default="", help="whose key it is (the same as the id)")
    new.add_argument("--tier", default="", help="the line of a limit's tiers")
    new.add_argument("--scopes", default="", metavar="A,B", help="what the key may do")
    new.add_argument(
        "--expires", type=_expiry, metavar="DATE|DAYS|never", default=_DEFAULT_DAYS,
        help=f"the last day on which it is good, or how many days it is ({_DEFAULT_DAYS})",
    )  # fmt: skip
    key_hash = add_command(actions, "hash", run_hash, "read a key from standard input and print its hash")
    for action in (new, key_hash):
        action.add_argument("--pepper-file", metavar="FILE", help="the file with the authenticator's pepper")
    password = add_command(actions, "password", run_password, "read a password and print its argon2 hash")
    for action in (new, key_hash, password):
        add_log_level(action)


def _help(args: argparse.Namespace) -> int:
    parser: argparse.ArgumentParser = args.parser
    parser.error("which action? new, hash or password")


def run_new(args: argparse.Namespace) -> int:
    """Print a key, and the entry that lets it in."""
    import secrets

    from vizgate.auth.api_key.table import hash_key

    key = PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)
    name = args.id or f"key-{secrets.token_hex(4)}"
    today = _today()
    entry = {
        "id": name,
        "hash": hash_key(key.encode(), _pepper(args.pepper_file)),
        "user": args.user or name,
        "tier": args.tier,
        "scopes": [scope.strip() for scope in args.scopes.split(",") if scope.strip()],
        "created": today,
        "expires": _last_day(args.expires, today),
    }
    print(f"Key (shown once, not stored): {key}\n\nUnder `keys`:\n\n- {_as_yaml(entry)}")
    return 0


def _as_yaml(entry: dict[str, Any]) -> str:
    """What *entry* says, in one line. Raises: VizgateError: it could not be loaded."""
    import json

    from vizgate.auth.api_key.config import KeyConfig
    from vizgate.errors import VizgateError

    said = {field: value for field, value in entry.items() if value}
    try:
        KeyConfig(**said)
    except ValueError:
        raise VizgateError("id, user, tier and scopes are short texts. Choose others") from None
    # JSON in Unicode is YAML; a date stands as it is.
    parts = [
        f"{field}: {json.dumps(value, ensure_ascii=False) if isinstance(value, (str, list)) else value}"
        for field, value in said.items()
    ]
    return f"{{{', '.join(parts)}}}"


def run_hash(args: argparse.Namespace) -> int:
    """Print the hash of the key on standard input."""
    from vizgate.auth.api_key.table import MAX_KEY_BYTES, hash_key
    from vizgate.errors import VizgateError

    key = sys.stdin.buffer.read(MAX_KEY_BYTES + 3).rstrip(b"\r\n")
    if not key or len(key) > MAX_KEY_BYTES or key != key.strip():
        raise VizgateError(
            f"a key has 1 to {MAX_KEY_BYTES} bytes and no white space around it. Write it to standard input"
        )
    print(hash_key(key, _pepper(args.pepper_file)))
    return 0


def run_password(args: argparse.Namespace) -> int:  # noqa: ARG001  # the signature of commands
    """Print the hash of a password, which is asked for on a terminal and else read from standard input."""
    from vizgate.auth.basic.passwords import hash_password
    from vizgate.errors import VizgateError

    password = _asked_password() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    if not password or not password.isprintable():
        raise VizgateError("a password is at least one character, and none is a control character. Choose another")
    print(hash_password(password))
    return 0


def _asked_password() -> str:
    from getpass import getpass

    from vizgate.errors import VizgateError

    password = getpass("Password: ")
    if getpass("Once more: ") != password:
        raise VizgateError("the two differ. Try again")
    return password


def _pepper(file: str | None) -> bytes:
    """The pepper in *file*, read as the configuration reads ``{file: path}``."""
    from vizgate.errors import VizgateError

    if file is None:
        return b""
    try:
        pepper = Path(file).read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "it is not UTF-8 text"
        raise VizgateError(f"cannot read the pepper from '{file}': {reason}") from None
    if not pepper:
        raise VizgateError(f"the pepper in '{file}' is empty. Write a long random text to it")
    return pepper.encode()


def _expiry(text: str) -> date | int | None:
    """A day, a number of days, or never."""
    from datetime import date

    if text == "never":
        return None
    is_number = text.isascii() and text.isdecimal() and len(text) < 6 and int(text) > 0
    try:
        return int(text) if is_number else date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no day. Write for example 2027-01-31, a number of days, or never"
        ) from None


def _last_day(expires: date | int | None, today: date) -> date | None:
    from datetime import timedelta

    return today + timedelta(days=expires) if isinstance(expires, int) else expires


def _today() -> date:
    from datetime import UTC, datetime

    from vizgate.clock import SystemClock

    return datetime.fromtimestamp(SystemClock().wall(), UTC).date()
