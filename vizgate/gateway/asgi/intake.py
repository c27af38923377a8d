"""From an ASGI scope to a request head that passed the checks of ``wire``.

In: ``read_head``. Not in: bodies (``gateway.asgi.inbox``) and what the gateway adds to a head (``gateway.asgi.visit``).

An ASGI server has parsed the head already, and servers differ in what they let through. What a gateway must be sure of
before it forwards a message is therefore looked at once more here.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from vizgate.errors import BadRequest, ExpectationFailed, HeadTooLarge, TargetTooLong
from vizgate.gateway.asgi.messages import Scope
from vizgate.gateway.plan import ServerPlan
from vizgate.message.headers import Field, encode_name, encode_value
from vizgate.message.heads import NO_BODY, RequestHead, RequestShape
from vizgate.message.target import is_valid_authority, strip_prefix
from vizgate.message.template import FieldTemplate
from vizgate.wire.fields import SortedFields
from vizgate.wire.framing import request_framing
from vizgate.wire.grammar import TARGET, check_method
from vizgate.wire.limits import WireLimits

_is_target = re.compile(TARGET).fullmatch
# RFC 3986 3.3: what may stand in a path as it is. The percent sign may not: in a decoded path it is itself data.
_PATH_SAFE = "/:@!$&'()*+,;=-._~"
# "name: value CRLF", so that limits mean what they mean on a socket.
_LINE_OVERHEAD = 4


def read_head(scope: Scope, server: ServerPlan) -> RequestHead:
    """The head that *scope* tells of, for an ``http`` or a ``websocket`` scope.

    Raises: DownstreamError: it is none that may be forwarded, or it is over a limit.
    """
    is_websocket = scope["type"] == "websocket"
    method: str = "GET" if is_websocket else scope["method"]
    check_method(method.encode("latin-1", "replace"))
    minor = 0 if scope.get("http_version") == "1.0" else 1
    target = target_of(scope)
    if target[:1] != b"/" and not (target == b"*" and method == "OPTIONS"):
        raise BadRequest("malformed request target")
    fields = _fields_of(scope)
    _check_size(target, fields, server.limits)
    found = server.sorter.sort(fields)
    framing = NO_BODY if is_websocket else request_framing(found.lengths, found.encodings, minor)
    template = FieldTemplate(found.kept)
    shape = RequestShape(minor, template, found.asserted, _authority(found, minor), framing, keep_alive=True)
    if found.expects and minor == 1 and not is_websocket:
        shape.expects_continue = _expects_continue(found.expects) and framing is not NO_BODY
    if is_websocket:
        shape.upgrade = b"websocket"
    return RequestHead(method, target, shape)


def target_of(scope: Scope) -> bytes:
    """The request target below the place where the application is mounted, in the encoding that it came in.

    Raises: BadRequest: it is not a valid one.
    """
    raw = _raw_path(scope)
    query = bytes(scope.get("query_string") or b"")
    target = raw + b"?" + query if query else raw
    if _is_target(target) is None:
        raise BadRequest("malformed request target")
    return target


def _raw_path(scope: Scope) -> bytes:
    path: str = scope["path"]
    given = scope.get("raw_path") or quote(path, safe=_PATH_SAFE, errors="surrogatepass").encode()
    # Some servers have left the query in raw_path, against the specification.
    raw = bytes(given).partition(b"?")[0]
    root: str = (scope.get("root_path") or "").rstrip("/")
    # ASGI HTTP 2.3: `path` includes `root_path`; servers of the time before do not include it.
    if root and (path == root or path.startswith(root + "/")):
        # A path that does not stay below the mount is refused by strip_prefix: "/api/../admin" is not below "/api".
        return strip_prefix(raw, root.replace("%", "%25"))
    return raw


def _fields_of(scope: Scope) -> list[Field]:
    try:
        return [(encode_name(bytes(name)), encode_value(bytes(value))) for name, value in scope["headers"]]
    except ValueError as exc:
        raise BadRequest("malformed field line") from exc


def _check_size(target: bytes, fields: list[Field], limits: WireLimits) -> None:
    if len(target) > limits.head_bytes:
        raise TargetTooLong(f"request line over {limits.head_bytes} bytes")
    if len(target) + sum(len(name) + len(value) + _LINE_OVERHEAD for name, value in fields) > limits.head_bytes:
        raise HeadTooLarge(f"request head over {limits.head_bytes} bytes")
    if len(fields) > limits.fields:
        raise HeadTooLarge(f"more than {limits.fields} fields")


def _authority(found: SortedFields, minor: int) -> bytes:
    # RFC 9112 3.2, and RFC 9113 8.3.1 by way of the server, which turns ":authority" into Host.
    if len(found.hosts) != 1:
        if minor == 0 and not found.hosts:
            return b""
        raise BadRequest("exactly one Host is needed")
    if not is_valid_authority(found.hosts[0]):
        raise BadRequest("invalid Host")
    return found.hosts[0]


def _expects_continue(values: tuple[bytes, ...]) -> bool:
    if any(value.lower() != b"100-continue" for value in values):
        raise ExpectationFailed("only 100-continue can be expected")
    return True
