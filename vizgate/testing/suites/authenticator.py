"""What every authenticator must do, as one function to call from a test.

In: ``check_authenticator``. Not in: what its credentials mean, which is its own test.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence

from vizgate.extension.contract import Context
from vizgate.extension.kinds.authenticator import AuthenticationUnavailable, Authenticator, CredentialRefused
from vizgate.message.headers import Headers
from vizgate.message.identity import Identity
from vizgate.pipeline.request import Request
from vizgate.testing.suites.life import check_life, patiently

MakeAuthenticator = Callable[[Context], Authenticator]
Fields = Sequence[tuple[str, str]]

_AT_ONCE = 20
# What nobody has as a credential, whatever the kind.
_ODD = ("", " ", "a", ".", "..", "a.b.c", "=" * 8, "A" * 60_000, "caf\xe9", "null", "Bearer", "Basic Og==", "%00", '"')


async def check_authenticator(
    make: MakeAuthenticator, *, good: Sequence[Fields], bad: Sequence[Fields] = (), context: Context | None = None
) -> None:
    """Hold the authenticator that *make* builds to the contract of ``Authenticator``; return when nothing was found.

    Args: make: a fresh authenticator with the context it is given. good: the header fields of requests that it must
    know, as pairs. bad: those that it must refuse. context: what it leans on; one without a network by default.
    Raises: AssertionError: the authenticator breaks the contract; the message says how.
    """
    context = context or Context()
    await check_life(make, context)
    authenticator = make(context)
    assert isinstance(authenticator.challenge, str), "challenge is no text"
    await patiently(authenticator.start(), "start()")
    try:
        assert await _outcome(authenticator, ()) is None, "a request that shows nothing has an identity"
        for fields in good:
            await _check_good(authenticator, fields)
        for fields in bad:
            await _check_bad(authenticator, fields)
        for fields in good:
            for spoilt in _spoilt(fields):
                await _check_spoilt(authenticator, spoilt)
        await _check_at_once(authenticator, good)
    finally:
        await patiently(authenticator.stop(), "stop()")


async def _outcome(authenticator: Authenticator, fields: Fields) -> Identity | CredentialRefused | None:
    """Who shows *fields*, or why nobody does. Raises: AssertionError: something that is no outcome."""
    try:
        found = authenticator.authenticate(_request(fields))
        if isinstance(found, Awaitable):
            found = await patiently(found, "authenticate()")
    except CredentialRefused as refused:
        return refused
    except AuthenticationUnavailable as error:
        return CredentialRefused(f"not available: {error}")
    except Exception as error:
        raise AssertionError(f"it raised {type(error).__name__} where it must refuse") from error
    assert found is None or isinstance(found, Identity), f"it gave {type(found).__name__}, not an Identity"
    return found


def _request(fields: Fields) -> Request:
    return Request("GET", b"/", Headers.of(fields), authority="a.example", client="192.0.2.1", id="1")


async def _check_good(authenticator: Authenticator, fields: Fields) -> None:
    found = await _outcome(authenticator, fields)
    assert isinstance(found, Identity), f"a good credential gave {found!r}"
    assert isinstance(found.user, str), "the user of its identity is no text"


async def _check_bad(authenticator: Authenticator, fields: Fields) -> None:
    found = await _outcome(authenticator, fields)
    assert isinstance(found, CredentialRefused), "a bad credential was not refused with CredentialRefused"
    _check_silence(found, fields)


async def _check_spoilt(authenticator: Authenticator, fields: Fields) -> None:
    found = await _outcome(authenticator, fields)
    assert not isinstance(found, Identity), f"a spoilt credential was let in: {[name for name, _ in fields]}"
    if found is not None:
        _check_silence(found, fields)


def _check_silence(refused: CredentialRefused, fields: Fields) -> None:
    """The client is told why, but nobody is told the credential: answers end up in logs."""
    for _, value in fields:
        assert len(value) < 8 or value not in refused.detail, "the reason of a refusal holds the credential"


def _spoilt(fields: Fields) -> Iterator[Fields]:
    """*fields* with one value that is no credential any more."""
    for index, (name, value) in enumerate(fields):
        head, space, tail = value.partition(" ")
        token, scheme = (tail, f"{head} ") if space else (value, "")
        half = len(token) // 2
        for odd in (*_ODD, token[:half], token[half:], token + "x" * 4, token[::-1] if token != token[::-1] else "x"):
            for text in (odd, scheme + odd):
                yield [*fields[:index], (name, text.strip()), *fields[index + 1 :]]


async def _check_at_once(authenticator: Authenticator, good: Sequence[Fields]) -> None:
    """Many at the same time have each their own identity."""
    alone = [await _outcome(authenticator, fields) for fields in good]
    together = await asyncio.gather(*(_outcome(authenticator, fields) for fields in list(good) * _AT_ONCE))
    users = [found.user if isinstance(found, Identity) else None for found in alone]
    found_users = [found.user if isinstance(found, Identity) else None for found in together]
    assert users * _AT_ONCE == found_users, "requests at the same time have one another's identity"
