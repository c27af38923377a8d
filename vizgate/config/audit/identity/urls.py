"""Credentials in URLs.

In: the rule. Not in: secrets that stand in the file (``config.audit.identity.secrets``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from vizgate.config.audit.rule import Rule, Severity
from vizgate.config.audit.view import AuditView
from vizgate.config.problems import Finding
from vizgate.config.redact import is_secret_name


def _in_urls(view: AuditView) -> Iterator[Finding]:
    for index, route in enumerate(view.config.routes):
        for name in filter(is_secret_name, route.match.query):
            message = f"clients have to write {name} into a URL. Match a header, or write auth"
            yield Finding(("routes", index, "match", "query", name), message)
    for path, _, entry in view.entries("headers"):
        request: Any = entry.settings.get("request")
        for action in ("set", "add") if isinstance(request, Mapping) else ():
            fields = request.get(action)
            for name, value in fields.items() if isinstance(fields, Mapping) else ():
                if is_secret_name(str(name)) and "{query." in str(value):
                    message = f"clients have to write what becomes {name} into a URL. Have them send the field"
                    yield Finding((*path, "request", action, str(name)), message)


RULES = (
    Rule(
        "credential-in-url",
        Severity.WARNING,
        "A credential is taken from a URL",
        "URLs are written to logs, kept in histories and told to other sites (`Referer`). Fields are not.",
        _in_urls,
    ),
)
