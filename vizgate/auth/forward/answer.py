"""What the answer of an outside authoriser means.

In: ``ForwardAnswer``: in, and as whom; or out, and how to say so; or no answer. Not in: asking
(``auth.forward.authenticator``).
"""

from __future__ import annotations

from typing import NamedTuple

from vizgate.auth.forward.config import ForwardAuthConfig
from vizgate.auth.jwt.claims import is_name
from vizgate.errors import VizgateError
from vizgate.extension.kinds.authenticator import CredentialRefused
from vizgate.message.headers import Field, Headers, encode_name, encode_value
from vizgate.message.identity import Identity
from vizgate.pipeline.ports import CallAnswer

#: The most that an authoriser can make the gateway send on, in all fields that are copied.
MAX_COPIED_BYTES = 8192
_MAX_CHALLENGE_BYTES = 2048


class NotAnAnswer(VizgateError):
    """The authoriser said neither yes nor no; the message says what is wrong."""


class LetIn(NamedTuple):
    """A yes. ``copied``: fields that the service gets."""

    identity: Identity
    copied: tuple[Field, ...]


class ForwardAnswer:
    """Reads answers by *config*. Args: authenticator: the name that identities carry."""

    def __init__(self, config: ForwardAuthConfig, authenticator: str) -> None:
        self._config = config
        self._authenticator = authenticator
        self._copied = tuple(encode_name(name) for name in config.copy_headers)

    def read(self, answer: CallAnswer) -> LetIn:
        """Who is let in. Raises: CredentialRefused: nobody. NotAnAnswer: that is not said."""
        fields = Headers(list(answer.fields))
        if answer.status in (401, 403):
            raise _refusal(answer.status, fields)
        if not 200 <= answer.status <= 299:
            raise NotAnAnswer(f"it answered with {answer.status}, which is neither 2xx nor 401 nor 403")
        return LetIn(self._identity(fields), self._fields(fields))

    def _identity(self, fields: Headers) -> Identity:
        config = self._config
        user = self._authenticator if config.user_header is None else _text(fields, config.user_header)
        if not is_name(user):
            raise NotAnAnswer(f"its answer has no user in {config.user_header}. Set user_header, or null for none")
        tier = "" if config.tier_header is None else _text(fields, config.tier_header)
        scopes = "" if config.scopes_header is None else _text(fields, config.scopes_header)
        return Identity(
            user=user,
            tier=tier if is_name(tier) else "",
            scopes=frozenset(scopes.replace(",", " ").split()),
            authenticator=self._authenticator,
        )

    def _fields(self, fields: Headers) -> tuple[Field, ...]:
        found = [(name, value) for name in self._copied for other, value in fields.raw if other.lower() == name.lower()]
        try:
            copied = tuple((name, encode_value(value)) for name, value in found)
        except ValueError as exc:
            raise NotAnAnswer("its answer has control bytes in a field to copy") from exc
        if sum(len(name) + len(value) for name, value in copied) > MAX_COPIED_BYTES:
            raise NotAnAnswer(f"its answer has more than {MAX_COPIED_BYTES} bytes to copy")
        return copied


def _text(fields: Headers, name: str) -> str:
    raw = ", ".join(fields.get_all(name)).encode("latin-1")
    # Text beyond ASCII travels as UTF-8 where latin-1 cannot hold it, see ``message.headers``.
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _refusal(status: int, fields: Headers) -> CredentialRefused:
    """A no. Of the authoriser's words only the challenge is passed on: its body and its Location are for itself."""
    challenge = ", ".join(fields.get_all("WWW-Authenticate"))
    if len(challenge) > _MAX_CHALLENGE_BYTES or not challenge.isprintable():
        challenge = ""
    return CredentialRefused("the authoriser has refused the request", "", status=status, challenge=challenge)
