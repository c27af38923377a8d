"""Clients that operators keep out for a time.

In: the operations ``blocks``, ``block``, ``unblock``. Not in: refusing their requests (``gateway.public``) and which
address is in which network (``access.blocklist``).
"""

from __future__ import annotations

import logging

from pydantic import Field

from vizgate.access.blocklist.blocks import MAX_BLOCKS, BlockEntry, TooManyBlocks
from vizgate.access.ip_filter.networks import as_seen
from vizgate.extension.values.network import IPNetwork, parse_network
from vizgate.gateway.operations.fields import ForField, settled_for, shown_time
from vizgate.gateway.operations.operated import Operated
from vizgate.gateway.operations.operation import (
    AnswerModel,
    Arguments,
    BodyModel,
    Document,
    Key,
    Operation,
    OperationRefused,
    changed,
    merge_changes,
)

_log = logging.getLogger("vizgate.admin")


class BlockAnswer(AnswerModel):
    """A network that is kept out."""

    network: str = Field(description="An address alone is a network of one.")
    until: str | None = Field(description="When it ends (RFC 3339); null when nothing is kept out any more.")
    reason: str = Field(description="What the operator said.")


class BlocksAnswer(AnswerModel):
    """All of them."""

    blocks: list[BlockAnswer] = Field(description="The oldest first.")


class BlockBody(BodyModel):
    """How long, and why."""

    for_: ForField = Field(alias="for")
    reason: str = Field(default="", max_length=200, description="For whoever looks at the list later.")


async def _blocks(gateway: Operated, arguments: Arguments) -> Document:  # noqa: ARG001  # see ``Perform``
    now_s = gateway.state.clock.monotonic()
    return {"blocks": [_document(gateway, entry) for entry in gateway.state.blocked.entries(now_s)]}


async def _block(gateway: Operated, arguments: Arguments) -> Document:
    state, network = gateway.state, _network(arguments["network"])
    now_s = state.clock.monotonic()
    before = _until(gateway, state.blocked.get(network, now_s))
    # Time may have passed since somebody said it.
    until_s = now_s + arguments["until"] - state.clock.wall()
    entry = BlockEntry(network, until_s, arguments.get("reason", ""))
    try:
        state.blocked.block(entry, now_s)
    except TooManyBlocks:
        raise OperationRefused(409, f"there are {MAX_BLOCKS} blocks already. Lift some, or block networks") from None
    document = _document(gateway, entry)
    _log.info("%s is blocked until %s", network, document["until"])
    return changed(before, {"until": document["until"]}, document)


async def _unblock(gateway: Operated, arguments: Arguments) -> Document:
    state, network = gateway.state, _network(arguments["network"])
    before = state.blocked.get(network, state.clock.monotonic())
    if before is None:
        raise OperationRefused(404, "this network is not blocked; GET /blocks lists those that are")
    state.blocked.unblock(network)
    _log.info("%s is not blocked any more", network)
    answer = {"network": str(network), "until": None, "reason": before.reason}
    return changed(_until(gateway, before), {"until": None}, answer)


def _network(text: str) -> IPNetwork:
    try:
        return as_seen(parse_network(text))
    except ValueError as error:
        raise OperationRefused(404, str(error)) from None


def _document(gateway: Operated, entry: BlockEntry) -> Document:
    return {"network": str(entry.network), "reason": entry.reason, **_until(gateway, entry)}


def _until(gateway: Operated, entry: BlockEntry | None) -> Document:
    if entry is None:
        return {"until": None}
    clock = gateway.state.clock
    return {"until": shown_time(clock.wall() + entry.until_s - clock.monotonic())}


def _standing(arguments: Arguments) -> Key:
    return ("block", str(_network(arguments["network"])))


_NO_NETWORK = "The path names no address and no network."

BLOCK_OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="blocks",
        method="GET",
        path="/blocks",
        summary="Clients that are kept out.",
        perform=_blocks,
        answer=BlocksAnswer,
    ),
    Operation(
        name="block",
        method="PUT",
        path="/blocks/{network+}",
        summary="Answer every request of an address or a network with 403, for a time.",
        description="Before it is routed, on every public listener, by the address that `server.trusted_proxies` lead "
        "to. Requests in flight and open tunnels go on. It survives reloads.",
        perform=_block,
        answer=BlockAnswer,
        body=BlockBody,
        merge=merge_changes(),
        is_change=True,
        settle=settled_for,
        standing=_standing,
        refusals={404: _NO_NETWORK, 409: f"There are {MAX_BLOCKS} already."},
    ),
    Operation(
        name="unblock",
        method="DELETE",
        path="/blocks/{network+}",
        summary="Let an address or a network in again.",
        perform=_unblock,
        answer=BlockAnswer,
        merge=merge_changes(),
        is_change=True,
        standing=_standing,
        is_undo=True,
        refusals={404: f"It is not blocked. {_NO_NETWORK}"},
    ),
)
