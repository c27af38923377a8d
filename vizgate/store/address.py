"""Where a Redis is, from its URL.

In: ``Address`` and ``parse_address``. Not in: logging in, which is never part of a URL, and connecting.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

_DEFAULT_PORT = 6379
_FORMS = "Write redis://host:6379/0, rediss://host:6379/0 or unix:/run/redis.sock?db=0"


@dataclass(frozen=True, slots=True)
class Address:
    """``path``: of a Unix socket, "" for host and port. ``database``: its number."""

    host: str = ""
    port: int = _DEFAULT_PORT
    path: str = ""
    database: int = 0
    has_tls: bool = False

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"unix:{self.path}" if self.path else f"{host}:{self.port}"


def parse_address(url: str) -> Address:
    """The place that *url* means. Raises: ValueError: it is none; the message repeats nothing of it, which may hold a
    password.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or _DEFAULT_PORT
    except ValueError:
        raise ValueError(f"the url cannot be read. {_FORMS}") from None
    if parts.username is not None or parts.password is not None:
        raise ValueError("the url must not hold a user or a password. Write them under username and password")
    if parts.fragment:
        raise ValueError(f"the url has a part behind #. {_FORMS}")
    if parts.scheme == "unix":
        return _unix_address(parts.netloc, unquote(parts.path), parts.query)
    if parts.scheme not in {"redis", "rediss"} or not host:
        raise ValueError(f"the url does not say where. {_FORMS}")
    if parts.query:
        raise ValueError(f"the url has a part behind ?. {_FORMS}")
    database = _database(parts.path.removeprefix("/") or "0")
    return Address(host, port, database=database, has_tls=parts.scheme == "rediss")


def _unix_address(netloc: str, path: str, query: str) -> Address:
    settings = dict(parse_qsl(query, keep_blank_values=True))
    if netloc or not path.startswith("/") or "\0" in path or settings.keys() - {"db"}:
        raise ValueError(f"the url does not say which socket. {_FORMS}")
    return Address(path=path, database=_database(settings.get("db", "0")))


def _database(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 5):
        raise ValueError(f"the url does not end in the number of a database. {_FORMS}")
    return int(text)
