"""The server's half of the CORS protocol, as pure values.

In: ``CorsPolicy``: which fields an answer carries, and whether a preflight is granted. Not in: requests and responses
(``cors.middleware``), and finding the route that a preflight asks about (``gateway.preflight``).

Source: Fetch standard, "CORS protocol".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from vizgate.cors.config import ANY, CorsConfig
from vizgate.message.headers import Field
from vizgate.message.origins import OriginSet

# Fetch standard: the names of "CORS-safelisted request-headers". A page may send them anyway with some values; those
# with other values (Content-Type: application/json) are what a preflight asks about.
_SAFE_HEADERS = ("Accept", "Accept-Language", "Content-Language", "Content-Type")
_PREFIX = b"access-control-"
_NO_FIELDS: tuple[Field, ...] = ()
_PRIVATE = (b"Access-Control-Allow-Private-Network", b"true")
_MAX_SHOWN = 60


@dataclass(frozen=True, slots=True)
class PreflightAnswer:
    """``fields``: what a preflight that is granted is answered with. ``refusal``: why it is not, safe to show."""

    fields: tuple[Field, ...] = ()
    refusal: str = ""


class CorsPolicy:
    """The CORS rules of one route, ready to be asked. Everything is computed here; a decision is look-ups.

    Alone, without a gateway:

        >>> from vizgate.cors.config import CorsConfig
        >>> policy = CorsPolicy(CorsConfig(origins=("https://*.example.com",), methods=("GET", "PUT")))
        >>> policy.fields(b"https://app.example.com")
        ((b'Access-Control-Allow-Origin', b'https://app.example.com'),)
        >>> policy.fields(b"https://evilexample.com")
        ()
    """

    __slots__ = (
        "_any_origin", "_config", "_granted", "_header_names", "_methods", "_origins", "_shared",
    )  # fmt: skip

    def __init__(self, config: CorsConfig) -> None:
        self._config = config
        self._any_origin = ANY in config.origins
        self._origins = OriginSet(origin for origin in config.origins if origin != ANY)
        methods = [*config.methods, *(["HEAD"] if "GET" in config.methods and "HEAD" not in config.methods else [])]
        self._methods = frozenset(method.encode("ascii") for method in methods)
        headers = [*_SAFE_HEADERS, *(name for name in config.headers if name not in _SAFE_HEADERS)]
        self._header_names = frozenset(name.lower().encode("latin-1") for name in headers)
        credentials = [(b"Access-Control-Allow-Credentials", b"true")] if config.credentials else []
        exposed = [(b"Access-Control-Expose-Headers", _joined(config.expose))] if config.expose else []
        #: What every answer to a page that may read it says, next to its origin.
        self._shared = (*credentials, *exposed)
        self._granted = (
            *credentials,
            (b"Access-Control-Allow-Methods", _joined(methods)),
            (b"Access-Control-Allow-Headers", _joined(headers)),
            (b"Access-Control-Max-Age", str(int(config.max_age)).encode("ascii")),
        )

    def fields(self, origin: bytes) -> tuple[Field, ...]:
        """What an answer to a page of *origin* carries; nothing when it may not read the answer."""
        allowed = self._allowed(origin)
        return _NO_FIELDS if allowed is None else (allowed, *self._shared)

    def _allowed(self, origin: bytes) -> Field | None:
        if self._any_origin:
            return (b"Access-Control-Allow-Origin", b"*")
        return (b"Access-Control-Allow-Origin", origin) if origin in self._origins else None

    def preflight(
        self, origin: bytes, method: bytes, headers: bytes = b"", *, is_private: bool = False
    ) -> PreflightAnswer:
        """Whether a page of *origin* may send a request with *method* and *headers*.

        Args: headers: names with commas between them, as they came. is_private: whether the page asks to reach a
        private network.
        """
        allowed = self._allowed(origin)
        if allowed is None:
            return PreflightAnswer(refusal="this origin may not read the answers")
        # Fetch standard: methods compare with case, names of headers without.
        if method not in self._methods and b"*" not in self._methods:
            return PreflightAnswer(refusal=f"the method {_shown(method)} is not allowed to pages of other origins")
        refused = self._refused_header(headers)
        if refused is not None:
            return PreflightAnswer(refusal=f"the header {_shown(refused)} is not allowed to pages of other origins")
        private = (_PRIVATE,) if is_private and self._config.private_network else _NO_FIELDS
        return PreflightAnswer((allowed, *self._granted, *private))

    def _refused_header(self, headers: bytes) -> bytes | None:
        names = self._header_names
        for item in headers.split(b",") if headers else ():
            name = item.strip(b" \t").lower()
            # Fetch standard: "*" does not stand for Authorization.
            if name and name not in names and (b"*" not in names or name == b"authorization"):
                return name
        return None

    def __repr__(self) -> str:
        return f"<CorsPolicy {', '.join(self._config.origins)}>"


def without_cors(raw: list[Field]) -> list[Field]:
    """The fields that say nothing about CORS: what an upstream says about it is the gateway's to say."""
    # Lengths first: few names are that long, and lower() is the dear part.
    size = len(_PREFIX)
    return [field for field in raw if len(field[0]) <= size or field[0][:size].lower() != _PREFIX]


def _joined(names: Iterable[str]) -> bytes:
    return ", ".join(names).encode("latin-1")


def _shown(value: bytes) -> str:
    return ascii(value[:_MAX_SHOWN].decode("latin-1"))
