"""The rules of ``AdminGuard``: whom the admin API answers."""

from __future__ import annotations

import pytest

from vizgate.gateway.admin.guard import AdminGuard, host_of, is_loopback
from vizgate.message.headers import Headers
from vizgate.pipeline.request import Request


def asked(authority: str = "127.0.0.1:9900", **fields: str) -> Request:
    headers = Headers.of((name.replace("_", "-"), value) for name, value in fields.items())
    return Request("POST", b"/services", headers, authority=authority)


@pytest.mark.parametrize(
    "authority", ["127.0.0.1:9900", "localhost:9900", "LOCALHOST", "[::1]:9900", "[::1]", "127.0.0.5:1"]
)
def test_program_of_this_machine_is_answered(authority: str) -> None:
    """Under any name and port that lead here for sure: a tunnel may have another port."""
    assert "" == AdminGuard("127.0.0.1").refusal(asked(authority))


@pytest.mark.parametrize(
    "authority", ["evil.example:9900", "evil.example", "10.0.0.1:9900", "", "localhost.evil.example", "127.0.0.1.evil"]
)
def test_other_host_is_refused(authority: str) -> None:
    """A name that was made to lead here is not ours (DNS rebinding)."""
    assert "loopback" in AdminGuard("127.0.0.1").refusal(asked(authority))


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:9900", ""])
def test_page_of_a_browser_is_refused(origin: str) -> None:
    """Whatever its origin: browsers send Origin with every POST."""
    assert "browser" in AdminGuard("127.0.0.1").refusal(asked(Origin=origin))


@pytest.mark.parametrize(("site", "is_refused"), [("cross-site", True), ("same-site", True), ("none", False)])
def test_request_that_another_site_made_is_refused(site: str, is_refused: bool) -> None:
    """An image of another site has no Origin, and is told by Fetch Metadata."""
    assert is_refused == bool(AdminGuard("127.0.0.1").refusal(asked(Sec_Fetch_Site=site)))


def test_request_that_came_through_a_proxy_is_refused() -> None:
    """The gateway's own Via is the last; one before it is that of another."""
    for fields, is_refused in (([("Via", "1.1 vizgate")], False), ([("Via", "1.1 a"), ("Via", "1.1 vizgate")], True)):
        request = Request("GET", b"/services", Headers.of(fields), authority="localhost")
        assert is_refused == ("proxy" in AdminGuard("127.0.0.1").refusal(request))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "admin.internal"])
def test_listener_that_others_can_reach_has_no_api(host: str) -> None:
    """As long as there is no token."""
    assert "needs a token" in AdminGuard(host).refusal(asked())
    assert "" == AdminGuard(host, has_tokens=True).refusal(asked("admin.example:9900"))


def test_page_of_the_own_origin_may_ask_with_a_token() -> None:
    """A page of another origin may not, whatever it calls itself."""
    guard = AdminGuard("0.0.0.0", has_tokens=True)
    assert "" == guard.refusal(asked("gw.example:9900", Origin="http://gw.example:9900", Sec_Fetch_Site="same-origin"))
    for origin in ("http://evil.example", "null", "http://gw.example", "https://gw.example:9900", ""):
        assert "other origins" in guard.refusal(asked("gw.example:9900", Origin=origin))
    assert "browser" in guard.refusal(asked("gw.example:9900", Sec_Fetch_Site="same-site"))
    twice = Request("GET", b"/", Headers.of([("Origin", "http://h")] * 2), authority="h")
    assert "other origins" in guard.refusal(twice)


def test_host_is_read_without_port_and_brackets() -> None:
    """Each form that an authority has."""
    assert ["a", "a", "::1", "::1"] == [host_of(text) for text in ("a", "a:1", "[::1]", "[::1]:1")]
    assert [True, True, True, False] == [is_loopback(host) for host in ("localhost", "127.9.9.9", "::1", "example")]
