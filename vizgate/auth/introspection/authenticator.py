"""``kind: oauth2_introspection``: bearer tokens that the authorization server is asked about.

In: ``IntrospectionAuthenticator``: asks once for each token at a time, and remembers both answers. Not in: the form of
question and answer (the modules beside this).
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import replace
from hashlib import sha256
from typing import Any, ClassVar

from vizgate.auth.bearer import BearerTokens, check_token68
from vizgate.auth.introspection.answer import NotAnAnswer, read_answer
from vizgate.auth.introspection.config import IntrospectionConfig
from vizgate.auth.introspection.question import introspection_call
from vizgate.auth.jwt.claims import IdentityClaims
from vizgate.auth.jwt.rules import TokenRules, Validity
from vizgate.auth.questions import Questions
from vizgate.auth.remembered import Learned as KeptLearned
from vizgate.auth.remembered import Remembered
from vizgate.errors import CallFailed
from vizgate.extension.contract import Context
from vizgate.extension.kinds.authenticator import (
    AuthenticationUnavailable,
    Authenticator,
    AuthenticatorConfig,
    CredentialRefused,
)
from vizgate.message.identity import Identity
from vizgate.pipeline.request import Request

#: What was learned: an identity, or why there is none.
Learned = Identity | str


class IntrospectionAuthenticator(Authenticator):
    """Identities by RFC 7662. When the server cannot tell, nobody is let in."""

    Config: ClassVar[type[AuthenticatorConfig]] = IntrospectionConfig
    challenge = "Bearer"

    def __init__(self, config: IntrospectionConfig, context: Context | None = None) -> None:
        super().__init__(config, context)
        self._settings = config
        self._tokens = BearerTokens(config.max_token)
        self._questions: Questions[Learned] = Questions(f"auth {self.context.name}", config.concurrency)
        learned = KeptLearned.of(config, self.context, config.cache)
        self._good: Remembered[Identity] = learned.good
        self._bad = learned.bad
        audiences = frozenset(config.audience) or None
        self._rules = TokenRules(frozenset(config.issuer), audiences)
        names = config.claims
        self._claims = IdentityClaims(names.user, names.tier, names.scopes, self.context.name)
        self._wall = self.context.clock.wall
        counters = self.context.metrics.counters(
            "auth_questions", "Questions to authorization servers and authorisers.", ("authenticator", "result")
        )
        self._answered = counters.of(self.context.name, "answered")
        self._failed = counters.of(self.context.name, "failed")

    async def stop(self) -> None:
        """Give up the questions in flight."""
        await self._questions.stop()

    def authenticate(self, request: Request) -> Identity | Awaitable[Identity | None] | None:
        """See ``Authenticator.authenticate``. It awaits unless the answer is remembered."""
        fields = request.headers.raw
        token = self._tokens.find(fields)
        if token is None:
            return None
        if self._settings.strip:
            self._tokens.strip(fields)
        digest = sha256(token).digest()
        now_s = self._wall()
        identity = self._good.get(digest, now_s)
        if identity is not None:
            return identity
        refusal = self._bad.get(digest, now_s)
        if refusal is not None:
            raise CredentialRefused(refusal)
        check_token68(token)
        return self._asked(token, digest)

    def strip(self, request: Request) -> None:
        """See ``Authenticator.strip``."""
        self._tokens.strip(request.headers.raw)

    async def _asked(self, token: bytes, digest: bytes) -> Identity:
        learned = await self._questions.ask(digest, lambda: self._learn(token, digest))
        if isinstance(learned, str):
            raise CredentialRefused(learned)
        return learned

    async def _learn(self, token: bytes, digest: bytes) -> Learned:
        """Ask, and remember the answer. Raises: AuthenticationUnavailable: there was none."""
        try:
            answer = await self.context.calls.call(introspection_call(self._settings, token))
            members = read_answer(answer.status, answer.body)
        except (CallFailed, NotAnAnswer) as exc:
            self._failed.value += 1
            raise AuthenticationUnavailable(f"auth {self.context.name}: {exc}") from exc
        self._answered.value += 1
        now_s = self._wall()
        try:
            validity, identity = self._judged(members, now_s)
        except CredentialRefused as refused:
            self._bad.put(digest, refused.detail, now_s, now_s + self._settings.negative_ttl)
            return refused.detail
        until_s = min(validity.until_s, now_s + self._settings.cache_ttl)
        self._good.put(digest, identity, max(validity.from_s, now_s), until_s)
        return identity

    def _judged(self, members: dict[str, Any] | None, now_s: float) -> tuple[Validity, Identity]:
        if members is None:
            raise CredentialRefused("the token is not active")
        # RFC 7662 2.2: iss is optional, and who answers is configured.
        rules = self._rules if "iss" in members else replace(self._rules, issuers=frozenset())
        return rules.check(members, now_s), self._claims.identity(members)

    def __repr__(self) -> str:
        return f"<IntrospectionAuthenticator {self.context.name} [{self._good!r}, {self._questions!r}]>"
