"""Bearer tokens as credentials of requests: what is remembered, for how long, and what is asked."""

from __future__ import annotations

import inspect
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.auth.jwt.tokens import CLAIMS, NOW_S, SECRET, forged, jwk, key_set, private_key, token
from vizgate.auth.jwt.authenticator import JwtAuthenticator
from vizgate.auth.jwt.config import JwtConfig
from vizgate.auth.jwt.revocation import RevocationList
from vizgate.errors import CallFailed
from vizgate.extension.contract import Context
from vizgate.extension.kinds.authenticator import AuthenticationUnavailable, CredentialRefused
from vizgate.extension.store import Cells, Program, StoreFailed
from vizgate.message.headers import Headers
from vizgate.message.identity import Identity
from vizgate.pipeline.ports import Call, CallAnswer
from vizgate.pipeline.request import Request
from vizgate.testing import ManualClock

R1, R2 = private_key("RS256"), private_key("RS256", 1)


class Provider:
    """A caller that gives *document*, or fails while it is None."""

    def __init__(self, document: bytes | None) -> None:
        self.document = document
        self.times = 0

    async def call(self, call: Call) -> CallAnswer:
        self.times += 1
        if self.document is None:
            raise CallFailed("idp.example.com: refused")
        return CallAnswer(200, (), self.document)


class DictStore:
    """Keeps cells in a dict. ``is_local``: answers at once. ``is_away``: fails."""

    def __init__(self, clock: ManualClock, *, is_local: bool = True) -> None:
        self.is_local = is_local
        self.is_away = False
        self.runs = 0
        self._clock = clock
        self._cells: dict[bytes, Cells] = {}

    def run(self, program: Program, key: bytes, arguments: Cells) -> Any:
        return self._now(program, key, arguments) if self.is_local else self._later(program, key, arguments)

    def _now(self, program: Program, key: bytes, arguments: Cells) -> Cells:
        self.runs += 1
        if self.is_away:
            raise StoreFailed("away")
        step = program.run(self._cells.get(key, ()), self._clock.wall(), arguments)
        self._cells[key] = step.cells
        return step.result

    async def _later(self, program: Program, key: bytes, arguments: Cells) -> Cells:
        return self._now(program, key, arguments)

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


class Made:
    """An authenticator and everything around it."""

    def __init__(self, document: bytes | None = None, store: DictStore | None = None, **settings: Any) -> None:
        self.clock = store._clock if store is not None else ManualClock(wall_s=NOW_S)
        self.provider = Provider(document)
        context = Context(name="tokens", clock=self.clock, calls=self.provider)
        if store is not None:
            context = Context(name="tokens", clock=self.clock, calls=self.provider, store=store)
        keys = {"secret": SECRET, "algorithms": ["HS256"]}
        if document is not None or "jwks_url" in settings:
            keys = {"jwks_url": "https://idp.example.com/keys", "algorithms": ["RS256"]}
        config = JwtConfig.model_validate({"kind": "jwt", "audience": "vizgate", **keys, **settings})
        self.authenticator = JwtAuthenticator(config, context)

    async def ask(self, credential: bytes | Request) -> Identity | None:
        request = bearer(credential) if isinstance(credential, bytes) else credential
        found = self.authenticator.authenticate(request)
        return await found if inspect.isawaitable(found) else found

    async def refusal(self, credential: bytes) -> str:
        with pytest.raises(CredentialRefused) as refused:
            await self.ask(credential)
        return refused.value.detail


def bearer(credential: bytes) -> Request:
    return Request("GET", b"/", Headers([(b"X-A", b"b"), (b"Authorization", b"Bearer " + credential)]))


def test_good_token_is_an_identity_at_once() -> None:
    """Keys that are at hand need no waiting, for the first look at a token and for the next."""
    made = Made(claims={"tier": "plan"})
    request = bearer(token({**CLAIMS, "plan": "premium", "scope": "read"}))
    first, again = (made.authenticator.authenticate(request) for _ in range(2))
    assert isinstance(first, Identity)
    assert first is again
    assert ("ann", "premium", "tokens", "t-1") == (first.user, first.tier, first.authenticator, first.credential)
    assert b"authorization" in [name.lower() for name, _ in request.headers.raw]


def test_nothing_shown() -> None:
    """A request without a bearer token is for others."""
    assert Made().authenticator.authenticate(Request("GET", b"/")) is None


