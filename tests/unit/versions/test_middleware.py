"""``versions`` in a whole gateway, by a clock that the test moves."""

from __future__ import annotations

import pytest

from vizgate import Request, Response
from vizgate.config import ConfigError, load_text
from vizgate.message.headers import Headers
from vizgate.testing import ManualClock, MemoryClient

JUNE, DECEMBER = 1_780_272_000, 1_796_083_200
ROUTES = """
routes:
  - {name: any, match: {path: "/api/v{version}/*"}, service: api}
  - {name: int, match: {path: "/int/v{version:int}/*"}, service: api}
  - {name: whole, match: {path: "/whole/{version}/*"}, service: api}
  - {name: fixed, match: {path: /fixed/v1/*}, service: api}
  - {name: none, match: {path: /none/*}, service: api}
"""
CONFIG = f"""
version: 1
services: {{api: {{targets: [http://127.0.0.1:1]}}}}
versions:
  "1": {{deprecated: 2026-06-01, sunset: 2026-12-01, successor: /api/v2/}}
{ROUTES}
"""
LINK = '</api/v2/>; rel="successor-version"'


async def api(_request: Request) -> Response:
    fields = [("Deprecation", "@1"), ("Sunset", "never"), ("Link", "</x>; rel=next")]
    return Response(200, Headers.of(fields), b"ok")


def client(clock: ManualClock) -> MemoryClient:
    return MemoryClient(CONFIG, services={"api": api}, clock=clock)


@pytest.mark.parametrize("path", ["/api/v1/a", "/int/v1/a", "/int/v01/a", "/whole/1/a", "/whole/v1/a", "/fixed/v1/a"])
async def test_version_lives_is_deprecated_and_goes(path: str) -> None:
    """One gateway through the whole life of a version: nothing is said, then all of it, then 410."""
    clock = ManualClock(wall_s=JUNE - 1)
    async with client(clock) as gateway:
        active = await gateway.get(path)
        assert ("@1", ["</x>; rel=next"]) == (active.headers["Deprecation"], active.headers.get_all("Link"))
        clock.advance(1)
        told = await gateway.get(path)
        assert 200 == told.status
        assert ["@1780272000"] == told.headers.get_all("Deprecation")
        assert ["Tue, 01 Dec 2026 00:00:00 GMT"] == told.headers.get_all("Sunset")
        assert ["</x>; rel=next", LINK] == told.headers.get_all("Link")
        clock.advance(DECEMBER - JUNE)
        gone = await gateway.get(path)
        assert (410, "version 1 of this API is gone") == (gone.status, gone.json()["detail"])
        assert [LINK] == gone.headers.get_all("Link")
        assert "Tue, 01 Dec 2026 00:00:00 GMT" == gone.headers["Sunset"]
        assert ["", "api", "api"] == sorted(record.service for record in gateway.records)


@pytest.mark.parametrize("path", ["/api/v2/a", "/api/v01/a", "/api/vx/a", "/int/v10/a", "/whole/vv1/a", "/none/v1"])
async def test_other_version_goes_to_the_route_as_ever(path: str) -> None:
    """What ``versions`` does not know is not its business."""
    async with client(ManualClock(wall_s=DECEMBER)) as gateway:
        response = await gateway.get(path)
        assert (200, ["@1"]) == (response.status, response.headers.get_all("Deprecation"))


async def test_clock_that_is_set_back_brings_a_version_back() -> None:
    """The answer depends on the time of the request alone."""
    clock = ManualClock(wall_s=DECEMBER)
    async with client(clock) as gateway:
        assert 410 == (await gateway.get("/api/v1/a")).status
        clock.set_wall(JUNE - 1)
        assert 200 == (await gateway.get("/api/v1/a")).status


async def test_requests_for_versions_that_end_are_counted() -> None:
    """Who still uses it is what an operator asks before the day comes."""
    clock = ManualClock(wall_s=JUNE)
    async with client(clock) as gateway:
        for path in ("/api/v1/a", "/api/v1/b", "/api/v2/a", "/fixed/v1/a"):
            await gateway.get(path)
        text = gateway.gateway.state.metrics.exposition()[1].decode()
    name = "vizgate_deprecated_version_requests_total"
    assert f'{name}{{route="any",version="1"}} 2' in text.replace(".0", "")
    assert f'{name}{{route="fixed",version="1"}} 1' in text.replace(".0", "")


def one_fixed_route(name: str) -> str:
    return f"""
version: 1
services: {{api: {{builtin: echo}}}}
versions: {{"{name}": {{sunset: 2026-12-01}}}}
routes:
  - {{name: one, match: {{path: /api/v1/*}}, service: api}}
"""


def test_version_that_no_route_is_for_is_refused() -> None:
    """It would never be told of."""
    load_text(one_fixed_route("1"))
    for name in ("2", "01", "v1"):
        with pytest.raises(ConfigError, match=r"c\.yaml:4:1\d versions.*no route is for this version"):
            load_text(one_fixed_route(name), "c.yaml")
