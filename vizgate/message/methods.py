"""What request methods promise.

In: which are idempotent. Not in: which are allowed on a route (``router``).
"""

from __future__ import annotations

#: RFC 9110 9.2.2: only these may be sent again after a byte of them went out. The last four: their own specifications.
IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PROPFIND", "REPORT", "SEARCH", "QUERY"})
