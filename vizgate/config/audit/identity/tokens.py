"""What tokens must say to be believed, and how they are taken back.

In: rules about ``kind: jwt`` and token introspection. Not in: secrets and keys (the modules beside this).
"""

from __future__ import annotations

from collections.abc import Iterator

from vizgate.auth.introspection.config import IntrospectionConfig
from vizgate.auth.jwt.config import JwtConfig
from vizgate.config.audit.rule import Rule, Severity
from vizgate.config.audit.view import AuditView
from vizgate.config.problems import Finding
from vizgate.store.config import AnyStoreConfig, MemoryStoreConfig, SharedStoreConfig

_MOST_LEEWAY_S = 300.0


def _jwts(view: AuditView) -> Iterator[tuple[str, JwtConfig]]:
    for name, auth in view.config.auth.items():
        if isinstance(auth, JwtConfig):
            yield name, auth


def _endless(view: AuditView) -> Iterator[Finding]:
    for name, auth in _jwts(view):
        if "exp" not in auth.require:
            message = "a token without exp is good for ever. Write exp, too"
            yield Finding(("auth", name, "require"), message)


def _for_anybody(view: AuditView) -> Iterator[Finding]:
    for name, auth in _jwts(view):
        if not auth.audience:
            yield Finding(("auth", name), "a token that was issued for another service may pass. Write audience")


def _looked_up_for_anybody(view: AuditView) -> Iterator[Finding]:
    for name, auth in view.config.auth.items():
        if isinstance(auth, IntrospectionConfig) and not auth.audience:
            message = "the server alone decides whether a token is meant for this gateway. Write audience if it tells"
            yield Finding(("auth", name), message)


def _from_anybody(view: AuditView) -> Iterator[Finding]:
    """A secret is the issuer's alone, so its signature names the issuer."""
    for name, auth in _jwts(view):
        if not auth.issuer and auth.secret is None:
            message = "whoever has a key of this set may issue tokens for every other. Write issuer"
            yield Finding(("auth", name), message)


def _late(view: AuditView) -> Iterator[Finding]:
    for name, auth in _jwts(view):
        if auth.leeway > _MOST_LEEWAY_S:
            message = "tokens are good for long after their end. Write 30s, and set the clocks"
            yield Finding(("auth", name, "leeway"), message)


def _open_on_failure(view: AuditView) -> Iterator[Finding]:
    for name, auth in _jwts(view):
        if auth.revocation == "store" and auth.on_store_failure == "allow":
            message = "revoked tokens pass while the store is away. Keep it if that is meant"
            yield Finding(("auth", name, "on_store_failure"), message)


def _forgotten(view: AuditView) -> Iterator[Finding]:
    remedy = _how_to_keep(view.config.store)
    for name, auth in _jwts(view):
        if remedy and auth.revocation == "store":
            message = f"the store forgets at the end of the gateway which tokens are revoked. Write {remedy}"
            yield Finding(("auth", name, "revocation"), message)


def _how_to_keep(store: AnyStoreConfig) -> str:
    """What makes *store* last longer than the gateway, "" where it does."""
    if isinstance(store, MemoryStoreConfig) and store.persist is None:
        return "store: {kind: memory, persist: FILE}"
    if isinstance(store, SharedStoreConfig) and store.path is None:
        return "store: {kind: shared, path: FILE}"
    return ""


RULES = (
    Rule(
        "token-without-expiry",
        Severity.WARNING,
        "Tokens need not end",
        "A token without `exp` is a password that nobody can change. Keep `exp` in `require`.",
        _endless,
    ),
    Rule(
        "token-without-audience",
        Severity.WARNING,
        "Tokens may be meant for others",
        "Without `audience` a token that the same server has issued for another service, or for nobody in particular,"
        " is as good as one for this gateway (RFC 8725 3.9).",
        _for_anybody,
    ),
    Rule(
        "introspection-without-audience",
        Severity.NOTE,
        "Tokens that are looked up may be meant for others",
        "A server that knows who asks may leave out tokens that are not meant for them (RFC 7662 4). Where it tells"
        " `aud`, write `audience`.",
        _looked_up_for_anybody,
    ),
    Rule(
        "token-without-issuer",
        Severity.WARNING,
        "Tokens may be issued by anybody who has a key of the set",
        "With `issuer` a token must say who has issued it (RFC 8725 3.8), which matters as soon as one key is used for"
        " more than one issuer, or the set is another than was thought.",
        _from_anybody,
    ),
    Rule(
        "token-leeway",
        Severity.WARNING,
        "Tokens are good for more than five minutes after their end",
        "`leeway` is for clocks that differ by seconds.",
        _late,
    ),
    Rule(
        "revocation-fails-open",
        Severity.NOTE,
        "Revoked tokens pass while the store is away",
        "It is a choice between two failures, and worth to be seen.",
        _open_on_failure,
    ),
    Rule(
        "revocation-forgotten",
        Severity.WARNING,
        "Revoked tokens are good again after a restart",
        "The store keeps the list in memory. Give it a file, or use Redis.",
        _forgotten,
    ),
)
