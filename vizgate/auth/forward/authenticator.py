"""``kind: forward_auth``: an outside authoriser is asked about each request.

In: ``ForwardAuthenticator``: asks, remembers a yes for as long as it may, hands fields on. Not in: the form of question
and answer (the modules beside this).
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import ClassVar

from vizgate.auth.forward.answer import ForwardAnswer, LetIn, NotAnAnswer
from vizgate.auth.forward.config import ForwardAuthConfig
from vizgate.auth.forward.question import ForwardQuestion, key_of
from vizgate.auth.questions import Questions
from vizgate.auth.remembered import Learned, Remembered
from vizgate.errors import CallFailed
from vizgate.extension.contract import Context
from vizgate.extension.kinds.authenticator import AuthenticationUnavailable, Authenticator, AuthenticatorConfig
from vizgate.message.headers import Field
from vizgate.message.identity import Identity
from vizgate.pipeline.ports import Call
from vizgate.pipeline.request import Request


class ForwardAuthenticator(Authenticator):
    """Identities by the word of an authoriser. When it says neither yes nor no, nobody is let in."""

    Config: ClassVar[type[AuthenticatorConfig]] = ForwardAuthConfig

    def __init__(self, config: ForwardAuthConfig, context: Context | None = None) -> None:
        super().__init__(config, context)
        self._settings = config
        self._question = ForwardQuestion(config)
        self._answer = ForwardAnswer(config, self.context.name)
        self._questions: Questions[LetIn] = Questions(f"auth {self.context.name}", config.concurrency)
        self._good: Remembered[LetIn] = Learned.of(config, self.context, config.cache).good
        self._copied = frozenset(name.lower().encode("latin-1") for name in config.copy_headers)
        self._number = 0
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
        """See ``Authenticator.authenticate``. It awaits unless the same question has been answered just now."""
        shown = self._question.shown(request)
        if shown is None:
            return None
        call = self._question.call(request, shown)
        if self._settings.strip:
            self._question.strip(request)
        if not self._settings.cache_ttl:
            # Asked about every request, so no two of them are the same question.
            self._number += 1
            return self._asked(request, call, b"%d" % self._number)
        key = key_of(call)
        known = self._good.get(key, self._wall())
        return self._asked(request, call, key) if known is None else self._let_in(request, known)

    async def _asked(self, request: Request, call: Call, key: bytes) -> Identity:
        return self._let_in(request, await self._questions.ask(key, lambda: self._learn(call, key)))

    def strip(self, request: Request) -> None:
        """See ``Authenticator.strip``."""
        self._question.strip(request)

    def _let_in(self, request: Request, answer: LetIn) -> Identity:
        if self._copied:
            # The client's own were put aside when the request was read; middleware further out may have set some.
            kept: list[Field] = [item for item in request.headers.raw if item[0].lower() not in self._copied]
            request.headers.raw[:] = [*kept, *answer.copied]
        return answer.identity

    async def _learn(self, call: Call, key: bytes) -> LetIn:
        """Ask, and remember a yes. Raises: CredentialRefused. AuthenticationUnavailable: there was no answer."""
        try:
            answer = self._answer.read(await self.context.calls.call(call))
        except (CallFailed, NotAnAnswer) as exc:
            self._failed.value += 1
            raise AuthenticationUnavailable(f"auth {self.context.name}: {exc}") from exc
        self._answered.value += 1
        now_s = self._wall()
        self._good.put(key, answer, now_s, now_s + self._settings.cache_ttl)
        return answer

    def __repr__(self) -> str:
        return f"<ForwardAuthenticator {self.context.name} [{self._good!r}, {self._questions!r}]>"
