"""Adding to ``Vary``."""

from __future__ import annotations

import pytest

from vizgate.message.headers import Field
from vizgate.message.vary import add_vary


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([], [(b"Vary", b"Origin")]),
        ([(b"vary", b"Accept-Encoding")], [(b"vary", b"Accept-Encoding, Origin")]),
        ([(b"Vary", b"Accept, origin")], [(b"Vary", b"Accept, origin")]),
        ([(b"Vary", b"*")], [(b"Vary", b"*")]),
        ([(b"Vary", b"")], [(b"Vary", b"Origin")]),
        ([(b"Vary", b"Origin"), (b"Vary", b"Cookie")], [(b"Vary", b"Origin"), (b"Vary", b"Cookie")]),
        ([(b"Vary", b"Accept"), (b"Vary", b"Cookie")], [(b"Vary", b"Accept"), (b"Vary", b"Cookie, Origin")]),
    ],
)
def test_add_vary_keeps_what_is_there(before: list[Field], after: list[Field]) -> None:
    """A name stands there once, whatever its case and line; ``*`` is all of them."""
    add_vary(before, [b"Origin"])
    assert after == before
