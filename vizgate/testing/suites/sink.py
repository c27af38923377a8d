"""What every sink must do, as one function to call from a test.

In: ``check_sink`` and ``sample_record``. Not in: the form that it gives to records, which is its own test.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from vizgate.extension.contract import Context
from vizgate.extension.kinds.sink import RequestRecord, Sink
from vizgate.testing.suites.life import check_life, patiently

MakeSink = Callable[[Context], Sink]

# What clients send, and some formats cannot hold.
_ODD = ("", "caf\xe9", "\udcff", "a\nb\r\nc", "\0", "\x1b[31m", '"\\', "{}", "a|b,c;d=e", "x" * 2051, "\u2028")
_MANY = 500


def sample_record(**changes: object) -> RequestRecord:
    """A record as a sink is given it. Args: changes: values of other fields than the usual ones."""
    usual = RequestRecord(
        started_s=1_767_225_600.5, duration_s=0.012, method="GET", target="/users/7?page=2", http_version="1.1",
        authority="api.example.com", scheme="https", client="192.0.2.1", peer="127.0.0.1", request_id="0f3a",
        route="users", service="users", upstream="127.0.0.1:3001", attempts=1, upstream_s=0.01, status=200, bytes_in=0,
        bytes_out=512, termination="-", user_agent="curl/8.0", referer="", user="acme",
    )  # fmt: skip
    return replace(usual, **changes)  # type: ignore[arg-type]  # a test knows which fields there are


async def check_sink(make: MakeSink, *, context: Context | None = None, taken: Callable[[], int] | None = None) -> None:
    """Hold the sink that *make* builds to the contract of ``Sink``; return when nothing was found.

    Args: make: a fresh sink with the context it is given. context: what it leans on; one without a network by default.
    taken: how many records have arrived where the sink puts them; then none may be missing after ``stop``.
    Raises: AssertionError: the sink breaks the contract; the message says how.
    """
    context = context or Context()
    await check_life(make, context)
    before = taken() if taken is not None else 0
    sink = make(context)
    await patiently(sink.start(), "start()")
    batches = [
        (sample_record(),),
        tuple(sample_record(request_id=str(number)) for number in range(_MANY)),
        tuple(sample_record(target=odd, user_agent=odd, referer=odd, user=odd, authority=odd) for odd in _ODD),
        (sample_record(status=499, termination="client_abort", route="", service="", upstream="", attempts=0),),
    ]
    for batch in batches:
        await patiently(sink.take(batch), "take()")
    await patiently(sink.stop(), "stop()")
    if taken is not None:
        count, expected = taken() - before, sum(map(len, batches))
        assert expected == count, f"{count} of {expected} records have arrived"
    await _check_cancelled(make(context))


async def _check_cancelled(sink: Sink) -> None:
    """At a stop, or when it takes too long, a sink is told to end."""
    await patiently(sink.start(), "start()")

    async def take() -> None:
        await sink.take((sample_record(),))

    task = asyncio.ensure_future(take())
    await asyncio.sleep(0)
    task.cancel()
    await patiently(asyncio.wait([task]), "take() that was cancelled")
    await patiently(sink.stop(), "stop() after a take() that was cancelled")
