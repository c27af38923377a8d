"""``cors`` of a route, in a whole gateway: who answers a preflight, and what every other answer carries."""

from __future__ import annotations

from typing import Any

import pytest

from vizgate import Request, Response
from vizgate.message.headers import Headers
from vizgate.testing import MemoryClient

APP = "https://app.example.com"
CONFIG = """
version: 1
services:
  users: {targets: [http://127.0.0.1:1]}
routes:
  - name: user
    match: {path: "/users/{id:int}", methods: [GET, PUT]}
    service: users
    cors: {origins: ["https://app.example.com"], methods: [GET, PUT], credentials: true, max_age: 10m}
  - {name: remove, match: {path: "/users/{id:int}", methods: [DELETE]}, service: users}
  - {name: open, match: {path: /open}, service: users, cors: {origins: ["*"]}}
  - {name: fixed, match: {path: /fixed}, respond: {text: a}, cors: {origins: ["https://app.example.com"]}}
  - {name: rest, match: {path: /*}, service: users}
"""


class Users:
    """A service that remembers what it was asked."""

    def __init__(self, answer: Response | None = None) -> None:
        self.seen: list[tuple[str, str]] = []
        self.answer = answer

    async def __call__(self, request: Request) -> Response:
        self.seen.append((request.method, request.path))
        return self.answer or Response.text(200, "ok")


def client(users: Users) -> MemoryClient:
    return MemoryClient(CONFIG, services={"users": users})


def preflight(method: str, origin: str = APP, **more: str) -> dict[str, str]:
    return {"Origin": origin, "Access-Control-Request-Method": method, **more}


def cors_fields(headers: Headers) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.startswith("access-control-")}


@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD"])
async def test_preflight_is_answered_by_the_route_of_its_request(method: str) -> None:
    """A route that takes no OPTIONS answers for the methods that it takes; the service is not asked."""
    users = Users()
    async with client(users) as gateway:
        response = await gateway.request("OPTIONS", "/users/7", headers=preflight(method))
        assert (204, b"") == (response.status, response.body)
        assert {
            "access-control-allow-origin": APP,
            "access-control-allow-credentials": "true",
            "access-control-allow-methods": "GET, PUT, HEAD",
            "access-control-allow-headers": "Accept, Accept-Language, Content-Language, Content-Type",
            "access-control-max-age": "600",
        } == cors_fields(response.headers)
        vary = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"
        assert [vary] == response.headers.get_all("Vary")
        assert ["user"] == [record.route for record in gateway.records]
    assert [] == users.seen


@pytest.mark.parametrize(
    "asked",
    [
        preflight("PUT", "https://evil.example"),
        preflight("PUT", "null"),
        preflight("PUT", **{"Access-Control-Request-Headers": "x-evil"}),
        {"Origin": APP, "Access-Control-Request-Method": "PUT", "origin": "https://evil.example"},
    ],
)
async def test_preflight_that_is_not_granted_gets_no_field(asked: dict[str, str]) -> None:
    """403, which a browser takes for no, and nothing that it could take for yes."""
    users = Users()
    async with client(users) as gateway:
        response = await gateway.request("OPTIONS", "/users/7", headers=asked)
        assert (403, {}) == (response.status, cors_fields(response.headers))
        assert "Origin" in response.headers["Vary"]
    assert [] == users.seen


async def test_preflight_of_a_route_without_cors_is_no_preflight() -> None:
    """What another route of the path allows does not count: the request is an OPTIONS request like any other."""
    users = Users(Response(204, Headers.of([("Access-Control-Allow-Origin", "*")])))
    async with client(users) as gateway:
        response = await gateway.request("OPTIONS", "/users/7", headers=preflight("DELETE"))
        assert 204 == response.status
        assert ["rest"] == [record.route for record in gateway.records]
        assert "*" == response.headers["Access-Control-Allow-Origin"]
    assert [("OPTIONS", "/users/7")] == users.seen


@pytest.mark.parametrize(
    "headers", [{}, {"Origin": APP}, {"Access-Control-Request-Method": "PUT"}, preflight("a b"), preflight("X" * 99)]
)
async def test_other_options_request_goes_on(headers: dict[str, str]) -> None:
    """Without both fields, or with a method that is none, it asks for nothing."""
    users = Users()
    async with client(users) as gateway:
        await gateway.request("OPTIONS", "/users/7", headers=headers)
        assert ["rest"] == [record.route for record in gateway.records]


async def test_preflight_of_options_itself_is_answered() -> None:
    """A page may send OPTIONS; whether it may is asked like anything else."""
    users = Users()
    async with client(users) as gateway:
        response = await gateway.request("OPTIONS", "/open", headers=preflight("OPTIONS"))
        assert 403 == response.status
    assert [] == users.seen


