"""TLS contexts of a listener.

In: ``build_contexts``: one context for each certificate, and choosing among them by the name that a client asks for
(SNI). Not in: changes of the files (``certificates.served``).
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import Any

from vizgate.message.server_names import NameTable
from vizgate.transport.certificates.facts import CertificateFacts, read_facts
from vizgate.transport.certificates.settings import CertificateFiles, ClientTls, ListenerTls
from vizgate.transport.tls import TlsFailed

_ALPN = ["http/1.1"]


@dataclass(frozen=True, slots=True)
class ServedContexts:
    """``context``: the default one, which changes to another by the client's wish. ``facts``: in the order of files."""

    context: ssl.SSLContext
    facts: tuple[CertificateFacts, ...]


def build_contexts(settings: ListenerTls) -> ServedContexts:
    """The contexts by *settings*; reads every file.

    Raises: TlsFailed: a file cannot be read or does not hold what it should; the message names it.
    """
    facts = tuple(read_facts(files.cert) for files in settings.certificates)
    contexts = [_context(settings, files) for files in settings.certificates]
    if len(contexts) > 1:
        entries = [
            (name, context)
            for files, known, context in zip(settings.certificates, facts, contexts, strict=True)
            for name in files.hosts or known.names
        ]
        contexts[0].sni_callback = _chooser(NameTable(entries))
    return ServedContexts(contexts[0], facts)


def _context(settings: ListenerTls, files: CertificateFiles) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2 if settings.allows_1_2 else ssl.TLSVersion.TLSv1_3
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.set_alpn_protocols(_ALPN)
    if settings.ciphers is not None:
        try:
            context.set_ciphers(settings.ciphers)
        except ssl.SSLError as exc:
            raise TlsFailed(f"ciphers: OpenSSL knows none of '{settings.ciphers}'") from exc
    try:
        # A key with a pass phrase would make OpenSSL ask for it on the terminal.
        context.load_cert_chain(files.cert, files.key, password=_no_password)
    except (OSError, ValueError) as exc:
        raise TlsFailed(f"cert: cannot use '{files.cert}' with '{files.key or files.cert}': {_reason(exc)}") from exc
    if settings.client is not None:
        _ask_clients(context, settings.client)
    return context


def _no_password() -> str:
    raise ValueError("the key has a pass phrase. Store it without")


def _ask_clients(context: ssl.SSLContext, client: ClientTls) -> None:
    context.verify_mode = ssl.CERT_REQUIRED if client.is_required else ssl.CERT_OPTIONAL
    for key, path in (("ca", client.ca), ("crl", client.crl)):
        if path is None:
            continue
        try:
            context.load_verify_locations(path)
        except OSError as exc:
            raise TlsFailed(f"client_auth.{key}: cannot use '{path}': {_reason(exc)}") from exc
    if client.crl is not None:
        if not context.cert_store_stats()["crl"]:
            raise TlsFailed(f"client_auth.crl: '{client.crl}' holds no revocation list in PEM form")
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF


def _chooser(table: NameTable[ssl.SSLContext]) -> Any:
    def choose(connection: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> None:
        found = None if name is None else table.find(name)
        if found is not None:
            connection.context = found

    return choose


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, ssl.SSLError):
        return (
            "the key is not that of the certificate"
            if error.reason == "KEY_VALUES_MISMATCH"
            else ((error.reason or "no certificate or key in PEM form in it").lower().replace("_", " "))
        )
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