def test_strip_takes_the_credential_out_every_time() -> None:
    """The service does not see the token, whether it was remembered or not."""
    made = Made(strip=True, cookie="session")
    for _ in range(2):
        request = bearer(token())
        request.headers.add("Cookie", "theme=dark; session=x")
        assert isinstance(made.authenticator.authenticate(request), Identity)
        assert [("X-A", "b"), ("Cookie", "theme=dark")] == request.headers.items()


def test_token_in_a_cookie() -> None:
    """With ``cookie`` a browser can bring the token."""
    request = Request("GET", b"/", Headers([(b"Cookie", b"a=b; session=" + token())]))
    assert isinstance(Made(cookie="session").authenticator.authenticate(request), Identity)


async def test_remembered_token_is_never_good_past_its_exp() -> None:
    """What is remembered ends with ``exp``; the leeway is for tokens that are verified."""
    made = Made(leeway=10.0)
    good = token()
    await made.ask(good)
    made.clock.advance(599)
    await made.ask(good)
    assert 1 == len(made.authenticator._verified)
    made.clock.advance(1)
    await made.ask(good)
    assert 0 == len(made.authenticator._verified)
    made.clock.advance(10)
    assert "the token has expired" == await made.refusal(good)


async def test_clock_that_jumps_changes_what_is_good() -> None:
    """A jump forward ends a remembered token, a jump back makes one that is not valid yet, whatever was remembered."""
    made = Made()
    good = token({**CLAIMS, "nbf": int(NOW_S) - 100})
    await made.ask(good)
    made.clock.set_wall(NOW_S + 100_000)
    assert "the token has expired" == await made.refusal(good)
    made.clock.set_wall(NOW_S)
    await made.ask(good)
    made.clock.set_wall(NOW_S - 1000)
    assert "the token is not valid yet" == await made.refusal(good)
    made.clock.set_wall(NOW_S)
    assert "ann" == (await made.ask(good)).user


async def test_memory_is_bounded() -> None:
    """However many tokens come, no more than ``cache`` are remembered; bad ones never are."""
    made = Made(cache=3)
    for number in range(10):
        await made.ask(token({**CLAIMS, "jti": f"t-{number}"}))
        await made.refusal(forged({"alg": "HS256"}, {**CLAIMS, "jti": f"{number}"}, b"wrong"))
    assert 3 == len(made.authenticator._verified)


async def test_keys_are_fetched_and_rotation_empties_the_memory() -> None:
    """A token of a key that the issuer has taken away is refused, remembered or not."""
    made = Made(key_set(jwk(R1, "one")))
    await made.authenticator.start()
    old, new = token(CLAIMS, R1, "RS256", kid="one"), token(CLAIMS, R2, "RS256", kid="two")
    await made.ask(old)
    made.provider.document = key_set(jwk(R2, "two"))
    made.clock.advance(30)
    assert "ann" == (await made.ask(new)).user
    assert "not known" in await made.refusal(old)
    await made.authenticator.stop()


async def test_same_keys_again_keep_the_memory() -> None:
    """A refresh that changes nothing costs no verification."""
    made = Made(key_set(jwk(R1, "one")))
    await made.authenticator.start()
    await made.ask(token(CLAIMS, R1, "RS256", kid="one"))
    assert made.authenticator._provider is not None
    await made.authenticator._provider.refresh()
    assert (2, 1) == (made.provider.times, len(made.authenticator._verified))
    await made.authenticator.stop()


async def test_without_keys_nobody_can_tell() -> None:
    """503 until there are keys: neither in nor a refusal that a client would take for its fault."""
    made = Made(jwks_url="https://idp.example.com/keys")
    await made.authenticator.start()
    good = token(CLAIMS, R1, "RS256", kid="one")
    with pytest.raises(AuthenticationUnavailable, match="auth tokens: no keys yet"):
        await made.ask(good)
    made.provider.document = key_set(jwk(R1, "one"))
    assert made.authenticator._provider is not None
    await made.authenticator._provider.refresh()
    assert "ann" == (await made.ask(good)).user
    await made.authenticator.stop()


async def test_rehearsal_asks_for_no_keys() -> None:
    """Without a network nothing is tried again and again, and starting takes no time."""
    config = JwtConfig.model_validate({"kind": "jwt", "algorithms": ["RS256"], "jwks_url": "https://idp.example.com/k"})
    authenticator = JwtAuthenticator(config, Context(name="tokens"))
    await authenticator.start()
    assert authenticator._provider is not None
    assert authenticator._provider._keeping is None
    with pytest.raises(AuthenticationUnavailable):
        authenticator.authenticate(bearer(token(CLAIMS, R1, "RS256", kid="one")))
    await authenticator.stop()


