"""``use: headers`` at work."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vizgate.message.headers import Headers
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.transform.config import HeadersConfig, RequestFieldChanges
from vizgate.transform.fields import compile_changes
from vizgate.transform.middleware import HeadersMiddleware

_names = st.sampled_from([b"X-A", b"x-a", b"X_A", b"X-B", b"Set-Cookie", b"Accept"])
_fields = st.lists(st.tuples(_names, st.binary(max_size=4)), max_size=8)


async def _exchange(
    config: dict[str, Any], sent: list[tuple[str, str]], answered: list[tuple[str, str]]
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """The fields that the service sees and those that the client sees."""
    seen: list[tuple[str, str]] = []

    async def service(request: Request) -> Response:
        seen.extend(request.headers.items())
        return Response(200, Headers.of(answered))

    layer = HeadersMiddleware(HeadersConfig.model_validate(config))
    response = await layer(Request("GET", b"/", Headers.of(sent)), service)
    return seen, response.headers.items()


async def test_headers_sample_of_reference_changes_both_sides() -> None:
    """The sample of the reference: one field set and one removed on the way in, one set on the way out."""
    seen, got = await _exchange(
        {
            "request": {"set": {"X-Gateway": "vizgate"}, "remove": ["X-Debug"]},
            "response": {"set": {"X-Frame-Options": "DENY"}},
        },
        [("Accept", "*/*"), ("x-debug", "1"), ("X-Gateway", "forged")],
        [("x-frame-options", "SAMEORIGIN"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")],
    )
    assert seen == [("Accept", "*/*"), ("X-Gateway", "vizgate")]
    assert got == [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("X-Frame-Options", "DENY")]


async def test_headers_order_is_remove_set_add() -> None:
    """``add`` appends to what ``set`` and ``remove`` left, one line for each value."""
    seen, got = await _exchange(
        {
            "request": {"set": {"X-A": ["1", "2"]}, "add": {"X-A": "3", "X-B": "4"}, "remove": ["X-C"]},
            "response": {"add": {"Set-Cookie": ["a=1", "b=2"]}},
        },
        [("X-A", "0"), ("X-B", "0"), ("X-C", "0")],
        [("Set-Cookie", "z=0")],
    )
    assert seen == [("X-B", "0"), ("X-A", "1"), ("X-A", "2"), ("X-A", "3"), ("X-B", "4")]
    assert got == [("Set-Cookie", "z=0"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]


@pytest.mark.parametrize("twin", ["X-Auth-User", "x-auth-user", "X_Auth_User", "x_auth-user"])
@pytest.mark.parametrize("changes", [{"set": {"X-Auth-User": "acme"}}, {"remove": ["X-Auth-User"]}])
async def test_headers_client_twin_goes_with_the_field(twin: str, changes: dict[str, Any]) -> None:
    """A client cannot keep a field by another spelling that a CGI-like server reads as the same."""
    seen, _ = await _exchange({"request": changes}, [(twin, "root")], [])
    assert ("root") not in [value for _, value in seen]


async def test_headers_one_side_leaves_the_other_alone() -> None:
    """Changes to the response do not touch the request."""
    sent = [("X-A", "1"), ("x-a", "2")]
    seen, got = await _exchange({"response": {"remove": ["X-A"]}}, sent, sent)
    assert seen == sent
    assert got == []


@given(_fields)
def test_apply_any_fields_keeps_the_others_in_order(raw: list[tuple[bytes, bytes]]) -> None:
    """Fields that are not named stay as they are, in their order, and applying twice is applying once."""
    plan = compile_changes(RequestFieldChanges(set={"X-A": "new"}, remove=("X-B",)))
    assert plan is not None
    fields = list(raw)
    plan.apply(fields)
    kept = [field for field in raw if field[0] in {b"Set-Cookie", b"Accept"}]
    assert fields == [*kept, (b"X-A", b"new")]
    plan.apply(fields)
    assert fields == [*kept, (b"X-A", b"new")]


def test_compile_changes_nothing_is_no_plan() -> None:
    """No changes cost nothing."""
    assert compile_changes(RequestFieldChanges()) is None
