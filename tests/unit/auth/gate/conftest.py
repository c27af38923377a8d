from __future__ import annotations

from collections.abc import Callable

import pytest

from vizgate.extension.contract import Context
from vizgate.extension.kinds.authenticator import Authenticator, AuthenticatorConfig
from vizgate.message.identity import Identity
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.testing import ManualClock


class Scripted(Authenticator):
    """Gives what it was made with: an identity, None, an exception to raise, or one of these later."""

    def __init__(
        self, name: str, gives: object, *, challenge: str = "", later: bool = False, strip: bool = False, clock=None
    ) -> None:
        super().__init__(AuthenticatorConfig(strip=strip), Context(name=name, clock=clock or ManualClock()))
        self.challenge = challenge
        self._gives = gives
        self._later = later
        self.asked = self.stripped = 0

    def authenticate(self, request: Request):
        self.asked += 1
        return self._answer() if self._later else self._now()

    def strip(self, request: Request) -> None:
        self.stripped += 1

    def _now(self):
        if isinstance(self._gives, BaseException):
            raise self._gives
        return self._gives

    async def _answer(self):
        return self._now()


@pytest.fixture
def scripted() -> Callable[..., Scripted]:
    """Makes authenticators that do as they are told."""
    return Scripted


@pytest.fixture
def ann() -> Identity:
    return Identity("ann", "premium", frozenset({"read"}), "tokens", "t-1", {"dept": "it", "levels": [1, 2]})


@pytest.fixture
def request_() -> Request:
    return Request("GET", b"/", authority="a.example", id="r-1")


@pytest.fixture
def forward():
    """A handler that notes the identity of what it gets."""

    async def call(request: Request) -> Response:
        call.seen.append(request.identity)
        return Response.text(200, "in")

    call.seen = []
    return call
