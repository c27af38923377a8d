"""The certificates of one listener, as they are now.

In: ``ServedCertificates``: what new connections are shown, and taking over changed files. Not in: when somebody looks
(``gateway.listening.renewal``).
"""

from __future__ import annotations

import ssl
from collections.abc import Sequence

from vizgate.transport.certificates.contexts import ServedContexts, build_contexts
from vizgate.transport.certificates.facts import CertificateFacts
from vizgate.transport.certificates.mark import Mark, mark_of
from vizgate.transport.certificates.settings import ListenerTls


class ServedCertificates:
    """Raises: TlsFailed: a file cannot be used."""

    def __init__(self, settings: ListenerTls) -> None:
        self.settings = settings
        self._mark = self._look()
        self._served = build_contexts(settings)

    @property
    def context(self) -> ssl.SSLContext:
        """For the next handshake."""
        return self._served.context

    @property
    def facts(self) -> Sequence[CertificateFacts]:
        """Of each certificate, in the order of the settings."""
        return self._served.facts

    def renewed(self) -> ServedContexts | None:
        """Contexts of the files as they are, if they have changed since anybody last asked; reads files, so call it in
        a thread.

        Raises: TlsFailed: they cannot be used as they are. They are not tried again before they change again.
        """
        mark = self._look()
        if mark == self._mark:
            return None
        self._mark = mark
        return build_contexts(self.settings)

    def use(self, served: ServedContexts) -> None:
        """Show *served* from now on; connections that are there keep what they have."""
        self._served = served

    def _look(self) -> tuple[Mark, ...]:
        return tuple(mark_of(path) for path in self.settings.files())

    def __repr__(self) -> str:
        return f"<ServedCertificates [{len(self.facts)} certificates]>"
