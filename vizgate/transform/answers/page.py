"""Pages that are there before anybody asks for them.

In: ``Page``. Not in: when a page is sent (``transform.answers.error_pages``).
"""

from __future__ import annotations

import html
import json
import mimetypes

from vizgate.transform.answers.config import PageConfig

_MAX_ID = 200


class Page:
    """The page that *config* describes, read and encoded.

    Raises: OSError: its file cannot be read.
    """

    __slots__ = ("_has_values", "_is_markup", "content_type", "data")

    def __init__(self, config: PageConfig) -> None:
        kind, self.data = _content(config)
        self.content_type = (config.type or kind).encode("latin-1")
        self._is_markup = b"html" in self.content_type.lower() or b"xml" in self.content_type.lower()
        self._has_values = b"{status}" in self.data or b"{request.id}" in self.data

    def fill(self, status: int, request_id: str) -> bytes:
        """The page for one answer."""
        if not self._has_values:
            return self.data
        # A trusted peer may send any id, so it is text here and nothing else.
        shown = request_id[:_MAX_ID]
        shown = html.escape(shown) if self._is_markup else json.dumps(shown)[1:-1]
        return self.data.replace(b"{status}", b"%d" % status).replace(b"{request.id}", shown.encode())


def _content(config: PageConfig) -> tuple[str, bytes]:
    """Media type and bytes."""
    if config.has_json:
        return "application/json", json.dumps(config.json_, ensure_ascii=False, separators=(",", ":")).encode()
    if config.text is not None:
        return "text/plain; charset=utf-8", config.text.encode()
    assert config.file is not None
    kind = mimetypes.guess_type(config.file.name)[0] or "text/plain"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind, config.file.read_bytes()
