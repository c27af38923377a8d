"""The question to an authorization server (RFC 7662 2.1).

In: ``introspection_call``. Not in: asking it (``auth.introspection.authenticator``).
"""

from __future__ import annotations

from base64 import b64encode
from urllib.parse import quote_plus

from vizgate.auth.introspection.config import IntrospectionConfig
from vizgate.message.headers import Field
from vizgate.pipeline.ports import Call
from vizgate.units import KIB

#: The longest answer that is read.
LIMIT_BYTES = 64 * KIB


def introspection_call(config: IntrospectionConfig, token: bytes) -> Call:
    """The question about *token*, which is token68 (RFC 6750 2.1)."""
    body = b"token=" + quote_plus(token).encode() + b"&token_type_hint=access_token"
    # It changes nothing, so a connection that broke may be followed by a second try.
    return Call(config.endpoint, "POST", own_fields(config), body, config.timeout, LIMIT_BYTES, may_repeat=True)


def own_fields(config: IntrospectionConfig) -> tuple[Field, ...]:
    """Who asks, and in what form."""
    # RFC 6749 2.3.1: both are form-encoded before they are joined, so that a colon in one of them is none.
    pair = f"{quote_plus(config.client_id)}:{quote_plus(config.client_secret.reveal())}"
    return (
        (b"Authorization", b"Basic " + b64encode(pair.encode())),
        (b"Content-Type", b"application/x-www-form-urlencoded"),
        (b"Accept", b"application/json"),
    )
