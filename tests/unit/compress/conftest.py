"""Bodies that come in chunks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from vizgate.pipeline.body import StreamBody


@pytest.fixture
def stream_of() -> Callable[..., StreamBody]:
    def make(*chunks: bytes, length: int | None = None) -> StreamBody:
        async def source() -> AsyncIterator[bytes]:
            for chunk in chunks:
                yield chunk

        return StreamBody(source(), length)

    return make
