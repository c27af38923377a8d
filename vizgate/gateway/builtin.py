"""The explicit list of what vizgate brings along under short names; everything else comes from plugins.

In: built-in middleware by the name that ``use:`` gives it. Not in: finding plugins (``extension.registry``).
"""

from __future__ import annotations

from collections.abc import Mapping

from vizgate.extension.contract import Middleware
from vizgate.transform.middleware import HeadersMiddleware

MIDDLEWARE: Mapping[str, type[Middleware]] = {
    "headers": HeadersMiddleware,
}
