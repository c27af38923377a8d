"""Request ids: how a new one is made and which ones are believed.

In: the two rules. Not in: which peers may bring an id (``observe.request_id.trust`` in the YAML, read by the gateway).
"""

from __future__ import annotations

import random as random_module
import re

MAX_LENGTH = 128

_ACCEPTABLE = re.compile(rb"[A-Za-z0-9._-]{1,128}")


def new_request_id(random: random_module.Random) -> str:
    """128 random bits as 32 hex digits: unique, but no secret, because *random* may be predictable.

    Why not ``uuid4``: it reads the system's entropy and costs ten times as much.
    """
    return random.getrandbits(128).to_bytes(16, "big").hex()


def is_acceptable(value: bytes) -> bool:
    """Whether an id that came in may be used: 1 to 128 of ``A-Z a-z 0-9 . _ -``.

    Nothing in that alphabet can break a log line, a header field, a URL or a shell command.
    """
    return _ACCEPTABLE.fullmatch(value) is not None
