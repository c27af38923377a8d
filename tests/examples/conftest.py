"""The files that examples name and that no repository should hold: certificates, with their keys."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import trustme


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(autouse=True)
def certificates(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """``TLS_CERT``, ``TLS_KEY`` and ``CLIENTS_CA`` name good files; gives their folder."""
    issued = authority.issue_cert("localhost", "127.0.0.1")
    issued.private_key_pem.write_to_path(tmp_path / "key.pem")
    (tmp_path / "cert.pem").write_bytes(b"".join(pem.bytes() for pem in issued.cert_chain_pems))
    authority.cert_pem.write_to_path(tmp_path / "clients.pem")
    for name, file in (("TLS_CERT", "cert.pem"), ("TLS_KEY", "key.pem"), ("CLIENTS_CA", "clients.pem")):
        monkeypatch.setenv(name, str(tmp_path / file))
    return tmp_path


@pytest.fixture
def run_folder(monkeypatch: pytest.MonkeyPatch):
    """``RUN_FOLDER``, with a short name: the kernel has room for 107 bytes."""
    with TemporaryDirectory(prefix="vg") as name:
        monkeypatch.setenv("RUN_FOLDER", name)
        yield Path(name)
