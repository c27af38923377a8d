"""Names of header fields in settings.

In: the annotated types, and which names nobody may set. Not in: values, and changing messages (``transform``).
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from vizgate.message.forwarding import ASSERTED, ASSERTED_PREFIX
from vizgate.message.headers import encode_name

# RFC 9110 7.6.1 and RFC 9112 6: these describe one connection or one message's length, and the gateway writes its own.
_OWNED_BY_GATEWAY = frozenset(
    {
        "connection", "content-length", "expect", "http2-settings", "keep-alive", "proxy-connection", "te", "trailer",
        "transfer-encoding", "upgrade",
    }
)  # fmt: skip

# RFC 9110 11.7: for the proxy itself, so they go no further than its reader.
_KEPT_FROM_ROUTES = _OWNED_BY_GATEWAY | {"proxy-authenticate", "proxy-authentication-info", "proxy-authorization"}


def _field_name(name: str) -> str:
    try:
        encode_name(name.encode("utf-8"))
    except ValueError:
        raise ValueError(f"{name!r} is not a header name. Use letters, digits and '-', for example X-Gateway") from None
    if name.lower() in _OWNED_BY_GATEWAY:
        raise ValueError(f"{name} belongs to one connection and is written by the gateway itself. Leave it out")
    return name


def _request_field_name(name: str) -> str:
    if name.lower() == "host":
        raise ValueError("Host is not set here. Use the service's host_header: preserve, target, or a literal name")
    # RFC 9110 7.6.3: a proxy MUST send it. The admin listener tells by it what came through a route.
    if name.lower() == "via":
        raise ValueError("Via says that a request came through this gateway, which writes it itself. Leave it out")
    return _field_name(name)


def arriving_field_name(name: str) -> str:
    """*name*, if a field of it can be in the requests that routes see. Raises: ValueError: it never is."""
    encode_name(name.encode("utf-8"))
    if "_" in name:
        remedy = name.replace("_", "-")
        raise ValueError(f"{name} is dropped from every request, as is every name with '_'. Write {remedy}")
    if name.lower() in _KEPT_FROM_ROUTES:
        raise ValueError(f"{name} belongs to one connection, and no route sees it. Choose another field")
    return name


def shown_field_name(name: str) -> str:
    """As ``arriving_field_name``, and what the field says is a client's own word, not the gateway's.

    Raises: ValueError: it is not.
    """
    lower = arriving_field_name(name).lower()
    if lower.encode() in ASSERTED or lower.encode().startswith(ASSERTED_PREFIX):
        raise ValueError(
            f"{name} is a client's word about its way, and put aside. What it means is in server.trusted_proxies"
        )
    return name


def _arriving_request_field_name(name: str) -> str:
    return arriving_field_name(_field_name(name))


def _shown_request_field_name(name: str) -> str:
    return shown_field_name(_request_field_name(name))


#: The name of a field that the gateway does not write itself.
FieldName = Annotated[str, AfterValidator(_field_name)]

#: As ``FieldName``, for requests: not ``Host`` and ``Via``, either.
RequestFieldName = Annotated[str, AfterValidator(_request_field_name)]

#: As ``FieldName``, for fields that requests are told apart by: one that comes to a route.
ArrivingFieldName = Annotated[str, AfterValidator(_arriving_request_field_name)]

#: As ``RequestFieldName``, for fields that are read out of requests: not one that the gateway never lets through.
ShownFieldName = Annotated[str, AfterValidator(_shown_request_field_name)]
