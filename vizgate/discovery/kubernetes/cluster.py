"""Where the API server is, and who asks it.

In: ``Cluster``, by settings or by what every pod finds around itself. Not in: what is asked
(``discovery.kubernetes.source``).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from vizgate.discovery.kubernetes.config import KubernetesDiscoveryConfig
from vizgate.extension.kinds.discovery import DiscoveryFailed
from vizgate.extension.values.regular_file import open_regular

_MAX_BYTES = 64 * 1024


class Access(NamedTuple):
    """``url``: of the server, without a slash at its end. ``token``: b"" for none. ``authorities``: a path, or ""."""

    url: str
    token: bytes
    authorities: str
    namespace: str


class Cluster:
    """Finds the API server of *config*. Args: environment: of the process; default the real one."""

    def __init__(self, config: KubernetesDiscoveryConfig, environment: Mapping[str, str] | None = None) -> None:
        self._config = config
        self._environment = os.environ if environment is None else environment

    def access(self) -> Access:
        """How to ask now; it reads files, because tokens are exchanged while the gateway runs.

        Raises: DiscoveryFailed: a file is missing, or nothing says where the server is.
        """
        config, folder = self._config, self._config.service_account
        url, authorities = config.url, "" if config.ca is None else str(config.ca)
        if url is None:
            url = self._url_around()
            authorities = authorities or str(folder / "ca.crt")
        namespace = config.namespace or _text_of(folder / "namespace")
        return Access(url.rstrip("/"), self._token().encode(), authorities, namespace)

    def _url_around(self) -> str:
        host, port = (self._environment.get(f"KUBERNETES_SERVICE_{key}", "") for key in ("HOST", "PORT"))
        if not host or not port:
            raise DiscoveryFailed("there is no cluster around, as KUBERNETES_SERVICE_HOST is not set. Write `url`")
        return f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"

    def _token(self) -> str:
        config = self._config
        if config.token is not None:
            return config.token.reveal()
        if config.token_file is not None:
            return _text_of(config.token_file)
        return _text_of(config.service_account / "token") if config.url is None else ""


def _text_of(path: Path) -> str:
    try:
        with open_regular(path) as file:
            return file.read(_MAX_BYTES).decode("ascii").strip()
    except OSError as exc:
        raise DiscoveryFailed(f"{path} cannot be read: {exc.strerror}") from None
    except UnicodeDecodeError:
        raise DiscoveryFailed(f"{path} is not text") from None
