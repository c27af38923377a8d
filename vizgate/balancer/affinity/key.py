"""What names of targets are signed with.

In: ``SigningKey``. Not in: where a key comes from (``gateway.agreement``), and the names (``balancer.affinity.names``).
"""

from __future__ import annotations


class SigningKey:
    """A key that may be another one later.

    ``secret``: what is signed with; compare it with ``is`` to see whether it has changed. ``former``: the one before,
    None at first; what was signed with it is still believed. ``is_used``: whether anything is signed with it.
    """

    __slots__ = ("former", "is_used", "secret")

    def __init__(self, secret: bytes) -> None:
        self.secret = secret
        self.former: bytes | None = None
        self.is_used = False

    def change(self, secret: bytes) -> bool:
        """Sign with *secret* from now on. Returns: whether that is another key."""
        if secret == self.secret:
            return False
        self.former, self.secret = self.secret, secret
        return True

    def __repr__(self) -> str:
        return f"<SigningKey [{'used' if self.is_used else 'not used'}]>"
