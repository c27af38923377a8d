"""``use: csrf`` on a route."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from vizgate.access.csrf.config import CsrfConfig
from vizgate.access.csrf.middleware import Csrf, read_cookies
from vizgate.message.headers import Headers
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.testing import MemoryClient

SECRET = "s" * 32
CONFIG = """
version: 1
services: {echo: {builtin: echo}}
routes:
  - name: plain
    match: {path: /plain}
    service: echo
    middleware: [{use: csrf, cookies: [sid, remember], origins: ["https://app.example.com"]}]
  - name: token
    match: {path: /token}
    service: echo
    middleware: [{use: csrf, cookies: [sid], token: {secret: %s, cookie: csrf}}]
""" % (SECRET,)  # noqa: UP031  # the braces of YAML
HOST = "https://api.example.com"
OWN = {"Origin": HOST, "Cookie": "a=b; sid=1"}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "https://evil.example"}, 200),
        ({"Cookie": "other=1; xsid=2", "Origin": "https://evil.example"}, 200),
        ({"Cookie": "sid=1"}, 403),
        ({"Cookie": "sid=1", "Origin": "https://evil.example"}, 403),
        ({"Cookie": "x=1;remember=2", "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Cookie": "sid=", "Origin": "null"}, 403),
        ({"Cookie": "sid=1", "Origin": HOST}, 200),
        ({"Cookie": "sid=1", "Origin": "https://app.example.com"}, 200),
        ({"Cookie": "sid=1", "Sec-Fetch-Site": "same-origin"}, 200),
    ],
)
async def test_unsafe_request_with_a_login_must_come_from_a_page_that_may(
    method: str, headers: dict[str, str], status: int
) -> None:
    """Without a login cookie there is nothing to abuse, and nothing is asked."""
    async with MemoryClient(CONFIG) as gateway:
        response = await gateway.request(method, f"{HOST}/plain", headers=headers)
        assert status == response.status


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
async def test_safe_request_passes(method: str) -> None:
    """It changes nothing, whoever sends it."""
    async with MemoryClient(CONFIG) as gateway:
        headers = {"Cookie": "sid=1", "Sec-Fetch-Site": "cross-site"}
        response = await gateway.request(method, f"{HOST}/plain", headers=headers)
        assert (200, False) == (response.status, "Set-Cookie" in response.headers)


async def seen_by_csrf(settings: dict[str, Any], **request: Any) -> int:
    layer = Csrf(CsrfConfig.model_validate(settings))

    async def service(_request: Request) -> Response:
        return Response(200)

    headers = Headers.of(request.pop("headers").items())
    return (
        await layer(Request("GET", b"/", headers, scheme="https", authority="a.example", **request), service)
    ).status


@pytest.mark.parametrize(("origin", "status"), [("https://evil.example", 403), ("https://a.example", 200)])
async def test_websocket_must_come_from_a_page_that_may(origin: str, status: int) -> None:
    """Whoever opens one can send on it with the user's login; a token cannot be asked for, a page adds no fields."""
    for more in ({}, {"token": {"secret": SECRET}}):
        headers = {"Cookie": "sid=1", "Origin": origin}
        assert status == await seen_by_csrf({"cookies": ["sid"], **more}, headers=headers, upgrade=b"websocket")


def set_cookie(value: str) -> tuple[str, list[str]]:
    name, *attributes = value.split("; ")
    return name.partition("=")[2], attributes


async def test_token_is_set_and_asked_for() -> None:
    """A safe request of a session brings the token; an unsafe one must repeat it, and then it is not set again."""
    async with MemoryClient(CONFIG) as gateway:
        first = await gateway.get(f"{HOST}/token", headers={"Cookie": "sid=1"})
        token, attributes = set_cookie(first.headers["Set-Cookie"])
        assert ["Path=/", "SameSite=Lax", "Secure"] == attributes
        cookies = {**OWN, "Cookie": f"sid=1; csrf={token}"}
        for headers, status in (
            ({**cookies, "X-CSRF-Token": token}, 200),
            (cookies, 403),
            ({**cookies, "X-CSRF-Token": token[:-1] + "g"}, 403),
            ({**OWN, "X-CSRF-Token": token}, 403),
            ({**OWN, "Cookie": f"sid=2; csrf={token}", "X-CSRF-Token": token}, 403),
            ({**OWN, "Cookie": f"sid=1; csrf={token}; csrf={token}", "X-CSRF-Token": token}, 403),
            ({**cookies, "X-CSRF-Token": token, "Origin": "https://evil.example"}, 403),
        ):
            response = await gateway.post(f"{HOST}/token", headers=headers)
            assert status == response.status, headers
        again = await gateway.get(f"{HOST}/token", headers={"Cookie": f"sid=1; csrf={token}"})
        assert "Set-Cookie" not in again.headers


