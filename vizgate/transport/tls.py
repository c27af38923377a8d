"""TLS contexts.

In: contexts for connections to upstreams; whether a connection has ended as it should, and a certificate has. Not in:
the certificates of listeners (``transport.certificates``).
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vizgate.errors import VizgateError


class TlsFailed(VizgateError):
    """A certificate, key or list of authorities that cannot be used; the message names the file."""


@dataclass(frozen=True, slots=True)
class UpstreamTls:
    """How upstreams are verified and what they are shown. Paths are PEM files; None for *ca* means the system's."""

    verify: bool = True
    ca: str | None = None
    cert: str | None = None
    key: str | None = None


def upstream_context(settings: UpstreamTls) -> ssl.SSLContext:
    """A client context, TLS 1.2 or later, that asks for HTTP/1.1.

    Raises: TlsFailed: a file cannot be read or does not hold what it should.
    """
    try:
        context = ssl.create_default_context(cafile=settings.ca)
    except OSError as exc:
        raise TlsFailed(f"tls.ca: cannot use '{settings.ca}': {exc.strerror or exc}") from exc
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    if not settings.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if settings.cert is not None:
        try:
            context.load_cert_chain(settings.cert, settings.key)
        except OSError as exc:
            raise TlsFailed(f"tls.cert: cannot use '{settings.cert}': {exc.strerror or exc}") from exc
    return context


def has_said_farewell(transport: asyncio.BaseTransport) -> bool:
    """Whether the peer of an ended TLS connection, all of which was read, has said that it ends (``close_notify``).

    Without that, anybody on the way may have ended it (RFC 8446 6.1: a truncation attack).
    """
    session = transport.get_extra_info("ssl_object")
    try:
        return session is not None and not session.read(1)
    except ssl.SSLError:  # more is wanted: nothing has said that there is none
        return False


def has_expired(certificate: Mapping[str, Any] | None, wall_s: float) -> bool:
    """Whether the verified *certificate* of a peer has ended since it was verified; False when there is none.

    A TLS session that is resumed is not verified anew, and each resumption makes another session that can be (RFC 8446
    2.2): without this, a client whose certificate has ended could go on for ever.
    """
    ends = None if certificate is None else certificate.get("notAfter")
    return ends is not None and ssl.cert_time_to_seconds(ends) < wall_s
