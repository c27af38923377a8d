"""The example plugins are found the way their READMEs say."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from vizgate.extension.registry import GROUP, resolve_middleware
from vizgate.message.headers import Headers
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response

EXAMPLES = Path(__file__).parents[3] / "examples"


async def _service(_request: Request) -> Response:
    return Response.text(200, "done")


@pytest.mark.usefixtures("forget_imports")
async def test_plugin_package_entry_point_finds_working_class(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The entry point that the example declares leads to a middleware that works."""
    package = EXAMPLES / "plugin-package"
    project = tomllib.loads((package / "pyproject.toml").read_text())["project"]
    info = tmp_path / f"acme_headers-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    entries = [f"{name} = {place}" for name, place in project["entry-points"][GROUP].items()]
    (info / "entry_points.txt").write_text("\n".join([f"[{GROUP}]", *entries, ""]))
    monkeypatch.syspath_prepend(str(package / "src"))
    monkeypatch.syspath_prepend(str(tmp_path))

    found = resolve_middleware("acme_server_timing")
    response = await found(found.Config())(Request("GET", b"/", Headers()), _service)
    assert response.headers["Server-Timing"].startswith("gateway;dur=")


@pytest.mark.usefixtures("forget_imports")
async def test_own_middleware_import_path_finds_working_class(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the example's folder on the import path, its class is found and works."""
    monkeypatch.syspath_prepend(str(EXAMPLES / "own-middleware"))

    found = resolve_middleware("my_filters:AddHeader")
    layer = found(found.Config.model_validate({"name": "X-Made-By", "value": "my filter"}))
    response = await layer(Request("GET", b"/", Headers()), _service)
    assert response.headers["X-Made-By"] == "my filter"
