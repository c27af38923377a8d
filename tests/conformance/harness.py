"""How a case is played and judged.

In: ``Rig`` (a proxy between a raw client and a scripted upstream), ``Transcript`` (what was seen on both sides), and
the expectations that cases name. Not in: the cases.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

import pytest

from vizgate.testing.raw_client import ConnectionEnded, MalformedResponse, RawClient, RawResponse
from vizgate.testing.recording import RecordedRequest
from vizgate.testing.scripted_upstream import ScriptedUpstream
from vizgate.testing.upstream_connection import End

HOST = "a.example"
PROBE = b"GET /probe HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n"
SMUGGLED = "GET /smuggled HTTP/1.1\r\nHost: a.example\r\n\r\n"
_SETTLE_TURNS = 6
_EXTERNAL_SETTLE_S = 0.01
#: How soon a proxy lets go of the upstream after it has given a request up.
_RELEASE_S = 1.0


def wire(*lines: str, body: str = "") -> bytes:
    """A message: *lines* each ended by CRLF, an empty line, *body*; text is latin-1, so every byte can be written."""
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode("latin-1") + body.encode("latin-1")


def get(*fields: str, target: str = "/x", body: str = "") -> bytes:
    """A GET with a Host and *fields*."""
    return wire(f"GET {target} HTTP/1.1", f"Host: {HOST}", *fields, body=body)


def post(*fields: str, target: str = "/x", body: str = "") -> bytes:
    """A POST with a Host and *fields*; framing is up to *fields*."""
    return wire(f"POST {target} HTTP/1.1", f"Host: {HOST}", *fields, body=body)


@dataclass(slots=True)
class Transcript:
    """What both sides saw of one client connection.

    ``end``: how the proxy ended the client's connection; ``OPEN`` when it did not. ``cut``: bytes of a response that
    did not come whole. ``probed``: a harmless request was sent behind the case, to see whether both are in step.
    """

    upstream: ScriptedUpstream
    responses: list[RawResponse] = field(default_factory=list)
    malformed: str = ""
    cut: bytes = b""
    end: End = End.OPEN
    probed: bool = False

    @property
    def statuses(self) -> list[int]:
        return [response.status for response in self.responses]

    @property
    def requests(self) -> list[RecordedRequest]:
        """What the upstream would have acted on, without the probe."""
        return [request for request in self.upstream.complete_requests if request.target != b"/probe"]

    def __repr__(self) -> str:
        seen = [bytes(c.received) for c in self.upstream.connections]
        return (
            f"<Transcript {self.statuses} end={self.end.value} probed={self.probed} malformed={self.malformed!r} "
            f"cut={self.cut!r} upstream={seen}>"
        )


@dataclass(slots=True)
class Rig:
    """A proxy that listens on *host*:*port* in front of *upstream*."""

    host: str
    port: int
    upstream: ScriptedUpstream
    is_external: bool = False

    def client(self, *, timeout_s: float = 3.0, receive_buffer: int = 0) -> RawClient:
        """A client connection, to be entered."""
        return RawClient(self.host, self.port, timeout_s=timeout_s, receive_buffer=receive_buffer)

    async def ask(self, *pieces: bytes, method: str = "") -> RawResponse:
        """The first response to *pieces* on a connection of its own."""
        async with self.client() as client:
            await client.send(*pieces)
            return await client.read_response(method or method_of(pieces[0]))

    async def play(self, *pieces: bytes, count: int = 1, probe: bool = True) -> Transcript:
        """Send *pieces*, read *count* responses, probe whether the connection is still in step, read to the end."""
        seen = Transcript(self.upstream)
        async with self.client(timeout_s=1.5) as client:
            await client.send(*pieces)
            try:
                await self._read(client, seen, pieces[0], count, probe=probe)
            except MalformedResponse as error:
                seen.malformed = str(error)
            except ConnectionEnded as error:
                seen.cut = error.data
            seen.end = client.end
        await self.settle()
        return seen

    async def settle(self) -> None:
        """Let what is on its way to the upstream arrive."""
        if self.is_external:
            await asyncio.sleep(_EXTERNAL_SETTLE_S)  # another process: no event loop turns to wait for
        for _ in range(_SETTLE_TURNS):
            await asyncio.sleep(0)

    async def _read(self, client: RawClient, seen: Transcript, request: bytes, count: int, *, probe: bool) -> None:
        for number in range(count):
            seen.responses.append(await client.read_response("GET" if number else method_of(request)))
            if seen.responses[-1].says_close:
                break
        if not seen.responses[-1].says_close:
            if probe:
                seen.probed = True
                await client.send(PROBE)
            elif b"HTTP/1.0\r\n" not in request:
                client.send_eof()  # nobody has to close a persistent connection but the client
        rest = await client.read_to_end()
        client.buffer += rest
        while client.buffer:
            seen.responses.append(await client.read_response())


def method_of(request: bytes) -> str:
    """The method a server would read, for the framing of the answer."""
    return request.lstrip(b"\r\n").split(b" ", 1)[0].decode("latin-1")


#: What the ``rig`` fixture is: call it with scripts, ``config=`` and buffer sizes, and enter what it returns.
RigFactory = Callable[..., AbstractAsyncContextManager[Rig]]
Expectation = Callable[[Transcript], None]


@dataclass(frozen=True, slots=True)
class Case:
    """One row: what is sent and what may come of it.

    ``expect``: what the RFCs allow. ``ours``: the narrower promise of vizgate, not asked of peers.
    """

    name: str
    request: bytes
    expect: Expectation
    ours: Expectation | None = None

    def judge(self, seen: Transcript, *, is_external: bool) -> None:
        """Fail unless *seen* is what this case expects, and nothing malformed left the proxy on either side."""
        check_sane(seen)
        expect = self.expect if is_external or self.ours is None else self.ours
        expect(seen)


def cases(*rows: Case) -> pytest.MarkDecorator:
    """Run a test once for every row."""
    names = [row.name for row in rows]
    doubled = {name for name in names if names.count(name) > 1}
    assert not doubled, f"cases of one name: {doubled}"
    return pytest.mark.parametrize("case", rows, ids=names)


def check_sane(seen: Transcript) -> None:
    """What holds whatever happens: only valid messages leave a proxy."""
    assert not seen.malformed, seen
    problems = [request.problems for request in seen.upstream.requests if request.problems]
    assert not problems, f"malformed bytes reached the upstream: {problems} {seen}"


def rejected(*statuses: int, is_body_fault: bool = False) -> Expectation:
    """Answered with one of *statuses* (400 when none is named), closed, and the upstream saw no whole request.

    Args: is_body_fault: the head was fine, so a streaming proxy has sent it on before it could see the fault.
    """

    def check(seen: Transcript) -> None:
        assert seen.statuses[:1], f"no answer: {seen}"
        assert seen.statuses[0] in (statuses or (400,)), seen
        assert len(seen.responses) == 1, f"went on after the fault: {seen}"
        assert seen.end is not End.OPEN, f"left the connection open: {seen}"
        assert not seen.upstream.complete_requests, f"the upstream saw a request: {seen}"
        if not is_body_fault:
            assert not seen.upstream.received, f"the upstream saw bytes: {seen}"

    return check


def dropped() -> Expectation:
    """Closed without an answer, and the upstream saw nothing; fits what is not HTTP at all."""

    def check(seen: Transcript) -> None:
        assert not seen.responses, seen
        assert seen.end is not End.OPEN, f"left the connection open: {seen}"
        assert not seen.upstream.received, f"the upstream saw bytes: {seen}"

    return check


def answered(*statuses: int) -> Expectation:
    """Answered with one of *statuses* by the proxy itself; the upstream saw nothing, the connection stays in step."""

    def check(seen: Transcript) -> None:
        assert seen.statuses[:1], f"no answer: {seen}"
        assert seen.statuses[0] in statuses, seen
        assert not seen.requests, f"the upstream saw a request: {seen}"
        check_in_step(seen)

    return check


def check_in_step(seen: Transcript) -> None:
    """The connection was closed after the answer, or the next request on it was understood."""
    expected = 2 if seen.probed and seen.end is not End.RST else 1
    assert len(seen.responses) in (1, expected), f"out of step: {seen}"
    assert seen.end is not End.OPEN, f"out of step: {seen}"
    if len(seen.responses) == 2:
        assert seen.statuses[1] < 400 or seen.statuses[1] == 404, f"out of step: {seen}"


@dataclass(frozen=True, slots=True)
class Forwarded:
    """Forwarded once, as exactly one request with these properties; the connection stays in step or is closed.

    ``fields``: lower-case names with every value the upstream must see; an empty tuple means the field is absent.
    """

    method: bytes | None = None
    target: bytes = b"/x"
    body: bytes = b""
    fields: dict[bytes, tuple[bytes, ...]] = field(default_factory=dict)
    must_close: bool = False
    status: int = 200

    def __call__(self, seen: Transcript) -> None:
        assert seen.statuses[:1] == [self.status], f"not forwarded: {seen}"
        assert [request.target for request in seen.requests] == [self.target], seen
        request = seen.requests[0]
        assert self.method in (None, request.method), seen
        assert request.body == self.body, f"body changed: {seen}"
        for name, values in self.fields.items():
            assert tuple(request.get_all(name)) == values, f"{name!r}: {seen}"
        check_in_step(seen)
        assert not (self.must_close and len(seen.responses) > 1), f"must close: {seen}"


def forwarded(body: str = "", *, target: str = "/x", must_close: bool = False, **fields: str | None) -> Expectation:
    """``Forwarded`` in short: ``content_length="5"`` asks for that one value, ``x_a=None`` for its absence."""
    wanted: dict[bytes, tuple[bytes, ...]] = {}
    for name, value in fields.items():
        wanted[name.replace("_", "-").encode()] = () if value is None else (value.encode("latin-1"),)
    return Forwarded(target=target.encode("latin-1"), body=body.encode("latin-1"), fields=wanted, must_close=must_close)


def either(*expectations: Expectation) -> Expectation:
    """At least one of *expectations* is met."""

    def check(seen: Transcript) -> None:
        misses = []
        for expect in expectations:
            try:
                expect(seen)
            except AssertionError as miss:
                misses.append(str(miss).split("\n", 1)[0])
            else:
                return
        raise AssertionError(" | ".join(misses))

    return check


async def check_released(seen: Transcript) -> None:
    """Every upstream connection with an unfinished request is given up."""
    open_ones = [c for c in seen.upstream.connections if any(not r.complete for r in c.requests)]
    await seen.upstream.wait_for(lambda: not any(c.is_open for c in open_ones), _RELEASE_S)


def lower_names(request: RecordedRequest) -> set[bytes]:
    """The names of all fields, in lower case."""
    return {name.lower() for name, _ in request.fields}


def is_problem_json(response: RawResponse) -> bool:
    """Whether *response* is an RFC 9457 answer that shows no inner detail."""
    kind = (response.get(b"content-type") or b"").split(b";")[0].strip()
    return kind == b"application/problem+json" and re.search(rb"Traceback|\.py\b|127\.0\.0\.1", response.body) is None
