"""TLS contexts.

In: contexts for connections to upstreams. Not in: server certificates (a later version) and where they apply.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass

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