async def test_ten_thousand_unknown_keys_cause_two_fetches_a_minute() -> None:
    """A flood of made-up key ids is refused from what is known; the issuer hardly notices."""
    made = Made(key_set(jwk(R1, "one")))
    await made.authenticator.start()
    made.provider.times = 0
    rest = token(CLAIMS, R2, "RS256", kid="two").partition(b".")[2]
    for number in range(10_000):
        made.clock.advance(0.006)
        refused = forged({"alg": "RS256", "kid": f"{number}"}).partition(b".")[0] + b"." + rest
        assert "not known" in await made.refusal(refused)
    assert made.provider.times <= 2
    assert 0 == len(made.authenticator._verified)
    await made.authenticator.stop()


async def test_unknown_key_while_the_issuer_is_away_is_503() -> None:
    """It may be a new key: who could tell is away. Tokens of known keys are not concerned."""
    made = Made(key_set(jwk(R1, "one")))
    await made.authenticator.start()
    made.provider.document = None
    made.clock.advance(30)
    for _ in range(2):
        with pytest.raises(AuthenticationUnavailable, match="unknown key, and no fresh keys"):
            await made.ask(token(CLAIMS, R2, "RS256", kid="two"))
    assert "ann" == (await made.ask(token(CLAIMS, R1, "RS256", kid="one"))).user
    await made.authenticator.stop()


@pytest.mark.parametrize("is_local", [True, False])
async def test_revoked_token_is_refused_though_it_was_remembered(*, is_local: bool) -> None:
    """The list is asked each time; with a local store the answer comes at once."""
    store = DictStore(ManualClock(wall_s=NOW_S), is_local=is_local)
    made = Made(store=store, revocation="store")
    good = bearer(token({**CLAIMS, "iss": "a"}))
    answer = made.authenticator.authenticate(good)
    assert is_local == isinstance(answer, Identity)
    identity = await answer if inspect.isawaitable(answer) else answer
    assert "ann" == identity.user
    assert await RevocationList(store).revoke("a", "t-1", NOW_S + 600)
    with pytest.raises(CredentialRefused, match="the token was revoked"):
        await made.ask(good)
    assert "ann" == (await made.ask(token({**CLAIMS, "iss": "a", "jti": "t-2"}))).user
    assert "ann" == (await made.ask(token({**CLAIMS, "iss": "b"}))).user


async def test_revocation_ends_with_the_token() -> None:
    """The list forgets what nobody could show any more."""
    store = DictStore(ManualClock(wall_s=NOW_S))
    tokens = RevocationList(store)
    assert not await tokens.revoke("a", "t-1", NOW_S)
    assert await tokens.revoke("a", "t-1", NOW_S + 10)
    store._clock.advance(10)
    assert tokens.contains("a", "t-1") is False


async def test_revocation_needs_a_name() -> None:
    """A token that nobody could take back is not accepted where tokens can be taken back."""
    made = Made(store=DictStore(ManualClock(wall_s=NOW_S)), revocation="store")
    assert "has no jti" in await made.refusal(token({**CLAIMS, "jti": None}))
    assert "has no jti" in await made.refusal(token({**CLAIMS, "jti": ""}))


@pytest.mark.parametrize("is_local", [True, False])
@pytest.mark.parametrize("policy", ["allow", "deny"])
async def test_store_that_is_away(policy: str, *, is_local: bool) -> None:
    """Each authenticator says what that means; nobody is let in by default."""
    store = DictStore(ManualClock(wall_s=NOW_S), is_local=is_local)
    store.is_away = True
    made = Made(store=store, revocation="store", on_store_failure=policy)
    if policy == "allow":
        assert "ann" == (await made.ask(token())).user
    else:
        with pytest.raises(AuthenticationUnavailable, match="revocations: away"):
            await made.ask(token())


HS = Made(cookie="session")


@given(st.sampled_from([b"Authorization", b"Cookie"]), st.sampled_from([b"Bearer ", b"session=", b""]), st.binary())
def test_any_bytes_are_refused_or_nothing(name: bytes, prefix: bytes, credential: bytes) -> None:
    """Whatever stands in a field: nothing shown, or ``CredentialRefused``."""
    with suppress(CredentialRefused):
        assert HS.authenticator.authenticate(Request("GET", b"/", Headers([(name, prefix + credential)]))) is None