async def test_token_of_another_session_is_replaced() -> None:
    """After a new login the old token is not good any more: the next answer, a refusal too, brings a new one."""
    async with MemoryClient(CONFIG) as gateway:
        first = await gateway.get(f"{HOST}/token", headers={"Cookie": "sid=1"})
        old, _ = set_cookie(first.headers["Set-Cookie"])
        refused = await gateway.post(f"{HOST}/token", headers={**OWN, "Cookie": f"sid=2; csrf={old}"})
        new, _ = set_cookie(refused.headers["Set-Cookie"])
        assert (403, "the field X-CSRF-Token must repeat the cookie csrf") == (refused.status, refused.json()["detail"])
        good = {**OWN, "Cookie": f"sid=2; csrf={new}", "X-CSRF-Token": new}
        assert 200 == (await gateway.post(f"{HOST}/token", headers=good)).status


async def test_token_is_not_in_an_answer_for_many() -> None:
    """A cookie in an answer that others are given, too, would be one of another session."""
    layer = Csrf(CsrfConfig.model_validate({"cookies": ["sid"], "token": {"secret": SECRET, "cookie": "csrf"}}))

    async def forward(request: Request) -> Response:
        return Response(200)

    for is_shared in (False, True):
        request = Request("GET", b"/", Headers([(b"Cookie", b"sid=1")]))
        request.is_shared = is_shared
        assert is_shared != ("Set-Cookie" in (await layer(request, forward)).headers)


async def test_token_is_nothing_to_strangers() -> None:
    """Who has no session gets none; a page of another site is not even given one."""
    async with MemoryClient(CONFIG) as gateway:
        assert "Set-Cookie" not in (await gateway.get(f"{HOST}/token")).headers
        foreign = await gateway.post(f"{HOST}/token", headers={**OWN, "Origin": "https://evil.example"})
        assert (403, False) == (foreign.status, "Set-Cookie" in foreign.headers)


async def test_token_cookie_says_secure_where_it_must() -> None:
    """Over plain http only a name with a prefix asks for it."""
    async with MemoryClient(CONFIG) as gateway:
        response = await gateway.get("http://api.example.com/token", headers={"Cookie": "sid=1"})
        assert "Secure" not in response.headers["Set-Cookie"]
    async with MemoryClient(CONFIG.replace(", cookie: csrf", "")) as gateway:
        response = await gateway.get("http://api.example.com/token", headers={"Cookie": "sid=1"})
        assert response.headers["Set-Cookie"].startswith("__Host-csrf=")
        assert "Secure" in response.headers["Set-Cookie"]


def test_cookies_that_come_twice_equal_neither() -> None:
    """Of two cookies with one name nobody can tell which the service takes."""
    found = read_cookies(Headers.of([("Cookie", "a=1; b=x=y; c; a=2"), ("cookie", " d=4")]).raw)
    assert {b"a": b"1; 2", b"b": b"x=y", b"d": b"4"} == found


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"cookies": []}, "at least 1 item"),
        ({"cookies": ["a b"]}, "is not the name of a cookie"),
        ({"cookies": ["a"], "origins": ["null"]}, "every page can have the origin null"),
        ({"cookies": ["a"], "origins": ["*"]}, "is not an origin"),
        ({"cookies": ["a"], "token": {"secret": "shortsecret"}}, "is too short to sign with"),
    ],
)
def test_config_what_protects_nothing_is_refused(settings: dict[str, Any], words: str) -> None:
    """And a secret is never told."""
    with pytest.raises(ValidationError, match=words) as caught:
        CsrfConfig.model_validate(settings)
    assert "shortsecret" not in str(caught.value)
