"""Everything at once: clients that leave, an upstream that resets, hangs, cuts and babbles; nobody is misled."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from pathlib import Path

from tests.conformance.harness import Rig, RigFactory, wire
from vizgate.testing.raw_client import ConnectionEnded, RawClient
from vizgate.testing.steps import Step, read_request
from vizgate.testing.upstream_connection import End, UpstreamConnection

CLIENTS = 12
REQUESTS = 60
SEED = 11
#: What the log says of each status that a client may see, besides a client that left.
TRUE = {
    200: {"-", "upstream_reset"},
    204: {"-"},
    502: {"upstream_reset", "upstream_invalid"},
    504: {"upstream_timeout"},
    499: {"client_abort"},
}
EVIL = wire("HTTP/1.1 200 OK", "Content-Length: 4", body="evil")


def with_length(body: str) -> bytes:
    return wire("HTTP/1.1 200 OK", f"Content-Length: {len(body)}", body=body)


def in_chunks(body: str, end: str = "0\r\n\r\n") -> bytes:
    return wire("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", body=f"{len(body):x};x=y\r\n{body}\r\n{end}")


def faulty(chance: random.Random) -> Step:
    """Answer requests with bodies that tell the target; a third of the answers has a fault."""

    async def serve(connection: UpstreamConnection) -> None:
        while True:
            await read_request()(connection)
            target = connection.requests[connection.requests_taken - 1].target.decode()
            body = f"{target}|" * chance.choice([1, 100, 10_000])
            if await answer_badly(connection, body, chance.random()):
                return

    return serve


async def answer_badly(connection: UpstreamConnection, body: str, lot: float) -> bool:
    """Answer as *lot*, from 0 to 1, says; whether the connection is over."""
    if lot < 0.10:
        connection.close(with_reset=True)
    elif lot < 0.13:
        await connection.wait_end()
    elif lot < 0.18:
        await connection.send(b"garbage\r\n\r\n")
    elif lot < 0.22:
        await connection.send(with_length(body)[: -len(body) // 2])
        connection.close(with_reset=lot < 0.20)
    elif lot < 0.26:
        await connection.send(in_chunks(body, end=""))
        connection.close(with_reset=lot < 0.24)
    elif lot < 0.32:
        await connection.send(with_length(body) + EVIL)
    elif lot < 0.35:
        await connection.send(with_length(body))
        connection.close()
    else:
        await connection.send(sound_answer(body, lot))
        return False
    return True


def sound_answer(body: str, lot: float) -> bytes:
    if lot < 0.4:
        return wire("HTTP/1.1 103 Early Hints", body=wire("HTTP/1.1 204 No Content").decode())
    return in_chunks(body) if lot < 0.6 else with_length(body)


def ask(target: str, lot: float) -> bytes:
    """A GET, or a POST framed one way or the other, whose body tells the target."""
    body = target * 50
    if lot < 0.25:
        return wire(f"POST {target} HTTP/1.1", "Host: a", f"Content-Length: {len(body)}", body=body)
    if lot < 0.5:
        chunks = f"{len(body):x}\r\n{body}\r\n0\r\n\r\n"
        return wire(f"POST {target} HTTP/1.1", "Host: a", "Transfer-Encoding: chunked", body=chunks)
    return wire(f"GET {target} HTTP/1.1", "Host: a")


async def use(running: Rig, number: int, statuses: Counter[str]) -> None:
    """Send requests one after the other, leaving before some answers; check every answer."""
    chance = random.Random(number)
    client: RawClient | None = None
    for count in range(REQUESTS):
        if client is None:
            client = await running.client().__aenter__()
        target = f"/{number}-{count}"
        await client.send(ask(target, chance.random()))
        if chance.random() < 0.03 or not await check_answer(client, target, statuses):
            await client.__aexit__(None, None, None)
            client = None
    if client is not None:
        await client.__aexit__(None, None, None)


async def check_answer(client: RawClient, target: str, statuses: Counter[str]) -> bool:
    """Whether the connection may go on behind the answer to *target*."""
    try:
        response = await client.read_response()
    except ConnectionEnded as ended:
        if ended.end is End.OPEN:  # left without an answer
            raise
        statuses["cut"] += 1
        return False
    assert response.status in TRUE, response
    if response.status == 200:
        assert {target.encode()} == set(response.body.split(b"|")) - {b""}, response
    statuses[str(response.status)] += 1
    return not response.says_close


async def test_faults_of_every_kind_give_nobody_a_wrong_answer(rig: RigFactory, tmp_path: Path) -> None:
    """No answer holds what belongs to another, none is missing, no POST is sent twice, and the log tells the truth."""
    log = tmp_path / "log"
    config = {
        "observe.access_log": {"format": "json", "to": str(log)},
        "services.origin.timeouts": {"response": "300ms", "idle": "300ms"},
    }
    statuses: Counter[str] = Counter()
    async with rig([faulty(random.Random(SEED))], config=config) as running:
        await asyncio.gather(*[use(running, number, statuses) for number in range(CLIENTS)])
        requests = running.upstream.requests
        assert not [request.problems for request in requests if request.problems and request.complete]
        posts = Counter(request.target for request in requests if request.method == b"POST")
        assert [] == [target for target, count in posts.items() if count > 1]
        whole = [request for request in requests if request.method == b"POST" and request.complete]
        assert all(request.body == request.target * 50 for request in whole)
    assert {"200", "204", "502", "504", "cut"} == set(statuses)
    records = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    assert CLIENTS * REQUESTS == len(records)
    assert CLIENTS * REQUESTS == len({record["path"] for record in records})
    false = [r for r in records if r["termination"] not in TRUE[r["status"]] | {"client_abort"}]
    assert [] == false
