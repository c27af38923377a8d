"""Whatever is asked in whatever order: nobody gets what is another one's, for another place, or too old."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.cache.origin import CacheSite
from vizgate.message.headers import Headers
from vizgate.message.identity import Identity
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response

#: By path: what the service says, for how long that is fresh, whether it is for all, whether it varies by X-A.
RULES = {
    "/plain": ("max-age=10", 10, False, False),
    "/public": ("public, max-age=20", 20, True, False),
    "/shared": ("s-maxage=5, max-age=0", 5, True, False),
    "/private": ("private, max-age=50", 0, False, False),
    "/never": ("no-store", 0, False, False),
    "/always": ("no-cache", 0, False, False),
    "/silent": ("", 7, False, False),
    "/varies": ("max-age=10", 10, False, True),
}


class Ask(NamedTuple):
    """One request, *wait_s* after the last one; *together* with as many of its like."""

    method: str
    host: str
    user: str
    cookie: str
    value: str
    wait_s: int
    together: int


asks = st.builds(
    Ask,
    st.sampled_from(["GET", "GET", "GET", "GET", "HEAD", "PUT"]),
    st.sampled_from(["a.example", "b.example"]),
    st.sampled_from(["", "", "ann", "bob"]),
    st.sampled_from(["", "", "c=1", "c=2"]),
    st.sampled_from(["1", "2"]),
    st.sampled_from([0, 0, 1, 3, 6, 11]),
    st.integers(1, 3),
)


def answer(site: CacheSite, changes: dict[tuple[str, str], int]):
    """The service: every answer says for whom and when it was made, and what was last changed there."""

    def make(request: Request) -> Response:
        place = request.authority, request.path
        if request.method == "PUT":
            changes[place] = changes.get(place, 0) + 1
        said, _, _, varies = RULES[request.path]
        user = request.identity.user if request.identity is not None else ""
        facts = [
            request.authority, request.path, user, request.headers.get("Cookie", "") or "",
            request.headers.get("X-A", "") or "", str(site.clock.monotonic()), str(changes.get(place, 0)),
        ]  # fmt: skip
        fields = Headers.of([("Cache-Control", said)] * bool(said) + [("Vary", "X-A")] * varies)
        return Response(200, fields, "|".join(facts).encode(), local=False)

    return make


def check(site: CacheSite, wanted: str, ask: Ask, response: Response, changes: dict[tuple[str, str], int]) -> None:
    host, path, user, cookie, value, made_s, change = (response.body.data or b"").decode().split("|")
    _, fresh_s, is_public, varies = RULES[wanted]
    assert (ask.host, wanted) == (host, path)
    if user != ask.user:
        # What was made for one with credentials is for others only if it says so; what was made for nobody is for all.
        assert is_public or not user
    if wanted == "/silent":
        assert cookie == ask.cookie
        assert user == ask.user
    if varies:
        assert value == ask.value
    assert site.clock.monotonic() - float(made_s) <= fresh_s
    assert changes.get((host, path), 0) == int(change)


@settings(max_examples=40, deadline=None)
@pytest.mark.parametrize("path", RULES)
@given(steps=st.lists(asks, min_size=10, max_size=30))
def test_no_answer_is_another_ones_nor_too_old(path, steps):
    """After any requests, each answer is for its host, path, user and fields, fresh, and not older than a change."""

    async def run() -> None:
        changes: dict[tuple[str, str], int] = {}
        site = CacheSite(ttl=7)
        site.origin.answers.append(answer(site, changes))
        for ask in steps:
            site.clock.advance(ask.wait_s)
            fields = {"X_A": ask.value, **({"Cookie": ask.cookie} if ask.cookie else {})}
            identity = Identity(ask.user) if ask.user else None
            requests = [
                site.send(ask.method, path, host=ask.host, identity=identity, **fields) for _ in range(ask.together)
            ]
            for response in await asyncio.gather(*requests):
                if ask.method == "GET":
                    check(site, path, ask, response, changes)
        assert site.calls == site.origin.ended
        assert [asyncio.current_task()] == [*asyncio.all_tasks()]

    asyncio.run(run())
