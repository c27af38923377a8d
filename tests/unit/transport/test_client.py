"""The rules of the gateway's own requests: an answer or ``CallFailed``, always in time, never a secret in an error."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trustme

from vizgate.errors import CallFailed
from vizgate.pipeline.ports import Call
from vizgate.testing import ScriptedUpstream
from vizgate.testing.steps import Step, answer, close, forever, read_request, reset, send, stall
from vizgate.testing.upstream_connection import UpstreamConnection
from vizgate.transport.client import ControlClient, Reply, reason_of
from vizgate.transport.tls import UpstreamTls

SECRET = b"Basic c2VjcmV0OnNlY3JldA=="


@asynccontextmanager
async def client(tls: UpstreamTls | None = None) -> AsyncIterator[ControlClient]:
    made = ControlClient(tls)
    try:
        yield made
    finally:
        await made.close()


async def ask(script: list[Step], **settings: object) -> Reply:
    async with ScriptedUpstream(script) as upstream, client() as own:
        return await own.exchange(Call(f"{upstream.url}/keys", **{"timeout_s": 2.0, **settings}))  # type: ignore[arg-type]


def drip(data: bytes, times: int = 10_000) -> Step:
    """Sends *data* again and again, slowly enough for each piece to arrive alone."""

    async def step(connection: UpstreamConnection) -> None:
        for _ in range(times):
            await connection.send(data)
            await asyncio.sleep(0.01)

    return step


async def test_exchange_gives_status_fields_and_body() -> None:
    """An answer is given back whole, whatever its status; the request names the host and the gateway."""
    reply = b"HTTP/1.1 404 Not Found\r\nX-A: b\r\nContent-Length: 4\r\n\r\nnone"
    async with ScriptedUpstream([answer(reply)]) as upstream, client() as own:
        got = await own.exchange(Call(f"{upstream.url}/a?b=c", fields=((b"Accept", b"application/json"),)))
        assert (404, b"none") == (got.status, got.body)
        assert (b"X-A", b"b") in got.fields
        request = upstream.requests[0]
        assert (b"GET", b"/a?b=c", b"vizgate") == (request.method, request.target, request.get(b"user-agent"))
        assert f"127.0.0.1:{upstream.port}".encode() == request.get(b"host")
        assert request.get(b"content-length") is None
        assert () == request.problems


async def test_exchange_sends_a_body_with_its_length() -> None:
    """A body travels with its length."""
    async with ScriptedUpstream([answer()]) as upstream, client() as own:
        await own.exchange(Call(upstream.url, "POST", body=b"token=a"))
        assert (b"token=a", b"7") == (upstream.requests[0].body, upstream.requests[0].get(b"content-length"))


async def test_exchange_follows_no_redirect() -> None:
    """A redirect is an answer: nobody but the configuration chooses whom the gateway asks."""
    reply = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    assert 302 == (await ask([answer(reply)])).status


async def test_exchange_uses_a_connection_again() -> None:
    """Two requests in a row need one connection."""
    async with ScriptedUpstream([answer()]) as upstream, client() as own:
        for _ in range(2):
            assert 200 == (await own.exchange(Call(upstream.url))).status
        assert 1 == len(upstream.connections)


@pytest.mark.parametrize(("method", "may_repeat"), [("GET", False), ("POST", True)])
async def test_exchange_is_repeated_once_when_a_connection_broke(method: str, *, may_repeat: bool) -> None:
    """A request that may be sent twice survives a connection that was closed under it."""
    async with ScriptedUpstream([read_request(), reset()], [answer()]) as upstream, client() as own:
        assert 200 == (await own.exchange(Call(upstream.url, method, body=b"x", may_repeat=may_repeat))).status
        assert 2 == len(upstream.connections)


async def test_exchange_of_an_unsafe_request_is_not_repeated() -> None:
    """A POST is sent once, unless it is known to do no harm."""
    async with ScriptedUpstream([read_request(), reset()], [answer()]) as upstream, client() as own:
        with pytest.raises(CallFailed):
            await own.exchange(Call(upstream.url, "POST", body=b"x"))
        assert 1 == len(upstream.connections)


GIB_BODY = [
    read_request(),
    send(b"HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n"),
    forever(send(b"x" * 65536)),
]
CHUNKED = [
    read_request(),
    send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
    forever(send(b"ffff\r\n" + b"x" * 65535 + b"\r\n")),
]
NO_END = [read_request(), send(b"HTTP/1.1 200 OK\r\n\r\n"), forever(send(b"x" * 65536))]


@pytest.mark.parametrize("script", [GIB_BODY, CHUNKED, NO_END], ids=["announced", "chunked", "until close"])
async def test_exchange_over_the_limit_fails_at_once(script: list[Step]) -> None:
    """An answer of 10 GiB is given up as soon as it is over the limit, and its connection closed."""
    async with ScriptedUpstream(script, send_buffer=65536) as upstream, client() as own:
        with pytest.raises(CallFailed, match="its answer is over 100000 bytes"):
            await own.exchange(Call(upstream.url, limit_bytes=100_000, timeout_s=10))
        await upstream.wait_quiet()
        assert upstream.connections[0].sent < 16_000_000


HEAD = b"HTTP/1.1 200 OK\r\n"
LATE = {
    "silence": [read_request(), stall()],
    "half a head": [read_request(), send(HEAD), stall()],
    "drip of a head": [read_request(), send(HEAD), drip(b"a")],
    "drip of a body": [read_request(), send(HEAD + b"Content-Length: 99999\r\n\r\n"), drip(b"x")],
    "interim answers": [read_request(), drip(b"HTTP/1.1 103 Early Hints\r\n\r\n")],
}


@pytest.mark.parametrize("script", LATE.values(), ids=LATE)
async def test_exchange_ends_in_time(script: list[Step]) -> None:
    """The time-out is over everything: an answer that drips is as late as one that never comes."""
    since = time.monotonic()
    with pytest.raises(CallFailed, match=r"no whole answer within 0\.3 s"):
        await ask(script, timeout_s=0.3)
    assert time.monotonic() - since < 2


BROKEN = {
    "garbage": [read_request(), send(b"\x16\x03\x01 nonsense \r\n\r\n"), close()],
    "another protocol": [read_request(), send(b"SSH-2.0-OpenSSH_9.2\r\n"), close()],
    "two lengths": [read_request(), send(HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"), close()],
    "bad chunk": [read_request(), send(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"), close()],
    "endless head": [read_request(), forever(send(HEAD + b"A: " + b"b" * 65536))],
    "endless fields": [read_request(), send(HEAD), forever(send(b"A: b\r\n" * 1000))],
    "cut head": [read_request(), send(HEAD), close()],
    "cut body": [read_request(), send(HEAD + b"Content-Length: 9\r\n\r\nabc"), close()],
    "no answer": [read_request(), close()],
    "reset": [read_request(), reset()],
}


@pytest.mark.parametrize("script", BROKEN.values(), ids=BROKEN)
async def test_exchange_broken_answer_fails(script: list[Step]) -> None:
    """What is no whole HTTP answer fails with the host and a reason, and repeats nothing that was sent or received."""
    with pytest.raises(CallFailed, match=r"^127\.0\.0\.1:\d+: ") as failed:
        await ask(script, fields=((b"Authorization", SECRET),))
    told = f"{failed.value} {failed.value.__cause__}"
    assert "nonsense" not in told
    assert SECRET.decode() not in told


async def test_exchange_refused_connection_fails() -> None:
    """Nobody listens: the error says so."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    async with client() as own:
        with pytest.raises(CallFailed, match=f"^127.0.0.1:{port}: "):
            await own.exchange(Call(f"http://127.0.0.1:{port}/keys?key=secret"))


