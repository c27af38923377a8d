"""Text between quotes, as challenges have it.

In: ``quoted``. Not in: challenges (``auth.gate.challenges``).
"""

from __future__ import annotations

import re

# RFC 6750 3: what error_description may hold; it needs no escapes in a quoted-string.
_UNQUOTABLE = re.compile(r"[^ !#-\[\]-~]")


def quoted(text: str) -> str:
    """*text* as it may stand between quotes, with "?" for what may not."""
    return _UNQUOTABLE.sub("?", text)
