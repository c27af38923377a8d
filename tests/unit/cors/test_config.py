"""What the YAML may say about cross-origin requests."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from vizgate.cors.config import CorsConfig


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"origins": []}, "at least 1 item"),
        ({"origins": ["*"], "credentials": True}, "credentials cannot go to every origin"),
        ({"origins": ["null"], "credentials": True}, "the origin null, which every page can have"),
        ({"origins": ["https://a.example"], "headers": ["*"], "credentials": True}, r"with credentials, \* in headers"),
        ({"origins": ["https://a.example"], "methods": ["*"], "credentials": True}, r"with credentials, \* in methods"),
        ({"origins": ["https://a.example"], "expose": ["*"], "credentials": True}, r"with credentials, \* in expose"),
        ({"origins": ["https://a.example"], "methods": ["get"]}, "Methods are written in capitals"),
        ({"origins": ["https://a.example"], "methods": ["TRACE"]}, "cannot be sent by a page"),
        ({"origins": ["https://a.example/"]}, "an origin has none"),
        ({"origins": ["https://a.example"], "headers": ["a b"]}, "is not a header name"),
    ],
)
def test_config_what_cannot_work_is_refused(settings: dict[str, Any], words: str) -> None:
    """What a browser would refuse, or what would let in everybody with credentials, is told when it is loaded."""
    with pytest.raises(ValidationError, match=words):
        CorsConfig.model_validate(settings)


def test_config_without_credentials_may_say_all() -> None:
    """``*`` and ``null`` are for answers that are public anyway."""
    config = CorsConfig(origins=("*", "null"), methods=("*",), headers=("*",), expose=("*",))
    assert ("*", "null") == config.origins
