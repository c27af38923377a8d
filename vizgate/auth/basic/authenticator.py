"""User name and password (RFC 7617).

In: ``BasicAuthenticator``. Not in: reading the field (``auth.basic.credentials``), argon2 (``auth.basic.passwords``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable
from typing import ClassVar

from vizgate.auth.basic.config import BasicConfig
from vizgate.auth.basic.credentials import BasicCredentials, find_basic, is_basic
from vizgate.auth.basic.passwords import Passwords, decoy_of
from vizgate.auth.questions import Questions
from vizgate.auth.quoting import quoted
from vizgate.auth.remembered import Learned, Remembered
from vizgate.extension.contract import ComponentConfig, Context
from vizgate.extension.kinds.authenticator import AuthenticationUnavailable, Authenticator, CredentialRefused
from vizgate.message.identity import Identity
from vizgate.pipeline.request import Request

#: Passwords that are remembered, good ones and wrong ones each.
REMEMBERED = 1024

_WRONG = "the user or the password is wrong"


class BasicAuthenticator(Authenticator):
    """Looks users up in the configuration; what one client showed a moment ago is not checked again.

    That a password is known already can be told by the time of the answer, even of one that a limit has refused. So it
    is known for the client alone that has shown it, and a wrong one is known as well as a good one.
    """

    Config: ClassVar[type[ComponentConfig]] = BasicConfig

    def __init__(self, config: BasicConfig, context: Context | None = None) -> None:
        super().__init__(config, context)
        name = self.context.name
        self.challenge = f'Basic realm="{quoted(config.realm)}", charset="UTF-8"'
        self._users = config.users
        self._identities = {
            user: Identity(user, known.tier, frozenset(known.scopes), name) for user, known in config.users.items()
        }
        # An unknown user costs what a known one does, so that the time of an answer tells nobody who exists.
        self._decoy = decoy_of(next(iter(config.users.values())).password_hash)
        learned = Learned.of(config, self.context, REMEMBERED if config.cache_ttl else 0)
        self._good: Remembered[Identity] = learned.good
        self._bad = learned.bad
        self._checks: Questions[bool] = Questions(name, config.concurrency + config.queue)
        self._secret = learned.key
        self._passwords: Passwords | None = None

    async def start(self) -> None:
        """Get threads. Raises: PasswordsMissing: argon2-cffi is not installed."""
        self._passwords = Passwords(self.config.concurrency)

    async def stop(self) -> None:
        """Give up what is being checked."""
        await self._checks.stop()
        if self._passwords is not None:
            self._passwords.close()
            self._passwords = None

    def authenticate(self, request: Request) -> Identity | Awaitable[Identity] | None:
        """See ``Authenticator.authenticate``."""
        shown = find_basic(request.headers.raw)
        if shown is None:
            return None
        key = self._key_of(request.client, shown)
        now_s = self.context.clock.wall()
        known = self._good.get(key, now_s)
        if known is None:
            refusal = self._bad.get(key, now_s)
            if refusal is not None:
                raise CredentialRefused(refusal)
            return self._check(request, shown, key)
        if self.config.strip:
            self.strip(request)
        return known

    async def _check(self, request: Request, shown: BasicCredentials, key: bytes) -> Identity:
        passwords = self._passwords
        if passwords is None:
            raise AuthenticationUnavailable("it is not started")
        user = self._users.get(shown.user)
        wanted = self._decoy if user is None else user.password_hash
        is_right = await self._checks.ask(key, lambda: passwords.is_right(wanted, shown.password))
        now_s = self.context.clock.wall()
        until_s = now_s + self.config.cache_ttl
        if user is None or not is_right:
            self._bad.put(key, _WRONG, now_s, until_s)
            raise CredentialRefused(_WRONG)
        identity = self._identities[shown.user]
        self._good.put(key, identity, now_s, until_s)
        if self.config.strip:
            self.strip(request)
        return identity

    def _key_of(self, client: str, shown: BasicCredentials) -> bytes:
        # Keyed by a secret of this process: what is remembered cannot be tried against guesses elsewhere. A user-id has
        # no colon, and neither part a control character, so two of these cannot have one text.
        text = f"{client}\0{shown.user}:{shown.password}".encode()
        return hashlib.blake2b(text, key=self._secret, digest_size=32).digest()

    def strip(self, request: Request) -> None:
        """See ``Authenticator.strip``."""
        raw = request.headers.raw
        raw[:] = [item for item in raw if item[0].lower() != b"authorization" or not is_basic(item[1])]

    def __repr__(self) -> str:
        return f"<BasicAuthenticator {self.context.name} [{len(self._users)} users, {len(self._checks)} checks]>"
