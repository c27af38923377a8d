"""A request that outlives the one it was made for.

In: ``detached`` and ``end``. Not in: who needs one (``cache``, ``traffic``).
"""

from __future__ import annotations

import logging

from vizgate.message.headers import Headers
from vizgate.pipeline.request import Request

_log = logging.getLogger("vizgate.pipeline")


def detached(request: Request, headers: Headers) -> Request:
    """A request with *headers* that asks for what *request* asks for, without a body; it ends when ``end`` is called.

    What inner handlers change on it, and what they want to be told about its end, does not reach *request*; its outcome
    does.
    """
    own = Request(
        request.method,
        request.target,
        headers,
        authority=request.authority,
        scheme=request.scheme,
        client=request.client,
        id=request.id,
        minor=request.minor,
    )
    own.route = request.route
    own.params = request.params
    own.identity = request.identity
    own.peer_certificate = request.peer_certificate
    own.deadline_s = request.deadline_s
    own.outcome = request.outcome
    return own


def end(request: Request) -> None:
    """Tell everybody who wants to know that a detached *request* has ended; once, later calls do nothing."""
    for callback in request.take_callbacks():
        try:
            callback()
        except Exception:  # noqa: BLE001  # the others must be told, too
            _log.exception("a callback at the end of request %s failed", request.id)
