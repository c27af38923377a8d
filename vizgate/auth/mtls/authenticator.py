"""Identity from the client certificate of the connection.

In: ``MtlsAuthenticator``. Not in: the handshake, which verifies the certificate (``transport``), and its names
(``auth.mtls.names``).
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any, ClassVar

from vizgate.auth.mtls.config import MtlsConfig, SubjectConfig
from vizgate.auth.mtls.names import NamePatterns, name_of
from vizgate.extension.contract import ComponentConfig, Context
from vizgate.extension.kinds.authenticator import Authenticator, CredentialRefused
from vizgate.message.identity import Identity
from vizgate.pipeline.request import Request

_NOT_LISTED = SubjectConfig()
# All requests of a connection have the same certificate.
_REMEMBERED = 1024

_Certificate = Mapping[str, Any]


class MtlsAuthenticator(Authenticator):
    """Takes ``Request.peer_certificate``, which only a listener that has verified it sets."""

    Config: ClassVar[type[ComponentConfig]] = MtlsConfig

    def __init__(self, config: MtlsConfig, context: Context | None = None) -> None:
        super().__init__(config, context)
        self._allowed = NamePatterns(config.allow) if config.allow else None
        # By id, with the certificate itself held, so that no other can come to have the same id.
        self._known: dict[int, tuple[_Certificate, Identity, float]] = {}

    def authenticate(self, request: Request) -> Identity | None:
        """See ``Authenticator.authenticate``."""
        certificate = request.peer_certificate
        if not certificate:
            return None
        known = self._known.get(id(certificate))
        if known is None:
            known = self._learn(certificate)
        # The handshake has looked at it, but a connection may live longer than its certificate.
        if self.context.clock.wall() >= known[2]:
            raise CredentialRefused("the certificate has expired")
        return known[1]

    def _learn(self, certificate: _Certificate) -> tuple[_Certificate, Identity, float]:
        user = name_of(certificate, self.config.user)
        if self._allowed is not None and not self._allowed.match(user):
            raise CredentialRefused("the certificate is not on the list")
        subject = self.config.subjects.get(user, _NOT_LISTED)
        serial = str(certificate.get("serialNumber", ""))
        identity = Identity(user, subject.tier, frozenset(subject.scopes), self.context.name, serial)
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        known = self._known[id(certificate)] = certificate, identity, _end_of(certificate)
        return known

    def __repr__(self) -> str:
        return f"<MtlsAuthenticator {self.context.name} [{len(self._known)} certificates known]>"


def _end_of(certificate: _Certificate) -> float:
    """When *certificate* ends, in seconds since the epoch; one that does not say so is not taken."""
    try:
        return float(ssl.cert_time_to_seconds(certificate["notAfter"]))
    except (KeyError, ValueError):
        raise CredentialRefused("the certificate does not say how long it is good") from None
