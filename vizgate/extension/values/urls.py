"""URLs in settings.

In: ``HttpUrl``. Not in: URLs of targets (``config.model.address``), which are origins alone.
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator


def _http_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable or any(char <= " " for char in text):
        raise ValueError("is not an http or https URL. Write for example https://idp.example.com/keys")
    if not text.isascii():
        raise ValueError("has letters beyond ASCII. Write the host as xn--..., and encode the path with %")
    if "@" in parts.netloc:
        raise ValueError("must not hold a user or a password. Use the settings that are meant for them")
    return text


#: An absolute http or https URL.
HttpUrl = Annotated[str, AfterValidator(_http_url)]
