"""What an authorization server says about a token (RFC 7662 2.2).

In: ``read_answer``: the members of an answer, or that the token is not active. Not in: asking
(``auth.introspection.authenticator``).
"""

from __future__ import annotations

import json
from typing import Any

from vizgate.errors import VizgateError


class NotAnAnswer(VizgateError):
    """What came is no answer to the question; the message says why."""


def read_answer(status: int, body: bytes) -> dict[str, Any] | None:
    """The members of an answer about an active token; None for one that is not active.

    Raises: NotAnAnswer: it is something else, so that nothing is known about the token.
    """
    if status != 200:
        # 401 is about the gateway's own credentials (RFC 7662 2.3), not about the token.
        hint = ". Check client_id and client_secret" if status == 401 else ""
        raise NotAnAnswer(f"it answered with {status}{hint}")
    try:
        members = json.loads(body)
    except (ValueError, RecursionError):
        raise NotAnAnswer("its answer is not JSON") from None
    active = members.get("active") if isinstance(members, dict) else None
    if not isinstance(active, bool):
        raise NotAnAnswer("its answer does not say whether the token is active")
    return members if active else None
