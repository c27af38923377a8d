"""The rules of ``Request``."""

from __future__ import annotations

from vizgate.message.headers import Headers
from vizgate.message.template import FieldTemplate
from vizgate.pipeline.request import Request


def test_target_parts_are_what_came() -> None:
    """Path and query are undecoded; the query is parsed when asked for, blank values kept."""
    request = Request("GET", b"/a%20b?c=%20d&e&c=2?")
    assert (request.path, request.query_string) == ("/a%20b", "c=%20d&e&c=2?")
    assert request.query == [("c", " d"), ("e", ""), ("c", "2?")]
    assert (Request("GET", b"/a").query_string, Request("GET", b"/a").query) == ("", [])


def test_headers_of_templates_are_made_when_asked_for() -> None:
    """Fields come from the shared templates; a change is this request's alone and is what is forwarded."""
    template, own = FieldTemplate([(b"A", b"1")]), FieldTemplate([(b"Via", b"x")])
    request, other = Request("GET", b"/", template=template, own=own), Request("GET", b"/", template=template, own=own)
    assert request.field_lines() == b"A: 1\r\nVia: x\r\n"
    request.headers["A"] = "2"
    assert request.field_lines() == b"Via: x\r\nA: 2\r\n"
    assert request.headers is request.headers
    assert (other.field_lines(), template.lines) == (b"A: 1\r\nVia: x\r\n", b"A: 1\r\n")


def test_headers_given_are_used() -> None:
    """Who makes a request gives its fields as they are."""
    assert Request("GET", b"/", Headers([(b"A", b"1")])).field_lines() == b"A: 1\r\n"


def test_state_is_one_place_per_request() -> None:
    """What middleware leaves is found again by the same request only."""
    first, second = Request("GET", b"/"), Request("GET", b"/")
    first.state["a"] = 1
    assert (first.state, second.state) == ({"a": 1}, {})
    first.outcome.attempts += 1
    assert second.outcome.attempts == 0


def test_limit_deadline_keeps_the_earliest() -> None:
    """Of several deadlines the earliest counts; 0 is none."""
    request = Request("GET", b"/")
    seen = []
    for deadline_s in (10.0, 20.0, 5.0):
        request.limit_deadline(deadline_s)
        seen.append(request.deadline_s)
    assert seen == [10.0, 10.0, 5.0]


def test_callbacks_are_taken_once_last_first() -> None:
    """What a request has to run at its end runs once, the last added first."""
    request, ran = Request("GET", b"/"), []
    assert (request.has_callbacks, request.take_callbacks()) == (False, [])
    request.on_complete(lambda: ran.append(1))
    request.on_complete(lambda: ran.append(2))
    assert request.has_callbacks
    for callback in request.take_callbacks():
        callback()
    assert (ran, request.take_callbacks(), request.has_callbacks) == ([2, 1], [], False)


def test_callback_may_be_forgotten_once() -> None:
    """Whoever gives back early what was to be given back at the end learns whether that is still to be done."""
    request, ran = Request("GET", b"/"), list[int]()

    def give_back() -> None:
        ran.append(1)

    assert not request.forget_callback(give_back)
    request.on_complete(give_back)
    request.on_complete(give_back)
    assert (True, True) == (request.forget_callback(give_back), request.has_callbacks)
    assert request.forget_callback(give_back)
    assert not request.has_callbacks
    request.on_complete(give_back)
    assert (True, [give_back]) == (request.has_callbacks, request.take_callbacks())
    assert (False, False) == (request.forget_callback(give_back), request.has_callbacks)


def test_callback_after_the_last_was_forgotten_runs() -> None:
    """A request whose only callback was taken back tells the next one of its end as well."""
    request = Request("GET", b"/")
    request.on_complete(list)
    assert (True, False) == (request.forget_callback(list), request.has_callbacks)
    request.on_complete(dict)
    assert (True, [dict]) == (request.has_callbacks, request.take_callbacks())


def test_repr_shows_route() -> None:
    """A request shows what it asks for and where it goes, without its query: that may hold secrets."""
    request = Request("GET", b"/a?token=x")
    assert repr(request) == "<Request GET /a [unrouted]>"
    request.route = "user"
    assert repr(request) == "<Request GET /a [user]>"
