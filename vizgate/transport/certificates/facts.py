"""What a certificate says about itself.

In: ``CertificateFacts``, read from a PEM file; the one home of ``cryptography`` here. Not in: whether anybody should
believe it (the handshake).
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from vizgate.transport.tls import TlsFailed

_MAX_BYTES = 1024 * 1024
#: Fewer bits than this are too few for a key of its kind (NIST SP 800-57 part 1, table 2: 112 bits of security).
_LEAST_BITS = {"rsa": 2048, "ec": 224}


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """``names``: hosts it is for, in its own order. ``begins_s``, ``ends_s``: seconds since the epoch. ``weakness``:
    what is weak about it, "" for nothing.
    """

    names: tuple[str, ...]
    begins_s: float
    ends_s: float
    weakness: str = ""


def read_facts(path: str) -> CertificateFacts:
    """What the first certificate in the PEM file *path* says. Raises: TlsFailed: there is none."""
    # Here and not above: it takes a tenth of a second, and most programs that import this have no certificates.
    from cryptography import x509

    try:
        with Path(path).open("rb") as file:
            found = x509.load_pem_x509_certificates(file.read(_MAX_BYTES))[0]
    except OSError as exc:
        raise TlsFailed(f"cert: cannot read '{path}': {exc.strerror}") from exc
    except ValueError as exc:
        raise TlsFailed(f"cert: '{path}' holds no certificate in PEM form") from exc
    begins, ends = found.not_valid_before_utc, found.not_valid_after_utc
    return CertificateFacts(_names_in(found), _seconds(begins), _seconds(ends), _weakness_of(found))


def _seconds(moment: datetime) -> float:
    return moment.timestamp()


def _names_in(certificate: object) -> tuple[str, ...]:
    from cryptography import x509

    assert isinstance(certificate, x509.Certificate)
    with contextlib.suppress(x509.ExtensionNotFound, ValueError):
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return tuple(names.get_values_for_type(x509.DNSName))
    # RFC 9525 4.1: a common name is not looked at where names are compared, so there it chooses nothing either.
    return ()


def _weakness_of(certificate: object) -> str:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    assert isinstance(certificate, x509.Certificate)
    key = certificate.public_key()
    kind = "rsa" if isinstance(key, rsa.RSAPublicKey) else "ec" if isinstance(key, ec.EllipticCurvePublicKey) else ""
    if kind and key.key_size < _LEAST_BITS[kind]:  # type: ignore[union-attr]  # the two kinds that have a size
        return f"its key has {key.key_size} bits only"  # type: ignore[union-attr]
    digest = certificate.signature_hash_algorithm
    if digest is not None and digest.name in {"md5", "sha1"}:
        return f"it is signed with {digest.name}"
    return ""
