"""``use: compress``.

In: ``Compress``. Not in: the rules (``compress.accept_encoding``, ``compress.rule``).
"""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from vizgate.compress.accept_encoding import choose_coding
from vizgate.compress.body import CompressedBody, compress_whole
from vizgate.compress.config import CompressConfig
from vizgate.compress.encoders import DEFAULT_LEVELS, encoder_factory
from vizgate.compress.rule import CompressRule, encoded_fields, has_no_transform
from vizgate.extension.contract import ComponentConfig, Context, Middleware
from vizgate.message.headers import Headers
from vizgate.message.representation import weaken
from vizgate.message.vary import add_vary
from vizgate.pipeline.body import BytesBody
from vizgate.pipeline.handler import Handler
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response

_VARY = (b"Accept-Encoding",)


class Compress(Middleware):
    """Compresses answers for clients that take it, while they are relayed.

    It leaves alone what is coded already, parts (206), what says ``no-transform``, what is short, and other types.
    """

    Config: ClassVar[type[ComponentConfig]] = CompressConfig

    def __init__(self, config: CompressConfig, context: Context | None = None) -> None:
        super().__init__(config, context)
        self._rule = CompressRule(config.types, config.min_size)
        self._offered = tuple(coding.encode("ascii") for coding in config.offered)
        family = self.context.metrics.counters(
            "compressed_responses", "Responses compressed by the gateway.", ("route", "coding")
        )
        self._makers = {
            coding.encode("ascii"): (
                encoder_factory(coding, config.levels.get(coding, DEFAULT_LEVELS[coding])),
                family.of(self.context.route, coding),
            )
            for coding in config.offered
        }

    async def __call__(self, request: Request, forward: Handler) -> Response:
        """Forward *request*, and hand back its response, compressed if it may be."""
        accepted, refuses, held = _asked(request.headers)
        # Asked first: what is further in may change the request.
        to_head = request.method == "HEAD"
        response = await forward(request)
        if response.tunnel is not None:
            return response
        if response.status == 304:
            _mark_unchanged(response, held)
            return response
        length = _length_of(response, to_head)
        if refuses or not self._rule.allows(response.status, response.headers.raw, length):
            return response
        fields = response.headers.raw
        coding = choose_coding(accepted, self._offered)
        if coding is not None:
            fields[:] = encoded_fields(fields, coding)
            await self._compress(response, coding)
        # Also where this client gets it as it is: a cache must know that others would not.
        add_vary(fields, _VARY)
        return response

    async def _compress(self, response: Response, coding: bytes) -> None:
        make, counter = self._makers[coding]
        counter.value += 1
        body = response.body
        if body.data is None:
            response.body = CompressedBody(body, make())
        elif body.data:  # the answer of an upstream to HEAD has none
            coded = BytesBody(await compress_whole(body.data, make()))
            coded.trailers = body.trailers
            response.body = coded


class _Asked(NamedTuple):
    """What a request says about it. ``accepted``: the codings that the client takes. ``refuses``: whether it wants
    nothing changed (RFC 9111 5.2.1.6). ``held``: the tags of what it has already.
    """

    accepted: bytes
    refuses: bool
    held: bytes


def _asked(headers: Headers) -> _Asked:
    accepted, held, refuses = [], [], False
    for name, value in headers.raw:
        size = len(name)
        if size == 15 and name.lower() == b"accept-encoding":
            accepted.append(value)
        elif size == 13 and name.lower() == b"cache-control":
            refuses = refuses or has_no_transform(value)
        elif size == 13 and name.lower() == b"if-none-match":
            held.append(value)
    return _Asked(b",".join(accepted), refuses, b",".join(held))


def _mark_unchanged(response: Response, held: bytes) -> None:
    """RFC 9110 15.4.5: a 304 has the ``ETag`` and ``Vary`` that the 200 would have had. What the client has was
    compressed here if its tag is the weak one of a strong one.
    """
    fields = response.headers.raw
    for index, (name, value) in enumerate(fields):
        if name.lower() == b"etag" and weaken(value) != value and weaken(value) in held:
            fields[index] = (name, weaken(value))
            # It would be that of the content as it was.
            response.headers.remove("Content-Length")
            add_vary(fields, _VARY)
            return


def _length_of(response: Response, to_head: bool) -> int | None:  # noqa: FBT001  # private, one caller
    """How long the content is, or would be."""
    if to_head and not response.body.data:
        told = response.headers.get_bytes(b"content-length")
        return int(told) if told is not None and told.isdigit() else None
    return len(response.body.data) if response.body.data is not None else response.body.length
