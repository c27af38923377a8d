"""Why a request has no identity, kept from the question who it is to the answer that they may not.

In: ``Refusal``, leaving one with a request and finding it there. Not in: the answer (``auth.gate.require``).

The two are apart so that a limit may stand between them: a wrong credential counts as a request of nobody, and
guessing costs.
"""

from __future__ import annotations

from dataclasses import dataclass

from vizgate.extension.kinds.authenticator import AuthenticationUnavailable, CredentialRefused
from vizgate.pipeline.request import Request

_KEY = "vizgate.auth.refusal"


@dataclass(frozen=True, slots=True)
class Refusal:
    """What to tell whoever showed nothing good.

    ``status``: 400, 401, 403, 500 or 503. ``detail``: safe to show. ``error``: a code of RFC 6750 3.1, "" for none.
    ``authenticator``: the name of the one that refused. ``retry_after_s``: 0 for no advice. ``challenge``: instead of
    the authenticator's own, "" for that.
    """

    status: int
    detail: str = ""
    error: str = ""
    authenticator: str = ""
    retry_after_s: int = 0
    challenge: str = ""

    @classmethod
    def of(cls, error: Exception, authenticator: str) -> Refusal:
        """What *error*, raised by *authenticator*, means for the client."""
        if isinstance(error, CredentialRefused):
            return cls(error.status, error.detail, error.error, authenticator, challenge=error.challenge)
        if isinstance(error, AuthenticationUnavailable):
            # The message may name hosts and reasons; it is for the log.
            return cls(503, "credentials cannot be checked at present", "", authenticator, error.retry_after_s)
        return cls(500, "", "", authenticator)

    def leave(self, request: Request) -> None:
        """Leave this with *request*."""
        request.state[_KEY] = self

    @staticmethod
    def left(request: Request) -> Refusal | None:
        """What was left with *request*; None when no credential was shown."""
        found = request.state.get(_KEY)
        return found if isinstance(found, Refusal) else None
