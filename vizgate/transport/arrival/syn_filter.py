"""Keeps the kernel from beginning connections that nobody will accept.

In: ``stop_handshakes``, for a listening socket that is about to be closed. Not in: accepting what has connected
(``transport.listener``).
"""

from __future__ import annotations

import contextlib
import ctypes
import socket
import struct
import sys

# Linux, socket(7); Python has no name for it. A classic BPF program on a listening socket sees each segment from its
# TCP header on, whose byte 13 holds the flags.
_SO_ATTACH_FILTER = 26
_INSTRUCTION = struct.Struct("=HBBI")
_SYN = 0x02
_DROP_SYN = b"".join(
    _INSTRUCTION.pack(*instruction)
    for instruction in (
        (0x30, 0, 0, 13),  # load the flags
        (0x45, 0, 1, _SYN),  # is SYN among them?
        (0x06, 0, 0, 0),  # yes: keep nothing of the segment
        (0x06, 0, 0, 0xFFFF),  # no: keep it
    )
)


def stop_handshakes(listening: socket.socket) -> bool:
    """Have the kernel drop whatever would begin a connection to *listening*; those under way still come about.

    A client whose first segment is dropped sends it again after a second. By then the socket is closed, and the client
    is refused before it has sent its request. Without this, a connection that is made between the last ``accept`` and
    the ``close`` is reset with the request in it.

    Returns: whether the kernel can do this.
    """
    if sys.platform != "linux":
        return False
    program = ctypes.create_string_buffer(_DROP_SYN, len(_DROP_SYN))
    count = len(_DROP_SYN) // _INSTRUCTION.size
    with contextlib.suppress(OSError):
        listening.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("HP", count, ctypes.addressof(program)))
        return True
    return False
