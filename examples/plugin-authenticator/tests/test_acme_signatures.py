"""The authenticator alone, without a gateway."""

from __future__ import annotations

import pytest
from acme_signatures import FIELD, Signature, sign

from vizgate import Context, CredentialRefused, Headers, Request
from vizgate.testing import ManualClock, check_authenticator

CONFIG = Signature.Config.model_validate({"keys": {"billing": "a key", "shop": "another"}})


def signed(key_id: str, key: str, clock: ManualClock, target: bytes = b"/") -> tuple[str, str]:
    seconds = int(clock.wall())
    return FIELD, f"{key_id} {seconds} {sign(key, 'GET', target, seconds)}"


async def test_signature_meets_contract() -> None:
    """Good ones have their own user, bad ones are refused, and nothing else gets in."""
    clock = ManualClock()
    good = [[signed("billing", "a key", clock)], [signed("shop", "another", clock)]]
    bad = [[signed("billing", "another", clock)], [signed("nobody", "a key", clock)], [(FIELD, "billing")]]
    await check_authenticator(
        lambda context: Signature(CONFIG, context), good=good, bad=bad, context=Context(clock=clock)
    )


def test_old_signature_is_refused() -> None:
    """What was recorded yesterday opens nothing today."""
    clock = ManualClock()
    request = Request("GET", b"/", Headers.of([signed("billing", "a key", clock)]))
    clock.advance(61)
    with pytest.raises(CredentialRefused, match="too old"):
        Signature(CONFIG, Context(clock=clock)).authenticate(request)


def test_signature_of_another_target_is_refused() -> None:
    """It is for one request alone."""
    clock = ManualClock()
    request = Request("GET", b"/admin", Headers.of([signed("billing", "a key", clock, b"/")]))
    with pytest.raises(CredentialRefused, match="wrong"):
        Signature(CONFIG, Context(clock=clock)).authenticate(request)
