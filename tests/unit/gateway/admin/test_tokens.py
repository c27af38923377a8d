"""The rules of ``AdminTokens`` and ``AdminAccess``: who a token belongs to, and when that changes."""

from __future__ import annotations

from vizgate.auth.api_key.table import hash_key
from vizgate.config.model import ServerConfig
from vizgate.gateway.admin.access import AdminAccess
from vizgate.gateway.admin.tokens import AdminTokens, Caller
from vizgate.message.headers import Headers
from vizgate.pipeline.request import Request
from vizgate.testing import ManualClock

OLD = "old-old-old-old-old"
NEW = "new-new-new-new-new"


def server(**said: object) -> ServerConfig:
    return ServerConfig.model_validate(said)


def asking(token: str = "", client: str = "127.0.0.1") -> Request:
    fields = [("Authorization", f"Bearer {token}")] if token else []
    return Request("GET", b"/status", Headers.of(fields), authority="localhost", client=client)


def test_token_is_found_by_its_hash_and_by_itself() -> None:
    """And nothing like it is."""
    entries = [{"name": "a", "token": "one-one-one-one-1"}, {"name": "b", "hash": hash_key(b"two"), "role": "operator"}]
    tokens = AdminTokens.of(server(admin_token="zero-zero-zero-zero", admin_tokens=entries))
    assert [Caller("admin", "operator"), Caller("a", "reader"), Caller("b", "operator")] == [
        tokens.find(token) for token in (b"zero-zero-zero-zero", b"one-one-one-one-1", b"two")
    ]
    assert [None] * 5 == [
        tokens.find(token)
        for token in (b"", b"one-one-one-one-", b"one-one-one-one-1 ", b"ONE-ONE-ONE-ONE-1", b"x" * 5000)
    ]
    assert "<AdminTokens [3]>" == repr(tokens)


def test_no_token_is_nobodys() -> None:
    """Where there are none, none is right."""
    tokens = AdminTokens.of(server())
    assert not tokens
    assert tokens.find(b"") is None


def test_reload_changes_tokens_at_once() -> None:
    """The old one is nobody's any more; what a peer got wrong stays."""
    present = [server(admin_token=OLD)]
    access = AdminAccess(lambda: present[0], ManualClock(0.0))
    assert access.admit(asking(OLD), is_change=True).refusal is None
    present[0] = server(admin_token=NEW)
    refusal = access.admit(asking(OLD), is_change=True).refusal
    assert refusal is not None
    assert 401 == refusal.status
    assert access.admit(asking(NEW), is_change=True).refusal is None
    present[0] = server()
    assert "local" == access.admit(asking(), is_change=True).caller.name


def test_each_peer_has_tries_of_its_own() -> None:
    """A /64 counts as one; whoever has the right token is let in from there, too."""
    config = server(admin_token=OLD, admin="0.0.0.0:1")
    access = AdminAccess(lambda: config, ManualClock(0.0))
    statuses = [access.admit(asking("no", f"2001:db8::{number}"), is_change=False).refusal for number in range(1, 13)]
    assert [401] * 10 + [429] * 2 == [refusal.status for refusal in statuses if refusal is not None]
    for client in ("2001:db8::1", "2001:db8:0:1::1"):
        assert access.admit(asking(OLD, client), is_change=True).refusal is None


def test_short_token_waits_with_those_who_guess() -> None:
    """It might be found by trying, so after ten wrong ones nobody learns whether the next is right, for a while."""
    clock, config = ManualClock(0.0), server(admin_token="s3cret", admin="0.0.0.0:1")  # of 6 characters
    access = AdminAccess(lambda: config, clock)
    for _ in range(10):
        access.admit(asking("no"), is_change=False)
    refusal = access.admit(asking("s3cret"), is_change=False).refusal
    assert refusal is not None
    assert 429 == refusal.status
    clock.advance(60.0)
    assert access.admit(asking("s3cret"), is_change=False).refusal is None


def test_refused_changes_of_a_reader_are_told_ten_times_a_minute() -> None:
    """Nobody who may only look fills the audit log; another reader at the same address has lines of its own."""
    readers = [{"name": "a", "token": OLD}, {"name": "b", "token": NEW}]
    config, clock = server(admin_tokens=readers), ManualClock(0.0)
    access = AdminAccess(lambda: config, clock)

    def told(token: str) -> int:
        refusals = [access.admit(asking(token), is_change=True).refusal for _ in range(30)]
        assert {403} == {refusal.status for refusal in refusals if refusal is not None}
        return sum(refusal.is_told for refusal in refusals if refusal is not None)

    assert [10, 10] == [told(OLD), told(NEW)]
    clock.advance(60.0)
    assert 10 == told(OLD)


def test_request_without_a_token_is_no_try() -> None:
    """It is no guess; the audit log tells of a few."""
    config = server(admin_token=OLD)
    access = AdminAccess(lambda: config, ManualClock(0.0))
    refusals = [access.admit(asking(), is_change=True).refusal for _ in range(30)]
    assert [(401, True)] * 10 + [(401, False)] * 20 == [
        (refusal.status, refusal.is_told) for refusal in refusals if refusal is not None
    ]
    assert access.admit(asking(OLD), is_change=True).refusal is None
