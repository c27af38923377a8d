"""What pages of other origins may do with the browser of a user.

In: rules about CORS and about cookies that are credentials. Not in: what is refused outright (``cors.config``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from vizgate.auth.jwt.config import JwtConfig
from vizgate.config.audit.hosts import is_loopback
from vizgate.config.audit.rule import Rule, Severity
from vizgate.config.audit.view import AuditView
from vizgate.config.problems import Finding, Path
from vizgate.cors.config import ANY, CorsConfig

_WRITING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_ORIGIN, _CREDENTIALS = "access-control-allow-origin", "access-control-allow-credentials"


def _by_hand(view: AuditView) -> Iterator[Finding]:
    """CORS that ``use: headers`` makes, where nothing refuses what ``cors`` would."""
    for path, _, entry in view.entries("headers"):
        fields = _set_fields(entry.settings.get("response"))
        origin, credentials = fields.get(_ORIGIN, ""), fields.get(_CREDENTIALS, "")
        if credentials.lower() == "true" and (origin == ANY or "{" in origin):
            message = "every page may do what the user may. Remove these fields, and write cors with the origins"
            yield Finding((*path, "response"), message)


def _set_fields(changes: Any) -> dict[str, str]:
    actions = [changes.get(action) for action in ("set", "add")] if isinstance(changes, Mapping) else []
    return {
        str(name).lower(): str(value)
        for fields in actions
        if isinstance(fields, Mapping)
        for name, value in fields.items()
    }


def _settings(view: AuditView) -> Iterator[tuple[Path, CorsConfig]]:
    """Every ``cors`` and its place, that of the defaults once."""
    defaults = view.config.defaults.cors
    if defaults is not None:
        yield ("defaults", "cors"), defaults
    for index, route in enumerate(view.config.routes):
        if route.cors is not None and route.cors is not defaults:
            yield ("routes", index, "cors"), route.cors


def _origins(is_found: Callable[[CorsConfig, str], bool], message: str) -> Callable[[AuditView], Iterator[Finding]]:
    """Finds origins of which something holds. Args: message: with the origin where ``{}`` stands."""

    def find(view: AuditView) -> Iterator[Finding]:
        for path, cors in _settings(view):
            for index, origin in enumerate(cors.origins):
                if is_found(cors, origin):
                    yield Finding((*path, "origins", index), message.format(origin))

    return find


def _is_plain(origin: str) -> bool:
    parts = urlsplit(origin)
    return parts.scheme == "http" and not is_loopback(parts.hostname or "")


def _cookies(view: AuditView) -> Iterator[Finding]:
    for index, route in enumerate(view.config.routes):
        methods = route.match.methods
        writes = route.services and (methods is None or not _WRITING.isdisjoint(methods))
        kinds = {name: view.config.auth[name] for name in route.auth}
        held = [name for name, auth in kinds.items() if isinstance(auth, JwtConfig) and auth.cookie is not None]
        if writes and held and all(entry.use != "csrf" for entry in route.middleware):
            message = f"a page of another site can have a browser send the cookie of {held[0]}. Write use: csrf"
            yield Finding(("routes", index), message)


RULES = (
    Rule(
        "cors-credentials",
        Severity.ERROR,
        "Every origin may send credentials and read the answers",
        "`use: headers` allows every origin together with credentials, so any page can do what its visitor may. `cors`"
        " with a list of origins refuses that combination.",
        _by_hand,
    ),
    Rule(
        "cors-wildcard-credentials",
        Severity.WARNING,
        "Every subdomain may send credentials and read the answers",
        "Whoever gets hold of one subdomain, of an old campaign or of a user's page, has the users' sessions. List the"
        " origins that need it.",
        _origins(
            lambda cors, origin: cors.credentials and ANY in origin,
            "credentials go to every host that {} stands for. List the origins",
        ),
    ),
    Rule(
        "cors-plain-origin",
        Severity.WARNING,
        "An origin without TLS may send credentials",
        "Whoever is on the way to that page can put a script into it. Write the https:// origin.",
        _origins(
            lambda cors, origin: cors.credentials and _is_plain(origin),
            "whoever is on the way to {} can read what its users can. Write https://",
        ),
    ),
    Rule(
        "cors-null-origin",
        Severity.WARNING,
        "The origin `null` is allowed",
        "It is that of every sandboxed frame and of every local file, so it is as good as all origins.",
        _origins(lambda _, origin: origin == "null", "every page can have the origin {}. Remove it"),
    ),
    Rule(
        "cors-private-network",
        Severity.WARNING,
        "Every page of the Internet may reach a gateway in a private network",
        "`private_network` lets a browser ask a gateway that its page could not reach itself. List the origins.",
        _origins(
            lambda cors, origin: cors.private_network and origin == ANY,
            "every page of the Internet may ask this gateway by a visitor's browser ({}). List the origins",
        ),
    ),
    Rule(
        "cookie-without-csrf",
        Severity.WARNING,
        "A route takes a credential from a cookie and writing methods, without `csrf`",
        "Browsers send cookies with requests of other sites' pages, too. `use: csrf` looks where a request is from.",
        _cookies,
    ),
)
