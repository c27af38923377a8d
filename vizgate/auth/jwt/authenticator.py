"""``kind: jwt``: bearer tokens as credentials of requests.

In: ``JwtAuthenticator``: finds the token, remembers what was verified, asks for keys and revocations. Not in: whether a
token is good (``auth.jwt.verifier``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from hashlib import sha256
from typing import ClassVar

from vizgate.auth.bearer import BearerTokens
from vizgate.auth.jwt.config import JwtConfig
from vizgate.auth.jwt.keys.key_set import KeySet, UnknownKey
from vizgate.auth.jwt.keys.material import load_library
from vizgate.auth.jwt.keys.provider import KeyProvider, ProviderSettings
from vizgate.auth.jwt.keys.refresh import RefreshSchedule
from vizgate.auth.jwt.keys.source import FileSource, KeySource, UrlSource
from vizgate.auth.jwt.memory import JwtMemory
from vizgate.auth.jwt.revocation import RevocationList
from vizgate.auth.jwt.verifier import JwtVerifier
from vizgate.extension.calls import NO_CALLS
from vizgate.extension.contract import Context
from vizgate.extension.kinds.authenticator import (
    AuthenticationUnavailable,
    Authenticator,
    AuthenticatorConfig,
    CredentialRefused,
)
from vizgate.extension.store import StoreFailed
from vizgate.message.identity import Identity
from vizgate.pipeline.request import Request


class JwtAuthenticator(Authenticator):
    """Identities from JSON Web Tokens.

    A token that was verified once costs a hash and a look-up from then on, until its ``exp``, a change of the keys, or
    until it has not been seen for long.
    """

    Config: ClassVar[type[AuthenticatorConfig]] = JwtConfig
    challenge = "Bearer"

    def __init__(self, config: JwtConfig, context: Context | None = None) -> None:
        super().__init__(config, context)
        self._tokens = BearerTokens(config.max_token, config.cookie)
        self._verifier = JwtVerifier(config, name=self.context.name)
        kept = self.context.kept
        self._memory = kept.get(JwtMemory, self.context.name, self._new_memory, lambda memory: memory.config == config)
        self._verified = self._memory.verified
        self._strips = config.strip
        self._wall = self.context.clock.wall
        self._provider = self._memory.provider
        self._revoked = RevocationList(self.context.store) if config.revocation == "store" else None
        self._passes_unasked = config.on_store_failure == "allow"
        self._unasked = self.context.metrics.counters(
            "auth_revocations_unknown", "Tokens whose revocation could not be asked for.", ("authenticator",)
        ).of(self.context.name)

    def _new_memory(self) -> JwtMemory:
        return JwtMemory(self.config, self._make_provider(self.config))

    def _make_provider(self, config: JwtConfig) -> KeyProvider | None:
        context = self.context
        if config.jwks_url is not None:
            source: KeySource = UrlSource(config.jwks_url, context.calls)
        elif config.jwks_file is not None:
            source = FileSource(config.jwks_file)
        else:
            return None
        counters = context.metrics.counters(
            "auth_key_fetches", "Fetches of key sets, by result.", ("authenticator", "result")
        )
        settings = ProviderSettings(context.name, frozenset(config.algorithms), context.clock, counters)
        schedule = RefreshSchedule(config.jwks_refresh, config.jwks_cooldown, context.random)
        return KeyProvider(settings, source, schedule)

    def _use(self, keys: KeySet) -> None:
        self._verifier.keys = keys
        self._memory.take(keys)

    async def start(self) -> None:
        """Begin to keep keys fresh. A provider that is away does not keep the gateway from starting."""
        # In a rehearsal there is no network to ask again and again.
        if self._provider is not None and not (self.config.jwks_url and self.context.calls is NO_CALLS):
            await asyncio.to_thread(load_library)
            await self._provider.start(self._use)

    async def stop(self) -> None:
        """End what runs in the background."""
        if self._provider is not None:
            await self._provider.stop(self._use)

    def authenticate(self, request: Request) -> Identity | Awaitable[Identity | None] | None:
        """See ``Authenticator.authenticate``. It awaits for an unknown key, and for a store that is far away."""
        fields = request.headers.raw
        token = self._tokens.find(fields)
        if token is None:
            return None
        if self._strips:
            self._tokens.strip(fields)
        digest = sha256(token).digest()
        identity = self._verified.get(digest, self._wall())
        if identity is None:
            try:
                identity = self._verify(token, digest)
            except UnknownKey:
                return self._with_fresher_keys(token, digest)
        return identity if self._revoked is None else self._unless_revoked(identity)

    def strip(self, request: Request) -> None:
        """See ``Authenticator.strip``."""
        self._tokens.strip(request.headers.raw)

    def _verify(self, token: bytes, digest: bytes) -> Identity:
        now_s = self._wall()
        identity, validity = self._verifier.verified(token, now_s)
        # In the leeway after ``exp`` a token is good, but never remembered.
        if now_s < validity.until_s:
            self._verified.put(digest, identity, validity.from_s, validity.until_s)
        return identity

    async def _with_fresher_keys(self, token: bytes, digest: bytes) -> Identity:
        provider = self._provider
        if provider is None:
            raise UnknownKey
        fetch = provider.refresh_early()
        if fetch is not None:
            await fetch
        try:
            identity = self._verify(token, digest)
        except UnknownKey:
            if provider.is_failing:
                # The key may be a new one: its issuer would know, and cannot be asked.
                raise AuthenticationUnavailable(f"auth {self.context.name}: unknown key, and no fresh keys") from None
            raise
        if self._revoked is None:
            return identity
        answer = self._unless_revoked(identity)
        return answer if isinstance(answer, Identity) else await answer

    def _unless_revoked(self, identity: Identity) -> Identity | Awaitable[Identity]:
        assert self._revoked is not None
        token_id, issuer = identity.claims.get("jti"), identity.claims.get("iss", "")
        if not isinstance(token_id, str) or not token_id:
            raise CredentialRefused("the token has no jti, so nobody could take it back")
        try:
            found = self._revoked.contains(str(issuer), token_id)
        except StoreFailed as exc:
            return self._without_store(identity, exc)
        if isinstance(found, bool):
            return _unless(identity, found=found)
        return self._unless_found(identity, found)

    async def _unless_found(self, identity: Identity, asked: Awaitable[bool]) -> Identity:
        try:
            found = await asked
        except StoreFailed as exc:
            return self._without_store(identity, exc)
        return _unless(identity, found=found)

    def _without_store(self, identity: Identity, exc: StoreFailed) -> Identity:
        self._unasked.value += 1
        if self._passes_unasked:
            return identity
        raise AuthenticationUnavailable(f"auth {self.context.name}: revocations: {exc}") from exc

    def __repr__(self) -> str:
        return f"<JwtAuthenticator {self.context.name} [{self._verifier!r}, {self._verified!r}]>"


def _unless(identity: Identity, *, found: bool) -> Identity:
    if found:
        raise CredentialRefused("the token was revoked")
    return identity
