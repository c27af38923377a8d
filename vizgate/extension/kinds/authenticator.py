"""What an authenticator is: it finds a credential in a request and says whose it is.

In: ``Authenticator``, its settings and its two refusals. Not in: which authenticators a route asks, scopes and claim
rules (``auth``).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Awaitable
from typing import ClassVar

from pydantic import Field

from vizgate.errors import VizgateError
from vizgate.extension.contract import Component, ComponentConfig
from vizgate.extension.values.fields import Flag
from vizgate.message.identity import Identity
from vizgate.pipeline.request import Request


class AuthenticatorConfig(ComponentConfig):
    """What every authenticator can be told, next to ``kind:``."""

    strip: Flag = Field(
        default=False,
        description="Whether credentials of this kind are taken out before the request goes on, whichever decided.",
    )


class CredentialRefused(VizgateError):
    """A credential was shown and is not good: 401, whatever other authenticators would say.

    ``detail`` is safe to show to the client. ``error``: a code of RFC 6750 3.1, for authenticators with a Bearer
    challenge. ``status``: 401 unless it is given, and 400 with ``invalid_request``; 403 from an authenticator that
    knows who it is and that they may not. ``challenge``: what ``WWW-Authenticate`` says instead of the authenticator's
    own, "" for that.
    """

    def __init__(
        self, detail: str, error: str = "invalid_token", *, status: int | None = None, challenge: str = ""
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.error = error
        # RFC 6750 3.1, invalid_request: "The resource server SHOULD respond with the HTTP 400 (Bad Request) status
        # code." The credential itself may be a good one.
        self.status = status or (400 if error == "invalid_request" else 401)
        self.challenge = challenge


class AuthenticationUnavailable(VizgateError):
    """Nobody can tell at present whether a credential is good (no keys yet, the provider is away): 503, never let in.

    The message is for the log; the client is told the status alone. ``retry_after_s``: when it is worth asking again.
    """

    def __init__(self, message: str, retry_after_s: int = 5) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Authenticator(Component):
    """Base class of authenticators. Shared by all routes that name it; see ``Component`` for its life.

    ``challenge``: what ``WWW-Authenticate`` says when nothing was shown (RFC 9110 11.6.1), such as ``Bearer``; "" for
    kinds of credentials that have no scheme of their own.
    """

    Config: ClassVar[type[ComponentConfig]] = AuthenticatorConfig
    challenge: str = ""

    @abstractmethod
    def authenticate(self, request: Request) -> Identity | Awaitable[Identity | None] | None:
        """Whose credential *request* shows; None when it shows none of this kind.

        Answer at once where that needs no I/O; give an awaitable where it does. With ``config.strip`` the credential is
        removed from ``request.headers`` here.

        Raises (at once or when awaited): CredentialRefused, AuthenticationUnavailable.
        """

    def strip(self, request: Request) -> None:  # a kind that never strips has nothing to say here
        """Take what could be a credential of this kind out of *request*; nothing by default.

        Called with ``config.strip`` where another authenticator of the route has decided: a service that is shown no
        credentials of this kind must not be shown one that nobody has looked at.
        """
