"""Secrets out of URLs before they are written down.

In: which query parameters are secret, and text without their values. Not in: header fields; none is ever logged but
``User-Agent`` and ``Referer``.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote_plus

REDACTED = "REDACTED"

#: Compared with a parameter's name in lower case, ``-`` read as ``_``; also with the parts of ``user[password]`` and
#: ``user.password``.
SECRET_PARAMETERS = frozenset({
    "access_key", "access_token", "api_key", "apikey", "assertion", "auth", "auth_token", "authorization",
    "client_assertion", "client_secret", "code", "code_verifier", "credential", "credentials", "csrf", "csrf_token",
    "id_token", "jwt", "key", "otp", "pass", "passcode", "passphrase", "passwd", "password", "pin", "private_key",
    "pwd", "refresh_token", "samlresponse", "secret", "secret_key", "session", "session_id", "sessionid", "sid", "sig",
    "signature", "subscription_key", "ticket", "token",
    "x_amz_credential", "x_amz_security_token", "x_amz_signature", "x_goog_credential", "x_goog_signature",
})  # fmt: skip

# A name never holds what may begin the next one, so the scan is linear in the text. ";" separates pairs for some
# servers and path parameters for others; "#" begins a fragment, where OAuth's implicit grant leaves a token
# (RFC 6749 4.2.2).
_NAME = re.compile(r"[?&;#]([^=&;#?]+)=")
# A secret reaches to what surely ends it; ";" and "?" may be part of one.
_VALUE_IN_URL = re.compile(r"[^&#]*")
_VALUE_IN_TEXT = re.compile(r"[^&#\s\"']*")
_COMPONENT = re.compile(r"[\[\].]+")
_USERINFO = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*://)[^/?#]*@")


def redact_target(target: str) -> str:
    """A request *target* with the values of secret parameters replaced."""
    return _redact(target, _VALUE_IN_URL) if "=" in target else target


def redact_url(url: str) -> str:
    """An absolute *url* as ``redact_target`` leaves it, and without the user information before ``@``."""
    if "@" in url:
        url = _USERINFO.sub(rf"\1{REDACTED}@", url)
    return redact_target(url)


def redact_text(text: str) -> str:
    """Prose with secret parameters replaced in the URLs it quotes; a value ends at white space or a quote."""
    return _redact(text, _VALUE_IN_TEXT) if "=" in text else text


# The names of an API's parameters are few; decoding each for every line would be a third of the line's cost.
@lru_cache(maxsize=1024)
def is_secret(name: str) -> bool:
    """Whether the parameter *name*, percent-encoded or not, holds a secret."""
    # A server decodes the name before it looks at it, so "%74oken" is a token as well.
    plain = unquote_plus(name).strip().lower().replace("-", "_")
    return plain in SECRET_PARAMETERS or any(part in SECRET_PARAMETERS for part in _COMPONENT.split(plain))


def _redact(text: str, value: re.Pattern[str]) -> str:
    kept: list[str] = []
    at = 0
    name = _NAME.search(text)
    while name is not None:
        end = name.end()
        if is_secret(name.group(1)):
            kept += text[at:end], REDACTED
            found = value.match(text, end)
            at = end = end if found is None else found.end()
        name = _NAME.search(text, end)
    kept.append(text[at:])
    return "".join(kept)
