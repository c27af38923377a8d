"""What becomes of a connection at each entrance.

In: ``way_of``: the public site itself, a redirect to https, or a look at the client's certificate before. Not in: the
handshake, which has verified that certificate (``transport.arrival``).
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from vizgate.auth.mtls.rules import CertificateRules
from vizgate.gateway.listening.https_redirect import HttpsRedirectSite
from vizgate.gateway.listening.listeners import Entrance
from vizgate.gateway.public import PublicSite
from vizgate.transport.stream import Stream

_log = logging.getLogger("vizgate.tls")


def way_of(entrance: Entrance, site: PublicSite) -> Callable[[Stream], None]:
    """Takes the connections of *entrance*."""
    if entrance.https_port:
        return HttpsRedirectSite(site, entrance.https_port).accept
    if entrance.rules is not None:
        return _looking(entrance.rules, site)
    return site.accept


def _looking(rules: CertificateRules, site: PublicSite) -> Callable[[Stream], None]:
    def accept(stream: Stream) -> None:
        # Without a certificate the handshake has let the client in because ``mode: optional`` says so.
        if stream.certificate is not None and not rules.match(stream.certificate):
            _log.info("the certificate of %s is not one of those that are let in", stream.peer or "a client")
            site.failed("not_allowed")
            stream.abort()
            return
        site.accept(stream)

    return accept
