"""API keys whose file is YAML like the configuration.

In: ``FileApiKeys``, which joins the authenticator with the loader. Not in: both (``auth.api_key``, ``config``).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from vizgate.auth.api_key.authenticator import ApiKeyAuthenticator
from vizgate.auth.api_key.config import KeyConfig
from vizgate.config.keys_file import read_keys_file


class FileApiKeys(ApiKeyAuthenticator):
    """See ``ApiKeyAuthenticator``."""

    @staticmethod
    def read_keys(path: Path) -> Sequence[KeyConfig]:
        """The keys in the YAML file at *path*. Raises: ConfigError: it cannot be used."""
        return read_keys_file(path)
