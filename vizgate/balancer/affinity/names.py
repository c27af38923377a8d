"""Names of targets that only the gateway can make.

In: ``TargetNames``, as a pure value. Not in: cookies (``balancer.affinity.cookie``).
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from collections import Counter
from collections.abc import Sequence

_ID_BYTES = 9
_SIGNATURE_BYTES = 24


class TargetNames:
    """A name for each of *addresses*: a keyed digest of the address, and a signature. It tells nobody where a target
    is, and nobody can make one for a target that he was not sent to.

    Made when the plan is compiled, so that a request costs a lookup and a comparison. Names follow from the secret, the
    service and the address, and are the same in every process that knows these.

    Args: secret: the key. service: names of one service mean nothing to another.
    """

    __slots__ = ("_by_id", "_names")

    def __init__(self, secret: bytes, service: str, addresses: Sequence[str]) -> None:
        seen: Counter[str] = Counter()
        self._names: list[bytes] = []
        self._by_id: dict[bytes, int] = {}
        for index, address in enumerate(addresses):
            seen[address] += 1
            target = _digest(secret, _ID_BYTES, "target", service, address, seen[address])
            signature = _digest(secret, _SIGNATURE_BYTES, "name", service, target)
            self._by_id[target.encode()] = index
            self._names.append(f"{target}.{signature}".encode())

    def name(self, index: int) -> bytes:
        """The name of target *index*."""
        return self._names[index]

    def index(self, name: bytes) -> int | None:
        """The target that *name* is of; None for a name that was not made here, in a time that does not tell how much
        of a signature is right.
        """
        index = self._by_id.get(name.partition(b".")[0])
        return index if index is not None and hmac.compare_digest(name, self._names[index]) else None

    def __repr__(self) -> str:
        return f"<TargetNames [{len(self._names)} targets]>"


def _digest(secret: bytes, size: int, *parts: str | int) -> str:
    """*size* bytes of a keyed digest of *parts*, which no other parts give, as text."""
    texts = [str(part).encode("utf-8", "surrogatepass") for part in parts]
    framed = b"".join(b"%d:%b" % (len(text), text) for text in texts)
    return urlsafe_b64encode(hmac.digest(secret, framed, "sha256")[:size]).decode("ascii")
