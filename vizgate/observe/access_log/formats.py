"""An exchange record as one line of text.

In: the JSON and the combined format, and what makes either safe to store and to show. Not in: writing (``writer``).
Whatever bytes a client sends, a line holds no line end but its last byte and no byte that a terminal obeys.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from vizgate.observe.date import Rfc3339, common_log_time
from vizgate.observe.exchange import ExchangeRecord
from vizgate.observe.redaction import redact_target, redact_url

#: Bytes of the target, ``User-Agent`` and ``Referer`` that are logged; "..." stands for the rest. Of a user's name, so
#: many characters are. It bounds the memory of a queue whose sink is slow.
FIELD_LIMIT = 2048

# What JSON may hold raw but a terminal obeys, as UTF-8: DEL, C1 controls (U+009B begins an escape sequence), line
# separators, marks that reorder text. In JSON all of them can only stand in strings, so escaping them there is sound.
_UNSAFE_UTF8 = re.compile(rb"\x7f|\xc2[\x80-\x9f]|\xe2\x80[\x8e\x8f\xa8-\xae]|\xe2\x81[\xa6-\xa9]")
_NOT_PLAIN = re.compile(r"[^ !#-\[\]-~]")


def _find_encoder() -> Callable[[dict[str, Any]], bytes]:
    try:
        import orjson  # without it a line costs ten times as much
    except ImportError:
        return _encode_slowly
    return orjson.dumps


def _encode_slowly(line: dict[str, Any]) -> bytes:
    """JSON in ASCII; unlike orjson it also takes lone surrogates."""
    return json.dumps(line, separators=(",", ":")).encode("ascii")


def text_of(raw: bytes) -> str:
    r"""*raw* as text of at most ``FIELD_LIMIT`` bytes: UTF-8, with ``\xHH`` for a byte that is none."""
    if len(raw) > FIELD_LIMIT:
        return raw[:FIELD_LIMIT].decode("utf-8", "backslashreplace") + "..."
    return raw.decode("utf-8", "backslashreplace")


class JsonFormat:
    """One JSON object per line; docs/reference/access-log.md lists the fields. What there is none of is ``null``.

    A request line that could not be read stands whole in ``path``, and ``method`` and ``protocol`` are ``null``.
    """

    __slots__ = ("_encode", "_time")

    def __init__(self) -> None:
        self._time = Rfc3339()
        self._encode = _find_encoder()

    def __call__(self, record: ExchangeRecord) -> bytes:
        """The line of *record*, line end included."""
        line = self._fields(record)
        try:
            encoded = self._encode(line)
        except TypeError:
            # orjson refuses text that is not Unicode, such as a lone surrogate.
            encoded = _encode_slowly(line)
        if b"\x7f" in encoded or not encoded.isascii():
            encoded = _UNSAFE_UTF8.sub(_escape_utf8, encoded)
        return encoded + b"\n"

    def _fields(self, record: ExchangeRecord) -> dict[str, Any]:
        tried = record.attempts > 0
        return {
            "time": self._time.text(record.started_s),
            "request_id": record.request_id,
            "client": record.client,
            "peer": record.peer,
            "user": record.user[:FIELD_LIMIT] or None,
            "method": record.method or None,
            "scheme": record.scheme,
            "host": record.authority,
            "path": redact_target(text_of(record.target)),
            "protocol": _protocol(record) if record.method else None,
            "status": record.status,
            "duration_ms": _milliseconds(record.duration_s),
            "bytes_in": record.bytes_in,
            "bytes_out": record.bytes_out,
            "route": record.route or None,
            "service": record.service or None,
            "upstream": record.upstream or None,
            "attempts": record.attempts,
            "upstream_ms": _milliseconds(record.upstream_s) if tried else None,
            # Not .value: it is a property written in Python, ten times slower than the attribute behind it.
            "termination": record.termination._value_,
            "user_agent": text_of(record.user_agent) if record.user_agent else None,
            "referer": redact_url(text_of(record.referer)) if record.referer else None,
        }


class CombinedFormat:
    r"""Apache's combined format, in ASCII: ``"``, ``\`` and all that is not printable are escaped as Apache does.

    A request line that could not be read stands as it came, as Apache does it, too.

    Source: httpd's mod_log_config, ``%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-agent}i"``.
    """

    __slots__ = ("_second", "_time")

    def __init__(self) -> None:
        self._second = -1
        self._time = ""

    def __call__(self, record: ExchangeRecord) -> bytes:
        """The line of *record*, line end included."""
        second = int(record.started_s)
        if second != self._second:
            self._time = common_log_time(second)
            self._second = second
        client = _escape(record.client).replace(" ", "\\x20")
        user = _escape(record.user[:FIELD_LIMIT]).replace(" ", "\\x20")
        request = _escape(redact_target(text_of(record.target)))
        if record.method:
            request = f"{_escape(record.method)} {request} {_protocol(record)}"
        referer = _escape(redact_url(text_of(record.referer)))
        user_agent = _escape(text_of(record.user_agent))
        return (
            f'{client or "-"} - {user or "-"} [{self._time}] "{request}" {record.status} {record.bytes_out or "-"}'
            f' "{referer or "-"}" "{user_agent or "-"}"\n'
        ).encode("ascii")


def _protocol(record: ExchangeRecord) -> str:
    return "HTTP/1.1" if record.minor else "HTTP/1.0"


def _milliseconds(seconds: float) -> float:
    """With three decimals, at a third of the cost of ``round``."""
    return int(seconds * 1_000_000 + 0.5) / 1000


def _escape(text: str) -> str:
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return text
    return _NOT_PLAIN.sub(_escape_plain, text)


def _escape_plain(match: re.Match[str]) -> str:
    character = match.group()
    if character in '"\\':
        return "\\" + character
    return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", "surrogatepass"))


def _escape_utf8(match: re.Match[bytes]) -> bytes:
    return b"\\u%04x" % ord(match.group().decode("utf-8"))