@pytest.mark.parametrize("host", ["a..b", "x" * 64])
async def test_exchange_name_that_cannot_be_looked_up_fails(host: str) -> None:
    """A host name that is none fails like one that does not exist."""
    async with client() as own:
        with pytest.raises(CallFailed, match=r"cannot be looked up|not known|no connection"):
            await own.exchange(Call(f"http://{host}/"))


def test_reason_names_the_lookup() -> None:
    """A failed look-up is told in the words of the system, wherever it stands in the chain of causes."""
    error = RuntimeError("with a secret")
    error.__cause__ = ExceptionGroup("", [socket.gaierror(-2, "Name or service not known")])
    assert "Name or service not known" == reason_of(error)
    assert "RuntimeError" == reason_of(RuntimeError("with a secret"))


async def test_exchange_illegal_field_does_not_tell_its_value() -> None:
    """A field that cannot be sent is an error that does not quote it: it may be a credential."""
    async with ScriptedUpstream([answer()]) as upstream, client() as own:
        with pytest.raises(CallFailed, match="the request cannot be sent") as failed:
            await own.exchange(Call(upstream.url, fields=((b"Authorization", b"secret\r\nX: y"),)))
        assert "secret" not in repr(failed.value)
        assert failed.value.__suppress_context__


@asynccontextmanager
async def tls_server(authority: trustme.CA, name: str) -> AsyncIterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


async def test_exchange_over_tls_is_verified(authority: trustme.CA, tmp_path: Path) -> None:
    """An authority that is known and a name that fits: the answer comes."""
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    async with tls_server(authority, "127.0.0.1") as port, client(UpstreamTls(ca=str(tmp_path / "ca.pem"))) as own:
        assert b"ok" == (await own.exchange(Call(f"https://127.0.0.1:{port}/"))).body