async def test_answer_names_the_origin_and_varies() -> None:
    """A page of a listed origin may read; what the service says about CORS is replaced, what it varies on is kept."""
    answer = Response(
        200,
        Headers.of(
            [
                ("Access-Control-Allow-Origin", "*"),
                ("access-control-allow-headers", "x"),
                ("Vary", "Accept-Encoding"),
                ("X-A", "1"),
            ]
        ),
    )
    async with client(Users(answer)) as gateway:
        response = await gateway.get("/users/7", headers={"Origin": APP})
        assert {
            "access-control-allow-origin": APP,
            "access-control-allow-credentials": "true",
        } == cors_fields(response.headers)
        assert ["Accept-Encoding, Origin"] == response.headers.get_all("Vary")
        assert "1" == response.headers["X-A"]


@pytest.mark.parametrize("headers", [{}, {"Origin": "https://evil.example"}, {"Origin": "null"}])
async def test_request_of_another_origin_goes_on_without_fields(headers: dict[str, str]) -> None:
    """As the standard has it: a refused origin is no refused request. The answer varies all the same."""
    users = Users(Response(200, Headers.of([("Access-Control-Allow-Origin", "*")])))
    async with client(users) as gateway:
        response = await gateway.get("/users/7", headers=headers)
        assert (200, {}) == (response.status, cors_fields(response.headers))
        assert "Origin" == response.headers["Vary"]
    assert [("GET", "/users/7")] == users.seen


async def test_star_is_answered_with_a_star() -> None:
    """An open route is open to ``null``, too; never with credentials."""
    async with client(Users()) as gateway:
        response = await gateway.get("/open", headers={"Origin": "null"})
        assert {"access-control-allow-origin": "*"} == cors_fields(response.headers)
        assert "Origin" == response.headers["Vary"]


async def test_failure_of_the_service_carries_the_fields() -> None:
    """A page is told of a 502 as of any answer, or it could not tell it from a refusal."""
    async with MemoryClient(CONFIG) as gateway:  # nothing listens at the service's target
        response = await gateway.get("/users/7", headers={"Origin": APP})
        assert (502, APP) == (response.status, response.headers["Access-Control-Allow-Origin"])


async def test_fixed_answer_has_fields_of_its_own() -> None:
    """An answer that is made once does not collect the fields of all who asked."""
    async with client(Users()) as gateway:
        for origin, expected in ((APP, APP), ("https://evil.example", None), (APP, APP)):
            response = await gateway.get("/fixed", headers={"Origin": origin})
            assert [expected] * (expected is not None) == response.headers.get_all("Access-Control-Allow-Origin")
            assert ["Origin"] == response.headers.get_all("Vary")


REFUSING = """
version: 1
services: {echo: {builtin: echo}}
versions: {"1": {deprecated: 2000-01-01, sunset: 2000-02-01, successor: /api/v2/}}
routes:
  - name: api
    match: {path: "/api/v{version}/*", methods: [POST]}
    service: echo
    cors: {origins: ["https://app.example.com"]}
    middleware:
      - {use: ip_filter, deny: [192.0.2.0/24]}
      - {use: security_headers}
      - {use: content_types, allow: [application/json]}
"""


async def test_preflight_meets_what_stands_outside_alone() -> None:
    """An address that is kept out is kept out of preflights; content, identity and version are not asked for."""
    async with MemoryClient(REFUSING) as gateway:
        response = await gateway.request("OPTIONS", "/api/v1/a", headers=preflight("POST"))
        assert (204, "nosniff") == (response.status, response.headers["X-Content-Type-Options"])
    async with MemoryClient(REFUSING, client="192.0.2.1") as gateway:
        response = await gateway.request("OPTIONS", "/api/v1/a", headers=preflight("POST"))
        assert (403, {}) == (response.status, cors_fields(response.headers))


@pytest.mark.parametrize(("path", "status"), [("/api/v1/a", 410), ("/api/v2/a", 415)])
async def test_refusal_inside_carries_the_fields(path: str, status: int) -> None:
    """Whatever is refused inside of cors, the page may read why."""
    async with MemoryClient(REFUSING) as gateway:
        response = await gateway.request("POST", path, headers={"Origin": APP}, body=b"x")
        assert (status, APP) == (response.status, response.headers["Access-Control-Allow-Origin"])


async def test_none_takes_the_place_of_a_rule() -> None:
    """``cors: none`` is no cors."""
    text: Any = CONFIG.replace("cors: {origins: ['*']}", "cors: none").replace('cors: {origins: ["*"]}', "cors: none")
    async with MemoryClient(text, services={"users": Users()}) as gateway:
        response = await gateway.get("/open", headers={"Origin": APP})
        assert ({}, False) == (cors_fields(response.headers), "Vary" in response.headers)
