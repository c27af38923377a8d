"""Authenticators and the parts that name them, lean on them, or could get in their way.

In: dangling names, scopes of routes that are public, fields that cannot carry an identity. Not in: what one
authenticator can be asked alone (``auth.*.config``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from vizgate.auth.api_key.config import ApiKeyConfig
from vizgate.auth.config import AuthConfig, IdentityHeadersConfig
from vizgate.auth.forward.config import ForwardAuthConfig
from vizgate.config.model.route import RouteConfig
from vizgate.config.problems import Finding, Path, unknown_name
from vizgate.message.forwarding import ASSERTED

# What browsers and the other kinds of authenticators send credentials in.
_CREDENTIAL_FIELDS = {"authorization": "credentials", "cookie": "cookies"}


@dataclass(frozen=True, slots=True)
class AuthParts:
    """``names``: all under ``auth``. ``asked``: by index of the route, those that it names itself. The others are known
    of a configuration whose parts are all good (``is_whole``): the authenticators, the names that ``defaults`` has, the
    fields of the identity, the field of the request id.
    """

    names: Sequence[str] = ()
    asked: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    authenticators: Mapping[str, AuthConfig] = field(default_factory=dict)
    defaults: tuple[str, ...] = ()
    identity: IdentityHeadersConfig = field(default_factory=IdentityHeadersConfig)
    request_id: str = ""
    is_whole: bool = False


def auth_findings(parts: AuthParts, routes: Mapping[int, RouteConfig]) -> Iterator[Finding]:
    """Everything that is wrong."""
    if "none" in parts.names:
        yield Finding(("auth", "none"), "auth: none means that a route is public. Give the authenticator another name")
    yield from _unknown(("defaults", "auth"), parts.defaults, parts.names)
    for index, names in parts.asked.items():
        yield from _unknown(("routes", index, "auth"), names, parts.names)
    if parts.is_whole:
        for index, route in routes.items():
            yield from _of_nobody(("routes", index), route)
    yield from _identity_fields(parts)
    yield from _copied_fields(parts)


def _of_nobody(at: Path, route: RouteConfig) -> Iterator[Finding]:
    """What a route asks of identities that it never gets."""
    for key in ("scopes", "claims"):
        if getattr(route, key) and not route.auth:
            yield Finding((*at, key), f"{key} has no effect on a public route. Write auth, or remove {key}")


def _unknown(at: Path, names: tuple[str, ...], known: Sequence[str]) -> Iterator[Finding]:
    for index, name in enumerate(names):
        if name not in known:
            yield Finding((*at, index), unknown_name("authenticator", name, known, "auth"))


def _identity_fields(parts: AuthParts) -> Iterator[Finding]:
    """A field that is taken from every request must not be one that something else needs."""
    taken = _needed_fields(parts)
    for path, name in _named_fields(parts.identity):
        lower = name.lower()
        if lower in taken:
            yield Finding(path, f"{name} carries {taken[lower]}. Choose another field")
        taken[lower] = "another part of the identity"


def _copied_fields(parts: AuthParts) -> Iterator[Finding]:
    """As ``_identity_fields``, of what authorisers send: a client's own fields of these names are taken, too."""
    needed = _needed_fields(parts)
    for name, config in parts.authenticators.items():
        if isinstance(config, ForwardAuthConfig):
            for index, copied in enumerate(config.copy_headers):
                if copied.lower() in needed:
                    path = ("auth", name, "copy_headers", index)
                    yield Finding(
                        path, f"{copied} carries {needed[copied.lower()]}. Have the authoriser send another field"
                    )


def _needed_fields(parts: AuthParts) -> dict[str, str]:
    """By lower-case name: what a field is needed for."""
    needed = {name.decode("latin-1"): "what the gateway itself tells about the way of a request" for name in ASSERTED}
    needed[parts.request_id.lower()] = "the request id"
    needed |= {name: f"{what}, which would be taken from every request" for name, what in _CREDENTIAL_FIELDS.items()}
    for name, config in parts.authenticators.items():
        if isinstance(config, ApiKeyConfig):
            needed[config.header.lower()] = f"the keys of {name}, which would be taken from every request"
    return needed


def _named_fields(identity: IdentityHeadersConfig) -> Iterator[tuple[Path, str]]:
    for key in ("user", "tier", "scopes", "credential", "authenticator"):
        name = getattr(identity, key)
        if name is not None:
            yield ("identity_headers", key), name
    for claim, name in identity.claims.items():
        yield ("identity_headers", "claims", claim), name
