"""An authenticator of a stranger's: one that fails lets nobody in, and ends nothing but the request.

In: ``GuardedAuthenticator``. Not in: those of ours, which cost no guard.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import NoReturn

from vizgate.errors import ExchangeError, Termination, VizgateError
from vizgate.extension.kinds.authenticator import AuthenticationUnavailable, Authenticator, CredentialRefused
from vizgate.gateway.isolation.faults import PluginFaults
from vizgate.gateway.isolation.guards.middleware import is_fault
from vizgate.message.identity import Identity
from vizgate.pipeline.request import Request

# What it may raise; everything else is a fault.
_MEANT = (CredentialRefused, AuthenticationUnavailable, ExchangeError)


class AuthenticatorFailed(VizgateError):
    """It has failed, which was counted and told already. Nobody is let in by that."""


class GuardedAuthenticator(Authenticator):
    """*inner*, held to its contract. A request that it fails on gets 500, also where another authenticator would do."""

    def __init__(self, inner: Authenticator, faults: PluginFaults) -> None:
        super().__init__(inner.config, inner.context)
        self.challenge = str(inner.challenge or "")
        self._inner = inner
        self._faults = faults

    def authenticate(self, request: Request) -> Identity | Awaitable[Identity | None] | None:
        """See ``Authenticator.authenticate``. Raises: AuthenticatorFailed: it failed, or gave no identity."""
        try:
            found = self._inner.authenticate(request)
            if found is None or isinstance(found, Identity):
                return found
            if not isinstance(found, Awaitable):
                _refuse(found)
        except _MEANT:
            raise
        except BaseException as error:  # noqa: BLE001  # whatever it raises is its own fault
            raise self._failed(error, request) from None  # its text may be secret
        return self._later(request, found)

    async def _later(self, request: Request, answer: Awaitable[Identity | None]) -> Identity | None:
        try:
            found = await answer
            if found is not None and not isinstance(found, Identity):
                _refuse(found)
        except _MEANT:
            raise
        except BaseException as error:  # noqa: BLE001  # whatever it raises is its own fault
            raise self._failed(error, request) from None  # its text may be secret
        return found

    def strip(self, request: Request) -> None:
        """See ``Authenticator.strip``. Raises: AuthenticatorFailed: the credential may still be there."""
        try:
            self._inner.strip(request)
        except BaseException as error:  # noqa: BLE001  # whatever it raises is its own fault
            raise self._failed(error, request) from None  # its text may be secret

    def _failed(self, error: BaseException, request: Request) -> BaseException:
        """What is raised for *error*: itself where it is meant for the whole request."""
        if not is_fault(error):
            return error
        self._faults.note("call", error, request)
        request.outcome.termination = Termination.INTERNAL_ERROR
        return AuthenticatorFailed("see what vizgate.plugin tells of it")

    def __repr__(self) -> str:
        return f"<GuardedAuthenticator {self._inner!r}>"


def _refuse(found: object) -> NoReturn:
    raise TypeError(f"an authenticator gave {type(found).__name__}, not an Identity")
