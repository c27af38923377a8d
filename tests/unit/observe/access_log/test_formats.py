"""Tests of the lines themselves."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vizgate.errors import Termination
from vizgate.observe.access_log import CombinedFormat, JsonFormat, formats
from vizgate.observe.access_log.formats import FIELD_LIMIT, text_of
from vizgate.observe.exchange import ExchangeRecord

_COMBINED = re.compile(
    r'(?P<client>\S+) - (?P<user>\S+) \[(?P<time>[^\]]+)\] "(?P<request>(?:[^"\\]|\\.)*)"'
    r" (?P<status>\d+) (?P<bytes>\d+|-)"
    r' "(?P<referer>(?:[^"\\]|\\.)*)" "(?P<agent>(?:[^"\\]|\\.)*)"\n'
)
# What a terminal obeys, or what a reader of lines takes for the end of one.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")

_BYTES = st.binary(max_size=60) | st.text(max_size=30).map(lambda text: text.encode("utf-8", "surrogatepass"))
_TEXT = st.text(max_size=30) | st.text(st.characters(categories=["Cs", "Cc", "Cf"]), max_size=1)
_RECORDS = st.builds(
    ExchangeRecord,
    started_s=st.floats(0, 4e9),
    duration_s=st.floats(0, 1e6),
    method=_TEXT,
    target=_BYTES,
    minor=st.sampled_from([0, 1]),
    authority=_TEXT,
    scheme=st.sampled_from(["http", "https"]),
    client=_TEXT,
    peer=_TEXT,
    request_id=_TEXT,
    route=_TEXT,
    service=_TEXT,
    upstream=_TEXT,
    attempts=st.integers(0, 3),
    upstream_s=st.floats(0, 1e6),
    status=st.integers(100, 599),
    bytes_in=st.integers(0, 2**63),
    bytes_out=st.integers(0, 2**63),
    termination=st.sampled_from(list(Termination)),
    user_agent=_BYTES,
    referer=_BYTES,
    user=_TEXT,
)


@pytest.fixture(params=["orjson", "json"])
def json_format(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> JsonFormat:
    if request.param == "json":
        monkeypatch.setattr(formats, "_find_encoder", lambda: formats._encode_slowly)
    return JsonFormat()


def test_json_ordinary_request_has_every_field(json_format: JsonFormat, record: ExchangeRecord) -> None:
    """The fields, their order and their values are those of docs/reference/access-log.md, with either encoder."""
    line = json_format(record)
    assert line.endswith(b"}\n")
    assert list(json.loads(line).items()) == [
        ("time", "2026-09-21T14:13:20.123Z"),
        ("request_id", "0af7651916cd43dd8448eb211c80319c"),
        ("client", "203.0.113.9"),
        ("peer", "10.0.0.1"),
        ("user", "acme"),
        ("method", "GET"),
        ("scheme", "http"),
        ("host", "api.example.com"),
        ("path", "/users/7?page=2"),
        ("protocol", "HTTP/1.1"),
        ("status", 200),
        ("duration_ms", 12.5),
        ("bytes_in", 0),
        ("bytes_out", 512),
        ("route", "user"),
        ("service", "users"),
        ("upstream", "127.0.0.1:3001"),
        ("attempts", 1),
        ("upstream_ms", 10.1),
        ("termination", "-"),
        ("user_agent", "curl/8.0"),
        ("referer", "https://app.example.com/"),
    ]


def test_json_local_answer_has_nulls(json_format: JsonFormat, record: ExchangeRecord) -> None:
    """What there was none of is null, not empty and not zero."""
    local = replace(
        record, user="", route="", service="", upstream="", attempts=0, upstream_s=0.0, user_agent=b"", referer=b""
    )
    line = json.loads(json_format(replace(local, minor=0, termination=Termination.LOCAL_ANSWER)))
    assert [
        line[name] for name in ("user", "route", "service", "upstream", "upstream_ms", "user_agent", "referer")
    ] == [None] * 7
    assert (line["termination"], line["protocol"], line["attempts"]) == ("local", "HTTP/1.0", 0)


def test_json_secrets_in_urls_are_redacted(json_format: JsonFormat, record: ExchangeRecord) -> None:
    """Neither the target nor the referrer shows a token."""
    line = json_format(replace(record, target=b"/a?token=s3cret", referer=b"https://x.example/?code=s3cret"))
    assert b"s3cret" not in line
    assert json.loads(line)["path"] == "/a?token=REDACTED"


def test_json_bytes_that_are_no_utf8_are_shown_as_escapes(json_format: JsonFormat, record: ExchangeRecord) -> None:
    """UTF-8 stays readable; a byte that is none becomes backslash, x and two digits."""
    line = json.loads(json_format(replace(record, user_agent="Größe".encode() + b"\xff")))
    assert line["user_agent"] == "Größe\\xff"


@given(_RECORDS)
def test_json_any_record_is_one_safe_line_that_reads_back(record: ExchangeRecord) -> None:
    """Whatever came in, out comes one line of UTF-8 without control characters, and the values are what came in."""
    line = JsonFormat()(record)
    assert line.endswith(b"\n")
    text = line[:-1].decode("utf-8")
    assert _UNSAFE.search(text) is None
    fields = json.loads(text)
    assert (fields["host"], fields["client"], fields["user"]) == (record.authority, record.client, record.user or None)
    assert fields["method"] == (record.method or None)
    assert fields["user_agent"] == (text_of(record.user_agent) if record.user_agent else None)
    assert fields["status"] == record.status


@given(_RECORDS)
@example(
    ExchangeRecord(0.0, 0.0, "GET", b'/" 200 1 "-" "x', 1, "", "http", "a b", "", "", "", "", "", 0, 0.0, 404, 0, 0,
                   Termination.NORMAL, b'x" "y\\', b"\\")
)  # fmt: skip
def test_combined_any_record_is_one_line_that_reads_back(record: ExchangeRecord) -> None:
    """Whatever came in, out comes one line of printable ASCII with the parts of the format."""
    line = CombinedFormat()(record)
    text = line.decode("ascii")
    assert text[:-1].isprintable()
    parts = _COMBINED.fullmatch(text)
    assert parts is not None
    assert int(parts["status"]) == record.status
    assert parts["bytes"] == (str(record.bytes_out) if record.bytes_out else "-")


def test_combined_ordinary_request_is_apaches_line(record: ExchangeRecord) -> None:
    """Client, user, time, request line, status, bytes, referrer and user agent."""
    assert CombinedFormat()(record) == (
        b'203.0.113.9 - acme [21/Sep/2026:14:13:20 +0000] "GET /users/7?page=2 HTTP/1.1" 200 512'
        b' "https://app.example.com/" "curl/8.0"\n'
    )


def test_combined_nothing_known_has_hyphens(record: ExchangeRecord) -> None:
    """What is missing is a hyphen, and so is a body of no bytes."""
    line = CombinedFormat()(replace(record, client="", user="", bytes_out=0, referer=b"", user_agent=b""))
    assert line == b'- - - [21/Sep/2026:14:13:20 +0000] "GET /users/7?page=2 HTTP/1.1" 200 - "-" "-"\n'


def test_request_line_that_could_not_be_read_is_shown_as_it_came(record: ExchangeRecord) -> None:
    """What was no request line has no method and no version; its secrets are redacted all the same."""
    broken = replace(record, method="", target=b"GET /a b?token=s3cret HTTP/1.1", status=400)
    line = json.loads(JsonFormat()(broken))
    assert (line["method"], line["path"], line["protocol"]) == (None, "GET /a b?token=REDACTED", None)
    assert b'"GET /a b?token=REDACTED" 400' in CombinedFormat()(broken)


def test_combined_secrets_in_urls_are_redacted(record: ExchangeRecord) -> None:
    """Neither the target nor the referrer shows a token."""
    line = CombinedFormat()(replace(record, target=b"/a?sig=s3cret", referer=b"https://u:s3cret@x.example/"))
    assert b"s3cret" not in line


def test_text_of_long_field_is_cut() -> None:
    """A field over the limit is cut, which three dots show."""
    assert text_of(b"a" * FIELD_LIMIT) == "a" * FIELD_LIMIT
    assert text_of(b"a" * (FIELD_LIMIT + 1)) == "a" * FIELD_LIMIT + "..."


def test_user_is_one_word_of_bounded_length(record: ExchangeRecord) -> None:
    """Whatever a provider calls its users: in the combined format the name is one word, and no name fills the log."""
    assert b' - a\\x20b\\" [' in CombinedFormat()(replace(record, user='a b"'))
    assert FIELD_LIMIT == len(json.loads(JsonFormat()(replace(record, user="a" * 10_000)))["user"])
