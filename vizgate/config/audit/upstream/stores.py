"""Where counters and revoked tokens are kept.

In: rules about the way to a store and about who shares it. Not in: what is kept there.
"""

from __future__ import annotations

from collections.abc import Iterator

from vizgate.config.audit.hosts import is_loopback
from vizgate.config.audit.rule import Rule, Severity
from vizgate.config.audit.view import AuditView
from vizgate.config.problems import Finding
from vizgate.store.address import Address, parse_address
from vizgate.store.config import MemoryStoreConfig, RedisStoreConfig


def _afar(view: AuditView) -> tuple[RedisStoreConfig, Address] | None:
    """The store and its address, if that is another machine."""
    store = view.config.store
    if not isinstance(store, RedisStoreConfig):
        return None
    address = parse_address(store.url)
    return None if address.path or is_loopback(address.host) else (store, address)


def _plain(view: AuditView) -> Iterator[Finding]:
    found = _afar(view)
    if found is not None and not found[1].has_tls:
        message = "the password, names of users and revoked tokens go there in plain text. Write rediss://"
        yield Finding(("store", "url"), message)


def _open(view: AuditView) -> Iterator[Finding]:
    found = _afar(view)
    if found is not None and found[0].password is None:
        message = "whoever reaches it can reset limits and make revoked tokens good. Write password: ${NAME}"
        yield Finding(("store",), message)


def _unverified(view: AuditView) -> Iterator[Finding]:
    found = _afar(view)
    if found is not None and not found[0].verify:
        yield Finding(("store", "verify"), "anybody may stand in for the store. Write ca instead")


def _not_shared(view: AuditView) -> Iterator[Finding]:
    config = view.config
    if config.server.workers != 1 and isinstance(config.store, MemoryStoreConfig) and config.limits:
        message = "each worker counts alone, so a client has as many budgets as there are workers. Write shared"
        yield Finding(("store",), message)


RULES = (
    Rule(
        "store-without-tls",
        Severity.WARNING,
        "A store on another machine is asked without TLS",
        "Write `rediss://`. Loopback and Unix sockets are never told of.",
        _plain,
    ),
    Rule(
        "store-without-password",
        Severity.WARNING,
        "A store on another machine asks for no password",
        "Whoever can reach it writes counters and the list of revoked tokens.",
        _open,
    ),
    Rule(
        "store-not-verified",
        Severity.WARNING,
        "The certificate of the store is not verified",
        "`verify: false` encrypts and lets anybody answer. Give the authority under `ca`.",
        _unverified,
    ),
    Rule(
        "store-not-shared",
        Severity.WARNING,
        "Several workers count apart",
        "`store: memory` is each worker's own. Write `shared`, or Redis for several machines.",
        _not_shared,
    ),
)
