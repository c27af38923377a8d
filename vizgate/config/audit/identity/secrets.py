"""Secrets that stand where others may read them.

In: rules about plain text in the file and about fixed answers. Not in: hiding secrets (``config.redact``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from vizgate.config.audit.rule import Rule, Severity
from vizgate.config.audit.view import AuditView
from vizgate.config.problems import Finding, Path
from vizgate.config.redact import is_secret_name
from vizgate.extension.values.fields import Secret, is_written
from vizgate.transform.config import RespondConfig

_MESSAGE = "stands here in plain text, for everybody who may read the file. Write ${NAME} or {file: path}"
# Settings that hold one, and those that only tell where one comes from.
_OWN_SECRET = re.compile(r"token|secret|passw|api[-_]?key|private[-_]?key|credential", re.IGNORECASE)
_NO_SECRET = re.compile(r"header|cookie|name|field|file|path|url|ttl|endpoint|type", re.IGNORECASE)
_HEADERS_MESSAGE = "stands here in plain text, for everybody who may read the file. Write ${NAME}"


def _plain_secrets(view: AuditView) -> Iterator[Finding]:
    for path in (*_secrets_in(view.config, ()), *_own_secrets(view)):
        yield Finding(path, f"the secret {_MESSAGE}")
    for path in (*_set_fields(view), *_matched_fields(view)):
        yield Finding(path, f"{path[-1]} {_HEADERS_MESSAGE}")


def _secrets_in(value: Any, path: Path) -> Iterator[Path]:
    if isinstance(value, Secret):
        if value.is_plain:
            yield path
    elif isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            yield from _secrets_in(getattr(value, name), (*path, field.alias or name))
    elif isinstance(value, Mapping):
        for key, child in value.items():
            yield from _secrets_in(child, (*path, str(key)))
    elif isinstance(value, tuple):
        for index, child in enumerate(value):
            yield from _secrets_in(child, (*path, index))


def _own_secrets(view: AuditView) -> Iterator[Path]:
    """Secrets by their names in settings of which no model is known here."""
    told_apart = {path for path, _, _ in view.entries("headers")}
    for path, settings in view.own_settings():
        if path not in told_apart:
            yield from _called_secrets(settings, path)


def _called_secrets(value: Any, path: Path) -> Iterator[Path]:
    for key, child in value.items() if isinstance(value, Mapping) else ():
        if isinstance(child, str):
            if _OWN_SECRET.search(str(key)) and not _NO_SECRET.search(str(key)) and is_written(child):
                yield (*path, str(key))
        else:
            yield from _called_secrets(child, (*path, str(key)))


def _set_fields(view: AuditView) -> Iterator[Path]:
    """Fields that look like credentials among those that ``use: headers`` sets in requests."""
    for path, _, entry in view.entries("headers"):
        request: Any = entry.settings.get("request")
        for action in ("set", "add") if isinstance(request, Mapping) else ():
            fields = request.get(action)
            for name, value in fields.items() if isinstance(fields, Mapping) else ():
                values = value if isinstance(value, list) else [value]
                if is_secret_name(str(name)) and any(map(_is_plain, values)):
                    yield (*path, "request", action, str(name))


def _is_plain(value: Any) -> bool:
    return is_written(value) and not value.startswith("{")


def _matched_fields(view: AuditView) -> Iterator[Path]:
    """Credentials that a route is matched by."""
    for index, route in enumerate(view.config.routes):
        for key, conditions in (("headers", route.match.headers), ("query", route.match.query)):
            for name, condition in conditions.items():
                if is_secret_name(name) and condition.exact and is_written(condition.exact):
                    yield ("routes", index, "match", key, name)


def _told_secrets(view: AuditView) -> Iterator[Finding]:
    for index, route in enumerate(view.config.routes):
        fallback = None if route.fallback is None else route.fallback.respond
        for path, respond in ((("respond",), route.respond), (("fallback", "respond"), fallback)):
            for at in _secrets_of(respond):
                yield Finding(("routes", index, *path, *at), f"whoever asks is told {at[-1]}. Remove it")


def _secrets_of(respond: RespondConfig | None) -> Iterator[Path]:
    if respond is not None:
        yield from _named_secrets(respond.json_, ("json",))
        yield from _named_secrets(respond.headers, ("headers",))


def _named_secrets(value: Any, path: Path) -> Iterator[Path]:
    for key, child in value.items() if isinstance(value, Mapping) else ():
        if isinstance(child, (str, tuple)) and child and is_secret_name(str(key)):
            yield (*path, str(key))
        else:
            yield from _named_secrets(child, (*path, str(key)))


RULES = (
    Rule(
        "plain-secret",
        Severity.WARNING,
        "A secret stands in the file in plain text",
        "Whoever may read the file, its backups or its history has it. Take it from a variable, `${NAME}`, or from a"
        " file of its own, `{file: path}`; a default, `${NAME:-default}`, counts as long as the variable is not set."
        " Looked at are secrets of the format, settings of one's own that are called so, fields that `use: headers`"
        " sets in requests, and fields and parameters that routes are matched by.",
        _plain_secrets,
    ),
    Rule(
        "secret-in-answer",
        Severity.ERROR,
        "A fixed answer holds something that is called a secret",
        "`respond` is told to whoever asks.",
        _told_secrets,
    ),
)