async def test_exchange_over_tls_refuses_an_unknown_authority(authority: trustme.CA) -> None:
    """A certificate that nobody vouches for fails before anything is sent."""
    async with tls_server(authority, "127.0.0.1") as port, client() as own:
        with pytest.raises(CallFailed, match="its certificate was not accepted: "):
            await own.exchange(Call(f"https://127.0.0.1:{port}/"))


async def test_exchange_over_tls_refuses_another_name(authority: trustme.CA, tmp_path: Path) -> None:
    """A certificate for another name fails."""
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    async with tls_server(authority, "other.example") as port, client(UpstreamTls(ca=str(tmp_path / "ca.pem"))) as own:
        with pytest.raises(CallFailed, match="its certificate was not accepted: "):
            await own.exchange(Call(f"https://127.0.0.1:{port}/"))


async def test_exchange_tls_with_a_server_that_speaks_none_fails() -> None:
    """TLS that does not come about is an error with a reason."""
    async with ScriptedUpstream([send(b"HTTP/1.1 400 Bad Request\r\n\r\n"), close()]) as upstream, client() as own:
        with pytest.raises(CallFailed, match="TLS failed"):
            await own.exchange(Call(f"https://127.0.0.1:{upstream.port}/", timeout_s=3))


async def test_one_origin_that_hangs_delays_no_other() -> None:
    """Connections are counted by origin."""
    async with ScriptedUpstream([stall()]) as hanging, ScriptedUpstream([answer()]) as quick:
        own = ControlClient(max_connections=1)
        waiting = asyncio.ensure_future(own.exchange(Call(hanging.url, timeout_s=30)))
        await hanging.wait_for(lambda: len(hanging.connections) == 1)
        assert 200 == (await own.exchange(Call(quick.url))).status
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await own.close()


async def test_exchange_after_close_opens_anew() -> None:
    """A client that was closed can be used again, as a gateway that is started again does."""
    async with ScriptedUpstream([answer()]) as upstream, client() as own:
        await own.exchange(Call(upstream.url))
        await own.close()
        assert 200 == (await own.exchange(Call(upstream.url))).status
        assert 2 == len(upstream.connections)


async def test_stream_gives_what_comes_as_it_comes() -> None:
    """Whatever its length; the connection is closed when the block ends, also before the end."""
    chunk = b"4\r\nabcd\r\n"
    head = b"HTTP/1.1 200 OK\r\nX-A: b\r\nTransfer-Encoding: chunked\r\n\r\n"
    script = [read_request(), send(head), drip(chunk)]
    async with ScriptedUpstream(script) as upstream, client() as own:
        call = Call(f"{upstream.url}/watch", timeout_s=2.0, limit_bytes=1)
        async with own.stream(call) as (status, fields, chunks):
            assert (200, True) == (status, (b"X-A", b"b") in fields)
            assert [b"abcd", b"abcd", b"abcd"] == [await anext(chunks) for _ in range(3)]
        await upstream.wait_for(lambda: all(connection.end is not None for connection in upstream.connections))


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ([stall()], "no whole answer within 0.1 s"),
        ([send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), stall()], "no whole answer within 0.1 s"),
        ([send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nab"), close()], "broke off"),
        ([send(b"nonsense\r\n\r\n"), close()], "is not HTTP"),
    ],
)
async def test_stream_that_breaks_or_falls_silent_fails(steps: list[Step], message: str) -> None:
    """Before its head as after it; an end that is none is never taken for one."""
    async with ScriptedUpstream([read_request(), *steps]) as upstream, client() as own:
        with pytest.raises(CallFailed, match=message):
            await read_all(own, Call(upstream.url, timeout_s=0.1))


async def read_all(own: ControlClient, call: Call) -> bytes:
    async with own.stream(call) as (_, _, chunks):
        return b"".join([chunk async for chunk in chunks])


async def test_authorities_of_a_call_go_before_those_of_the_client(authority: trustme.CA, tmp_path: Path) -> None:
    """Each call may have its own; a file that is away is an error with a reason."""
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(file)
    async with tls_server(authority, "127.0.0.1") as port, client() as own:
        url = f"https://127.0.0.1:{port}/"
        assert 200 == (await own.exchange(Call(url, authorities=str(file)))).status
        with pytest.raises(CallFailed, match="certificate was not accepted"):
            await own.exchange(Call(url))
        file.unlink()
        with pytest.raises(CallFailed, match="No such file"):
            await own.exchange(Call(url, authorities=str(file)))
