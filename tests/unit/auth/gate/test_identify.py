"""``Identify``: who sends a request, decided by the first credential that is there."""

from __future__ import annotations

import asyncio
import logging

import pytest

from vizgate.auth.gate.complaints import PAUSE_S
from vizgate.auth.gate.identify import Identify
from vizgate.auth.gate.refusal import Refusal
from vizgate.errors import ClientGone
from vizgate.extension.kinds.authenticator import AuthenticationUnavailable, CredentialRefused
from vizgate.message.identity import Identity
from vizgate.testing import ManualClock

later = pytest.mark.parametrize("later", [False, True], ids=["at-once", "later"])


@later
async def test_identify_good_credential_sets_the_identity(scripted, ann, request_, forward, later):
    """Whoever shows a good credential is known further in."""
    await Identify([scripted("tokens", ann, later=later)])(request_, forward)
    assert [ann] == forward.seen
    assert Refusal.left(request_) is None


async def test_identify_authenticator_without_io_costs_no_coroutine(scripted, ann, request_, forward):
    """When the answer is there at once, what comes back is the forwarded handler's own awaitable."""

    class Sign:
        def __await__(self):
            yield

    sign = Sign()
    assert sign is Identify([scripted("keys", ann)])(request_, lambda _: sign)


@later
async def test_identify_first_credential_present_decides(scripted, ann, request_, forward, later):
    """An authenticator whose credential is missing passes the question on; the first that finds one ends it."""
    missing, good = scripted("a", None, later=later), scripted("b", ann, later=later)
    unasked = scripted("c", Identity("eve"))
    await Identify([missing, good, unasked])(request_, forward)
    assert [ann] == forward.seen
    assert (1, 1, 0) == (missing.asked, good.asked, unasked.asked)


@later
async def test_identify_bad_credential_is_refused_even_if_another_would_do(scripted, ann, request_, forward, later):
    """A wrong token is not made good by a right key beside it."""
    bad = scripted("a", CredentialRefused("no such token"), later=later)
    good = scripted("b", ann)
    await Identify([bad, good])(request_, forward)
    assert ([None], 0) == (forward.seen, good.asked)
    assert Refusal(401, "no such token", "invalid_token", "a") == Refusal.left(request_)


@later
async def test_identify_nothing_shown_leaves_nothing(scripted, request_, forward, later):
    """Without any credential the request goes on as nobody's, with no refusal left."""
    await Identify([scripted("a", None, later=later), scripted("b", None, later=later)])(request_, forward)
    assert [None] == forward.seen
    assert Refusal.left(request_) is None


@later
async def test_identify_unavailable_is_a_refusal_that_names_no_reason(scripted, request_, forward, later, caplog):
    """While nobody can tell whether a credential is good, nobody is let in; the reason is for the log."""
    error = AuthenticationUnavailable("no answer from idp.internal", retry_after_s=7)
    await Identify([scripted("a", error, later=later)])(request_, forward)
    left = Refusal.left(request_)
    assert left is not None
    assert (503, 7, False) == (left.status, left.retry_after_s, "idp" in left.detail)
    assert ["authenticator a is not available: no answer from idp.internal"] == caplog.messages


@later
@pytest.mark.parametrize("gives", [RuntimeError("secret"), True, "ann", ("ann",), {}], ids=repr)
async def test_identify_broken_authenticator_lets_nobody_in(scripted, request_, forward, later, gives, caplog):
    """An authenticator that raises, or gives anything but an identity, is a fault of ours and no way in."""
    await Identify([scripted("a", gives, later=later), scripted("b", Identity("eve"))])(request_, forward)
    assert [None] == forward.seen
    assert Refusal(500, authenticator="a") == Refusal.left(request_)
    assert ["authenticator a failed"] == caplog.messages
    assert caplog.records[0].exc_info is not None


@later
@pytest.mark.parametrize("error", [ClientGone(), asyncio.CancelledError()], ids=repr)
async def test_identify_end_of_the_request_is_no_refusal(scripted, request_, forward, later, error):
    """A client that leaves, or a request that is cancelled, while a credential is checked ends the request."""
    with pytest.raises(type(error)):
        await Identify([scripted("a", error, later=later)])(request_, forward)
    assert [] == forward.seen


@later
async def test_identify_strips_credentials_that_nobody_has_looked_at(scripted, ann, request_, forward, later):
    """Whichever decides, the others that strip take out what is theirs; one that does not is left alone."""
    first, second = scripted("first", None, strip=True), scripted("second", ann, strip=True, later=later)
    third, fourth = scripted("third", ann, strip=True), scripted("fourth", ann)
    await Identify([first, second, third, fourth])(request_, forward)
    assert [1, 0, 1, 0] == [one.stripped for one in (first, second, third, fourth)]
    assert [0, 0] == [third.asked, fourth.asked]


async def test_identify_identity_from_outside_does_not_count(scripted, request_, forward):
    """What middleware further out has written into ``identity`` was verified by nobody here."""
    request_.identity = Identity("eve")
    await Identify([scripted("a", None)])(request_, forward)
    assert [None] == forward.seen


async def test_identify_outage_is_logged_once_in_a_while(scripted, request_, forward, caplog):
    """Thousands of requests during an outage leave a line each ``PAUSE_S`` seconds, with the number of the others."""
    clock = ManualClock()
    identify = Identify([scripted("a", AuthenticationUnavailable("away"), clock=clock)])
    for _ in range(3):
        await identify(request_, forward)
    clock.advance(PAUSE_S)
    await identify(request_, forward)
    said = "authenticator a is not available: away"
    assert [said, f"{said} (and 2 times before)"] == caplog.messages
    assert {logging.WARNING} == {record.levelno for record in caplog.records}


async def test_identify_counts_what_became_of_credentials(scripted, ann, request_, forward):
    """Each outcome has a counter; requests without a credential are in none."""
    outcomes = {}
    for name, gives in (
        ("accepted", ann), ("refused", CredentialRefused("no")), ("unavailable", AuthenticationUnavailable("away")),
        ("failed", ValueError()), ("none", None),
    ):  # fmt: skip
        authenticator = scripted("a", gives)
        await Identify([authenticator])(request_, forward)
        family = authenticator.context.metrics.counters("auth_credentials", "", ("authenticator", "outcome"))
        outcomes[name] = {values[1] for values, counter in family.series.items() if counter.value}
    assert outcomes == {name: set() if name == "none" else {name} for name in outcomes}


async def test_identify_authenticator_that_hangs_is_not_available(scripted, request_, forward, caplog):
    """A request does not wait without bound, whatever a plugin does."""

    class Hanging(type(scripted("a", None))):
        async def authenticate(self, request):
            await asyncio.Event().wait()

    await Identify([Hanging("a", None)], patience_s=0.0)(request_, forward)
    left = Refusal.left(request_)
    assert left is not None
    assert (503, [None]) == (left.status, forward.seen)
    assert ["authenticator a is not available: no answer in 0 s"] == caplog.messages


async def test_identify_timeout_of_an_authenticator_itself_is_its_fault(scripted, request_, forward):
    """A TimeoutError that it lets out is no outage that it has told of."""
    await Identify([scripted("a", TimeoutError("mine"), later=True)])(request_, forward)
    left = Refusal.left(request_)
    assert left is not None
    assert 500 == left.status
