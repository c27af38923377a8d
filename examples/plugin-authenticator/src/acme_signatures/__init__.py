"""A vizgate plugin: ``kind: acme_signature`` lets in requests that are signed with a shared key.

``X-Signature: KEY-ID SECONDS HEX``, where HEX is the HMAC-SHA256 of method, target and seconds since the epoch, a line
each. The body is not signed: that would have to be read first.
"""

from __future__ import annotations

import hmac

from vizgate import Authenticator, AuthenticatorConfig, CredentialRefused, Identity, Request
from vizgate.extension.values.fields import PositiveDuration, SecretField

FIELD = "X-Signature"


class Signature(Authenticator):
    """Knows who sends a request by the key that it is signed with."""

    class Config(AuthenticatorConfig):
        """``keys``: by id, which becomes the user. ``max_age``: how far the clocks of both sides may differ."""

        keys: dict[str, SecretField]
        max_age: PositiveDuration = 60.0

    config: Config
    challenge = "Signature"
    contract_version = 1

    def authenticate(self, request: Request) -> Identity | None:
        """Whose signature it is; None without one. Raises: CredentialRefused: it is old, unknown or wrong."""
        value = request.headers.get(FIELD)
        if value is None:
            return None
        key_id, _, rest = value.partition(" ")
        seconds, _, shown = rest.partition(" ")
        if not (seconds.isascii() and seconds.isdecimal() and len(seconds) < 15):
            raise CredentialRefused("the signature is malformed")
        if abs(self.context.clock.wall() - int(seconds)) > self.config.max_age:
            raise CredentialRefused("the signature is too old, or from the future")
        key = self.config.keys.get(key_id)
        wanted = "" if key is None else sign(key.reveal(), request.method, request.target, int(seconds))
        # One answer for both: nobody learns which key ids there are.
        if not (wanted and hmac.compare_digest(wanted.encode(), shown.encode("utf-8", "replace"))):
            raise CredentialRefused("the signature is wrong")
        if self.config.strip:
            self.strip(request)
        return Identity(key_id)

    def strip(self, request: Request) -> None:
        """See ``Authenticator.strip``."""
        request.headers.remove(FIELD)


def sign(key: str, method: str, target: bytes, seconds: int) -> str:
    """The signature, as a client makes it."""
    return hmac.new(key.encode(), b"%b\n%b\n%d" % (method.encode(), target, seconds), "sha256").hexdigest()
