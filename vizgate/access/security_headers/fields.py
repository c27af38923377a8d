"""The security fields of an answer, as a pure rule.

In: ``SecurityFields``: what is added to fields that are there. Not in: requests and responses (the middleware beside
this).
"""

from __future__ import annotations

from vizgate.access.security_headers.config import HstsConfig, SecurityHeadersConfig
from vizgate.message.headers import Field, encode_value

_NAMES = {
    "content_type_options": b"X-Content-Type-Options",
    "frame_options": b"X-Frame-Options",
    "referrer_policy": b"Referrer-Policy",
    "opener_policy": b"Cross-Origin-Opener-Policy",
    "resource_policy": b"Cross-Origin-Resource-Policy",
    "permissions_policy": b"Permissions-Policy",
    "content_security_policy": b"Content-Security-Policy",
}

_Lines = tuple[tuple[bytes, Field], ...]


class SecurityFields:
    """What answers say; each line is there once it is made, an answer costs a comparison of names."""

    __slots__ = ("_plain", "_replaces", "_secure")

    def __init__(self, config: SecurityHeadersConfig) -> None:
        values = {name: getattr(config, key) for key, name in _NAMES.items()}
        plain = [(name, encode_value(value)) for name, value in values.items() if value is not None]
        self._replaces = config.override
        self._plain = _by_lower_name(plain)
        self._secure = self._plain if config.hsts is None else _by_lower_name([*plain, _hsts(config.hsts)])

    def add_to(self, raw: list[Field], *, is_secure: bool) -> None:
        """Add what is missing to *raw*, or replace what is there if that was asked for.

        Args: is_secure: whether the client came by https. RFC 6797 7.2: over plain http "an HSTS Host MUST NOT include
        the STS header field".
        """
        lines = self._secure if is_secure else self._plain
        if self._replaces:
            ours = {lower for lower, _ in lines}
            raw[:] = [field for field in raw if field[0].lower() not in ours]
            raw += [line for _, line in lines]
        else:
            there = {name.lower() for name, _ in raw}
            raw += [line for lower, line in lines if lower not in there]

    def __repr__(self) -> str:
        return f"<SecurityFields [{len(self._secure)} fields]>"


def _by_lower_name(lines: list[Field]) -> _Lines:
    return tuple((name.lower(), (name, value)) for name, value in lines)


def _hsts(config: HstsConfig) -> Field:
    flags = ["includeSubDomains"] * config.include_subdomains + ["preload"] * config.preload
    # RFC 6797 6.1.
    return (b"Strict-Transport-Security", "; ".join([f"max-age={int(config.max_age)}", *flags]).encode("ascii"))
