"""``vizgate init``."""

from __future__ import annotations

import pytest

from vizgate.config import load_config
from vizgate.gateway.server import Gateway


def test_init_writes_configuration_that_is_good(run, tmp_path):
    """The file passes its own tests, and says what to do next."""
    file = tmp_path / "mine.yaml"
    code, out, err = run("init", file)
    assert (0, "") == (code, err)
    assert f"vizgate serve {file}" in out
    assert 0 == run("check", file)[0]
    assert load_config(file).tests


async def test_init_writes_configuration_that_serves(run, tmp_path):
    """The file needs no other server to be served."""
    file = tmp_path / "mine.yaml"
    run("init", file)
    async with Gateway.from_yaml(file, {"server.listen": "127.0.0.1:0", "server.admin": "off"}) as gateway:
        assert gateway.addresses[0][1] > 0


def test_init_without_path_writes_default_name(run, tmp_path, monkeypatch):
    """The name is the one that ``serve`` looks for."""
    monkeypatch.chdir(tmp_path)
    assert 0 == run("init")[0]
    assert ["vizgate.yaml"] == [path.name for path in tmp_path.iterdir()]


def test_init_existing_file_is_left_alone(run, tmp_path):
    """What is there is never written over: exit code 1."""
    file = tmp_path / "vizgate.yaml"
    file.write_text("mine", "utf-8")
    code, out, err = run("init", tmp_path)
    assert (1, "") == (code, out)
    assert "exists already" in err
    assert "mine" == file.read_text("utf-8")


@pytest.mark.parametrize("name", ["no/such/folder.yaml"])
def test_init_unwritable_path_is_told(run, tmp_path, name):
    """A folder that is not there is one line."""
    code, _, err = run("init", tmp_path / name)
    assert 1 == code
    assert "No such file or directory" in err
