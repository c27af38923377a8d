"""A server on a real port whose answer a test changes: an issuer's keys, an authorization server, an authoriser.

In: ``serving``, ``reply``. Not in: what it answers.
"""

from __future__ import annotations

from collections.abc import Callable

from vizgate.testing.recording import RecordedRequest
from vizgate.testing.steps import Step, read_request
from vizgate.testing.upstream_connection import UpstreamConnection


class Answering:
    """Answers every request with what ``answer`` gives for it at that time."""

    def __init__(self, answer: Callable[[RecordedRequest], bytes] | bytes) -> None:
        self.answer = answer

    def script(self) -> list[Step]:
        async def step(connection: UpstreamConnection) -> None:
            while connection.is_open:
                await read_request()(connection)
                request = connection.requests[connection.requests_taken - 1]
                answer = self.answer
                await connection.send(answer if isinstance(answer, bytes) else answer(request))

        return [step]


def reply(status: int, body: bytes = b"", *fields: str) -> bytes:
    """A whole response."""
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *fields, "", ""]
    return "\r\n".join(lines).encode("latin-1") + body
