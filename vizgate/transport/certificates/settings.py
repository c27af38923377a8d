"""How a listener speaks TLS.

In: values. Not in: reading the files they name (``certificates.contexts``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """PEM files of one certificate. ``key``: None when it is in ``cert``. ``hosts``: instead of the names in it."""

    cert: str
    key: str | None = None
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClientTls:
    """Which certificates clients must show. ``crl``: None when nothing is revoked."""

    ca: str
    is_required: bool = True
    crl: str | None = None


@dataclass(frozen=True, slots=True)
class ListenerTls:
    """TLS of one listener. ``certificates``: the first is the default. ``ciphers``: of TLS 1.2, None for OpenSSL's."""

    certificates: tuple[CertificateFiles, ...]
    allows_1_2: bool = False
    ciphers: str | None = None
    client: ClientTls | None = None

    def files(self) -> Iterator[str]:
        """Every file that it is made of."""
        for files in self.certificates:
            yield files.cert
            if files.key is not None:
                yield files.key
        if self.client is not None:
            yield self.client.ca
            if self.client.crl is not None:
                yield self.client.crl
