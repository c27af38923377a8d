"""A configuration to look at, without its secrets.

In: ``redacted``, ``written`` and which values are hidden. Not in: who shows them (``cli``, ``gateway``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from pydantic import BaseModel

from vizgate.config.model import GatewayConfig
from vizgate.extension.contract import OpenConfig
from vizgate.extension.values.fields import Expanded, Secret
from vizgate.observe.redaction import redact_url

HIDDEN = "**********"

# Names whose values are secrets in practice, header fields included.
_SECRET_NAME = re.compile(
    r"authori[sz]ation|cookie|token|secret|passw|(api|access|auth)[-_]?key|credential|private|signature", re.IGNORECASE
)
#: Under these stand names that people have chosen: a service or an authenticator called "tokens" is no secret.
NAMED = frozenset({"services", "routes", "auth", "limits", "versions"})


def redacted(config: GatewayConfig) -> dict[str, Any]:
    """What *config* says apart from defaults, as plain values in the notation of the YAML, with asterisks for secrets.

    Hidden are fields of type ``Secret``, values under names such as ``Authorization`` or ``api_key``, user information
    and secret parameters in URLs, and, in the settings of middleware and other parts of one's own, everything that came
    out of a variable.
    """
    dumped: dict[str, Any] = written(config)
    hidden: dict[str, Any] = hide(dumped)
    for key in NAMED & dumped.keys():
        if isinstance(dumped[key], Mapping):
            hidden[key] = {name: hide(settings) for name, settings in dumped[key].items()}
    for name, service in config.services.items():
        if service.affinity is not None:  # the name of a cookie, which is no secret
            hidden["services"][name]["affinity"]["cookie"] = service.affinity.cookie
    if "admin_tokens" in dumped.get("server", {}):  # who has one is no secret
        hidden["server"]["admin_tokens"] = [_hide_token(entry) for entry in dumped["server"]["admin_tokens"]]
    if "identity_headers" in dumped:
        hidden["identity_headers"] = dumped["identity_headers"]  # names of fields, one of them ``credential``
    return hidden


def _hide_token(entry: dict[str, Any]) -> dict[str, Any]:
    # The hash, too: a token that somebody has thought up can be guessed from it.
    return {key: value if key in {"name", "role"} else HIDDEN for key, value in entry.items()}


def written(value: Any) -> Any:
    """*value*, a model or something that holds models, as plain values, as far as it was written. Nothing is hidden;
    what came out of a variable in settings of one's own can be told, for ``hide``.
    """
    if isinstance(value, OpenConfig):
        # As it was read: a dump would turn texts out of variables into plain ones.
        own = {name: getattr(value, name) for name in type(value).model_fields if name in value.model_fields_set}
        return {**own, **value.settings}
    if isinstance(value, BaseModel):
        plain = value.model_dump(mode="json", by_alias=True, exclude_unset=True)
        fields = {(info.alias or name): getattr(value, name) for name, info in type(value).model_fields.items()}
        return {key: written(fields[key]) if has_models(fields[key]) else child for key, child in plain.items()}
    if isinstance(value, Mapping):
        return {str(key): written(child) for key, child in value.items()}
    return [written(child) for child in value] if isinstance(value, (list, tuple)) else value


def has_models(value: Any) -> bool:
    """Whether *value* is a model, or a mapping or tuple of some."""
    if isinstance(value, Mapping):
        return any(isinstance(child, BaseModel) for child in value.values())
    return isinstance(value, BaseModel) or (
        isinstance(value, tuple) and any(isinstance(child, BaseModel) for child in value)
    )


# Ten thousand routes have the same few names.
@lru_cache(maxsize=4096)
def is_secret_name(name: str) -> bool:
    """Whether what is called *name*, a field or a setting, is a secret in practice."""
    return _SECRET_NAME.search(name) is not None


def hide(value: Any) -> Any:
    """*value*, plain settings, with asterisks for what is secret by its name or came out of a variable, and without
    the secrets in URLs.
    """
    if isinstance(value, Mapping):
        # A flag is no secret, whatever it is called: ``credentials: true`` of ``cors``.
        return {
            key: HIDDEN if is_secret_name(str(key)) and not isinstance(child, bool) else hide(child)
            for key, child in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [hide(child) for child in value]
    if isinstance(value, (Expanded, Secret)):
        return HIDDEN
    # Not the whole URL: where something leads to is what people look for, and what ``diff`` compares.
    return redact_url(value) if isinstance(value, str) and "://" in value else value
