"""Secrets that stand in the file itself.

In: ``plain_secrets``. Not in: hiding secrets (``config.redact``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from vizgate.config.audit.finding import AuditFinding, AuditView, Severity
from vizgate.config.problems import Path
from vizgate.extension.fields import Expanded, Secret

_MESSAGE = "stands here in plain text, for everybody who may read the file. Write ${NAME} or {file: path}"
_HEADERS_MESSAGE = "stands here in plain text, for everybody who may read the file. Write ${NAME}"
_SECRET_FIELD = re.compile(r"authori[sz]ation|cookie|token|secret|passw|api[-_]?key|credential", re.IGNORECASE)


def plain_secrets(view: AuditView) -> Iterator[AuditFinding]:
    """Every secret that is neither in a variable nor in a file of its own."""
    for path in _secrets_in(view.config, ()):
        yield AuditFinding("plain-secret", Severity.WARNING, path, f"the secret {_MESSAGE}")
    for number, route in enumerate(view.config.routes):
        for index, entry in enumerate(route.middleware):
            if entry.use == "headers":
                for path in _fields_in(entry.settings, ("routes", number, "middleware", index)):
                    yield AuditFinding("plain-secret", Severity.WARNING, path, f"{path[-1]} {_HEADERS_MESSAGE}")


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


def _fields_in(settings: Mapping[str, Any], path: Path) -> Iterator[Path]:
    """Fields that look like credentials among those that ``use: headers`` sets in requests."""
    request = settings.get("request")
    if not isinstance(request, Mapping):
        return
    for action in ("set", "add"):
        fields = request.get(action)
        for name, value in fields.items() if isinstance(fields, Mapping) else ():
            values = value if isinstance(value, list) else [value]
            is_plain = any(isinstance(one, str) and not isinstance(one, Expanded) for one in values)
            if is_plain and _SECRET_FIELD.search(str(name)):
                yield (*path, "request", action, str(name))
