"""Paths into JSON documents: ``user.address.city``, ``metadata."app.kubernetes.io/name"``.

In: ``parse_path``. Not in: following a path (``transform.json_body.change``).
"""

from __future__ import annotations

import re

_MAX_DEPTH = 20
_KEY = re.compile(r'"((?:[^"\\]|\\["\\])*)"|([^".][^.]*)')
_ESCAPED = re.compile(r"\\(.)")


def parse_path(text: str) -> tuple[str, ...]:
    r"""The keys that *text* names, from the outermost on. A key in quotes may hold dots, and ``\"`` for a quote.

    Raises: ValueError: it is no path; the message says what to write.
    """
    keys: list[str] = []
    at = 0
    while len(keys) < _MAX_DEPTH:
        found = _KEY.match(text, at)
        if found is None:
            break
        quoted, plain = found.groups()
        keys.append(plain if quoted is None else _ESCAPED.sub(r"\1", quoted))
        if found.end() == len(text):
            return tuple(keys)
        if text[found.end()] != ".":
            break
        at = found.end() + 1
    raise ValueError(
        f"{text!r} is no path into a document. Write keys with dots between, a key that has dots itself in quotes:"
        ' user.address.city, labels."app.name"'
    )
