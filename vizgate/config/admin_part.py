"""Where a configuration has the admin listener, for programs that talk to it.

In: ``admin_part``. Not in: serving by the configuration, which needs all of it to be right. Here the rest may be
broken, or lean on variables that only the gateway's own environment has.
"""

from __future__ import annotations

import os
from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from pydantic import TypeAdapter, ValidationError

from vizgate.config.model.address import Address, UnixAddress, parse_listen_address
from vizgate.config.model.server import ServerConfig
from vizgate.config.problems import ConfigError, Place, Problem
from vizgate.config.text import overrides, variables, yaml_reader
from vizgate.config.text.file import read_file
from vizgate.config.text.nodes import Mapping, Node, Scalar, child_of, to_plain
from vizgate.extension.values.fields import Secret, SecretField, TextSource

_SECRET: TypeAdapter[Secret] = TypeAdapter(SecretField)


@dataclass(frozen=True, slots=True)
class AdminPart:
    """``address``: None when the listener is off. ``token``: of an operator, else of a reader, "" for none known."""

    address: Address | UnixAddress | None
    token: str = ""


def admin_part(path: str, environment: AnyMapping[str, str] | None = None) -> AdminPart:
    """What the YAML file at *path* says about the admin listener.

    Raises: ConfigError: it cannot be read, or the address cannot.
    """
    environment = os.environ if environment is None else environment
    server = _server_of(path, environment)
    return AdminPart(_address(server), _token(to_plain(server), TextSource(FilePath(path).parent)))


def _server_of(path: str, environment: AnyMapping[str, str]) -> Mapping:
    document = yaml_reader.read(read_file(path), path)
    if not isinstance(document.root, Mapping):
        raise ConfigError(document.problems or [Problem(Place(path, 1, 1), (), "the configuration must be a mapping")])
    variables.expand(document.root, environment)
    overrides.apply_environment(document.root, environment)
    server = child_of(document.root, "server")
    return server if isinstance(server, Mapping) else Mapping(document.root.place)


def _address(server: Mapping) -> Address | UnixAddress | None:
    node = child_of(server, "admin")
    if node is None:
        default: Address | UnixAddress | None = ServerConfig().admin
        return default
    value = to_plain(node)
    if value == "off":
        return None
    if isinstance(node, Scalar) and node.broken:
        raise ConfigError([_problem(node, "has a variable that is not set here. Write --admin")])
    try:
        return parse_listen_address(str(value))
    except ValueError as exc:
        raise ConfigError([_problem(node, str(exc))]) from None


def _problem(node: Node, message: str) -> Problem:
    return Problem(node.place, ("server", "admin"), message)


def _token(server: Any, source: TextSource) -> str:
    """The token that may do most; one whose variable or file is not there is none."""
    token = _secret(server.get("admin_token"), source)
    entries = server.get("admin_tokens")
    entries = [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    operators = [entry for entry in entries if entry.get("role") == "operator"]
    for entry in (*operators, *entries):
        token = token or _secret(entry.get("token"), source)
    return token


def _secret(value: Any, source: TextSource) -> str:
    if value is None:
        return ""
    try:
        return _SECRET.validate_python(value, context=source).reveal()
    except ValidationError:
        return ""
