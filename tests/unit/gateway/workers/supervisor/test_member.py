"""One worker, as its supervisor sees it."""

from __future__ import annotations

import socket

from vizgate.gateway.workers.birth.nursery import Child
from vizgate.gateway.workers.channel.channel import Channel
from vizgate.gateway.workers.supervisor.member import Member, Phase


async def test_stop_of_a_worker_that_does_not_listen_is_over_when_its_time_is():
    """Who says nothing about its end is for whoever waits for it; asking it fails for nobody."""
    ours, theirs = socket.socketpair()
    with theirs:
        channel = Channel(ours, {})
        channel.open()
        member = Member(1, 1, _child(), channel, 0.0)
        await member.stop(0.01, is_last=True)
        channel.close()
    assert Phase.LEAVING is member.phase


def _child() -> Child:
    # Without a process: nothing is done to it here.
    return Child.__new__(Child)
