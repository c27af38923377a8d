"""``use: status_map`` and ``use: error_pages``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from vizgate.message.headers import Headers
from vizgate.pipeline.replies import problem
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.transform.answers.config import ErrorPagesConfig, StatusMapConfig
from vizgate.transform.answers.error_pages import ErrorPages, is_program
from vizgate.transform.answers.status_map import StatusMap, by_status


async def through(layer: Any, response: Response, *fields: tuple[str, str], id: str = "r-1") -> Response:  # noqa: A002
    async def service(_request: Request) -> Response:
        return response

    return await layer(Request("GET", b"/", Headers.of(fields), id=id), service)


def status_map(**entries: int) -> StatusMap:
    return StatusMap(
        StatusMapConfig.model_validate({"map": {key.lstrip("_"): value for key, value in entries.items()}})
    )


def pages(upstream: bool = False, **entries: Any) -> ErrorPages:
    parts = {key.lstrip("_"): value for key, value in entries.items()}
    return ErrorPages(ErrorPagesConfig.model_validate({"pages": parts, "upstream": upstream}))


def test_status_goes_before_its_class() -> None:
    """The more specific key decides, whatever the order."""
    found = by_status({"5xx": "class", "503": "own"})
    assert ("class", "own", None) == (found[500], found[503], found.get(404))


@pytest.mark.parametrize(("status", "told"), [(404, 410), (500, 502), (503, 200), (200, 200), (206, 206), (304, 304)])
async def test_status_map_changes_what_the_service_said(status: int, told: int) -> None:
    """Statuses that speak of content stay, whatever their class."""
    layer = status_map(_404=410, _5xx=502, _503=200, _2xx=200, _3xx=200)
    got = await through(layer, Response(status, local=False, reason=b"Custom"))
    assert told == got.status
    assert got.reason == (b"Custom" if status in {206, 304} else b"")


async def test_status_map_leaves_the_gateways_own_answers() -> None:
    """A 502 of the gateway is no answer of the service."""
    assert 502 == (await through(status_map(_5xx=200), problem(502))).status


@pytest.mark.parametrize(
    "entries", [{}, {"_600": 200}, {"_6xx": 200}, {"_404": 204}, {"_404": 304}, {"_404": 199}, {"_1xx": 200}]
)
def test_status_map_config_refuses(entries: dict[str, int]) -> None:
    """No status that a client would take for something about the content."""
    with pytest.raises(ValidationError):
        status_map(**entries)


async def test_error_page_replaces_the_problem_and_keeps_the_rest() -> None:
    """The content is the page; what the refusal says in fields stays."""
    fields = [(b"WWW-Authenticate", b"Bearer"), (b"Retry-After", b"3")]
    got = await through(pages(_4xx={"text": "sorry: {status}, {request.id}"}), problem(401, "no", "r-1", fields))
    assert (401, b"sorry: 401, r-1") == (got.status, got.body.data)
    assert [
        ("WWW-Authenticate", "Bearer"),
        ("Retry-After", "3"),
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Vary", "Accept"),
    ] == got.headers.items()  # fmt: skip


async def test_error_page_from_a_file(tmp_path: Path) -> None:
    """The type is that of the name; markup in an id stays text."""
    (tmp_path / "404.html").write_text("<p>{request.id}</p><style>a{color:red}</style>")
    layer = pages(_404={"file": tmp_path / "404.html"})
    (tmp_path / "404.html").unlink()
    got = await through(layer, problem(404), id="<b>")
    assert b"<p>&lt;b&gt;</p><style>a{color:red}</style>" == got.body.data
    assert "text/html; charset=utf-8" == got.headers["Content-Type"]


async def test_error_page_in_json() -> None:
    """A document of one's own; quotes in an id cannot end a text."""
    layer = pages(_5xx={"json": {"id": "{request.id}"}})
    got = await through(layer, problem(500), id='a"b')
    assert b'{"id":"a\\"b"}' == got.body.data


@pytest.mark.parametrize(
    ("accept", "gets_problem"),
    [
        ("application/json", True),
        ("application/problem+json, */*", True),
        ("text/html, application/json;q=0.9", True),
        ("text/html", False),
        ("*/*", False),
        ("text/html, application/json;q=0", False),
        ("application/jsonp", False),
        ("application/json;q=0.0, text/html", False),
        ("application/json;q=0.01", True),
    ],
)
async def test_programs_keep_the_problem(accept: str, gets_problem: bool) -> None:
    """Whoever asks for JSON by name is no browser; everybody is told that the answer depends on it."""
    got = await through(pages(_404={"text": "page"}), problem(404), ("Accept", accept))
    assert gets_problem == (got.headers["Content-Type"] == "application/problem+json")
    assert "Accept" == got.headers["Vary"]
    assert gets_problem == is_program(Headers.of([("Accept", accept)]))


async def test_errors_of_services_get_the_page_only_if_asked() -> None:
    """By default a service's error page is its own business."""
    fields = [("Content-Type", "text/html"), ("Content-Encoding", "gzip"), ("ETag", '"1"'), ("X-A", "1")]

    def answer() -> Response:
        return Response(500, Headers.of(fields), b"theirs", local=False)

    assert b"theirs" == (await through(pages(_5xx={"text": "ours"}), answer())).body.data
    got = await through(pages(upstream=True, _5xx={"text": "ours"}), answer())
    assert b"ours" == got.body.data
    assert ["X-A", "Content-Type", "Vary"] == list(got.headers)


async def test_other_statuses_stay() -> None:
    """Without a page for it, an answer is untouched."""
    response = problem(404)
    got = await through(pages(_5xx={"text": "x"}), response)
    assert "Vary" not in got.headers


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({}, "at least 1"),
        ({"_200": {"text": "x"}}, "is no error"),
        ({"_404": {}}, "exactly one of"),
        ({"_404": {"text": "x", "json": 1}}, "exactly one of"),
        ({"_404": {"file": "nowhere.html"}}, "cannot read"),
        ({"_404": {"text": "x", "type": "html"}}, "not a media type"),
    ],
)
def test_error_pages_config_refuses(entries: dict[str, Any], message: str) -> None:
    """What cannot work is told when it is loaded."""
    with pytest.raises(ValidationError, match=message):
        pages(**entries)


def test_error_pages_refuse_a_huge_file(tmp_path: Path) -> None:
    """A page is held in memory, so it has a bound."""
    (tmp_path / "big.html").write_bytes(b"x" * (1024 * 1024 + 1))
    with pytest.raises(ValidationError, match="over 1MiB"):
        pages(_404={"file": tmp_path / "big.html"})
