"""How names in the YAML find classes."""

from __future__ import annotations

import sys
import textwrap
from importlib import invalidate_caches
from pathlib import Path

import pytest

from vizgate.errors import VizgateError
from vizgate.extension.contract import Middleware
from vizgate.extension.registry import (
    GROUP,
    PluginError,
    PluginInfo,
    Registry,
    installed_plugins,
    resolve_middleware,
)


class _Builtin(Middleware):
    pass


BUILTIN: dict[str, type[Middleware]] = {"headers": _Builtin}

GOOD = """
from vizgate.extension.contract import Middleware, MiddlewareConfig

class AddHeader(Middleware):
    class Config(MiddlewareConfig):
        name: str

class Outer:
    class Inner(Middleware):
        pass

def function(request, forward): ...
class NoMiddleware: ...
class LooseConfig(Middleware):
    from pydantic import BaseModel as Config
"""


class Site:
    """A folder on ``sys.path`` that distributions are installed in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def module(self, name: str, source: str) -> None:
        path = self.folder.joinpath(*name.split(".")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(source))
        invalidate_caches()

    def distribution(self, name: str, version: str, **entries: str) -> None:
        info = self.folder / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        lines = [f"{short} = {place}" for short, place in entries.items()]
        (info / "entry_points.txt").write_text("\n".join([f"[{GROUP}]", *lines, ""]))
        invalidate_caches()


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forget_imports: None) -> Site:
    monkeypatch.syspath_prepend(str(tmp_path))
    site = Site(tmp_path)
    site.module("registry_good", GOOD)
    return site


def _error(use: str) -> PluginError:
    with pytest.raises(PluginError) as caught:
        resolve_middleware(use, BUILTIN)
    assert isinstance(caught.value, VizgateError)
    assert caught.value.name == use
    return caught.value


def test_resolve_builtin_name_gives_its_class() -> None:
    """A name of the table that was passed in."""
    assert resolve_middleware("headers", BUILTIN) is _Builtin


def test_resolve_announced_name_gives_its_class(site: Site) -> None:
    """A name that an installed distribution announces in the entry-point group."""
    site.distribution("acme-filters", "1.2", acme="registry_good:AddHeader")
    assert resolve_middleware("acme", BUILTIN).__name__ == "AddHeader"


@pytest.mark.parametrize(("path", "name"), [("AddHeader", "AddHeader"), ("Outer.Inner", "Inner")])
def test_resolve_import_path_gives_class(site: Site, path: str, name: str) -> None:
    """A class of the user's own by module and qualified name."""
    assert resolve_middleware(f"registry_good:{path}").__name__ == name


def test_resolve_one_name_imports_nothing_else(site: Site) -> None:
    """What the configuration does not name is not imported, even if it is broken."""
    site.module("registry_broken", "raise RuntimeError('imported')")
    site.distribution("acme-broken", "1.0", broken="registry_broken:X")
    site.distribution("acme-filters", "1.2", acme="registry_good:AddHeader")
    registry = Registry(BUILTIN)
    assert {"acme", "broken", "headers"} <= set(registry.names)
    registry.resolve_middleware("acme")
    registry.resolve_middleware("headers")
    assert "registry_broken" not in sys.modules


def test_resolve_unknown_name_suggests_and_lists(site: Site) -> None:
    """An unknown name is refused with the closest known one and all that are known."""
    site.distribution("acme-filters", "1.2", acme="registry_good:AddHeader")
    assert str(_error("haeders")) == (
        "no middleware is named 'haeders'. Did you mean 'headers'? Known names: "
        + ", ".join(Registry(BUILTIN).names)
        + ". For a class of your own write its import path, package.module:Class"
    )


def test_resolve_unknown_name_far_from_all_suggests_nothing() -> None:
    """No suggestion is better than a wild one; and an empty table is told as such."""
    with pytest.raises(PluginError, match=r"^no middleware is named 'zzz'\. Known names: none\."):
        Registry({}, announced=[]).resolve_middleware("zzz")


def test_resolve_name_of_two_distributions_names_both(site: Site) -> None:
    """Two distributions with one name are refused; the error names both and both import paths."""
    site.distribution("acme-filters", "1.2", shared="registry_good:AddHeader")
    site.distribution("bolt-filters", "3.4", shared="registry_good:Outer.Inner")
    error = _error("shared")
    assert error.distributions == ("acme-filters", "bolt-filters")
    assert "is announced by acme-filters and bolt-filters. Uninstall one" in str(error)
    assert "registry_good:AddHeader" in str(error)
    assert "registry_good:Outer.Inner" in str(error)


def test_resolve_name_of_a_builtin_announced_names_distribution(site: Site) -> None:
    """A distribution cannot take the name of a built-in, in silence or otherwise."""
    site.distribution("acme-filters", "1.2", headers="registry_good:AddHeader")
    error = _error("headers")
    assert error.distributions == ("acme-filters",)
    assert "'headers' of acme-filters is a built-in's. For the plugin write registry_good:AddHeader" in str(error)


def test_resolve_broken_plugin_names_distribution_and_keeps_cause(site: Site) -> None:
    """A plugin that fails while it is imported is named with its distribution; its traceback is not lost."""
    site.module("registry_broken", "import json\njson.loads('{')")
    site.distribution("acme-broken", "1.0", broken="registry_broken:X")
    error = _error("broken")
    assert error.distributions == ("acme-broken",)
    assert "'broken' of acme-broken cannot be imported from registry_broken:X: JSONDecodeError" in str(error)
    assert isinstance(error.__cause__, ValueError)
    assert error.__cause__.__traceback__ is not None


def test_resolve_plugin_without_its_class_names_distribution(site: Site) -> None:
    """An entry point that leads nowhere is the distribution's fault."""
    site.distribution("acme-filters", "1.2", acme="registry_good:Missing")
    assert "'acme' of acme-filters cannot be imported from registry_good:Missing: AttributeError" in str(_error("acme"))


@pytest.mark.parametrize(
    ("attribute", "what"), [("function", "is a function"), ("NoMiddleware", "is the class NoMiddleware")]
)
def test_resolve_no_middleware_is_refused(site: Site, attribute: str, what: str) -> None:
    """What is not derived from ``Middleware`` is refused, by entry point with its distribution and by import path."""
    site.distribution("acme-filters", "1.2", acme=f"registry_good:{attribute}")
    by_name = _error("acme")
    assert by_name.distributions == ("acme-filters",)
    assert f"'acme' of acme-filters (registry_good:{attribute}) {what}, not a subclass of" in str(by_name)
    assert f"'registry_good:{attribute}' {what}, not a subclass of" in str(_error(f"registry_good:{attribute}"))


def test_resolve_config_that_is_no_middleware_config_is_refused(site: Site) -> None:
    """A plain pydantic model as ``Config`` would let unknown keys pass, so it is refused."""
    assert "the Config of 'registry_good:LooseConfig' is not a subclass of" in str(_error("registry_good:LooseConfig"))


@pytest.mark.parametrize("use", [":", "module:", ":Class", "a b:C", "a/b:C", "a:b:C", "a..b:C", "../a:C"])
def test_resolve_malformed_import_path_is_refused(use: str) -> None:
    """An import path is dotted names, a colon, dotted names."""
    assert "is not an import path. Write package.module:Class" in str(_error(use))


@pytest.mark.parametrize(
    ("use", "missing"), [("nowhere_at_all:X", "nowhere_at_all"), ("registry_good.x:X", "registry_good.x")]
)
def test_resolve_missing_module_tells_where_to_put_it(site: Site, use: str, missing: str) -> None:
    """A module that is not there is told apart from one that fails."""
    error = _error(use)
    assert f"there is no module '{missing}'. Install what it comes from, or put it next to" in str(error)
    assert isinstance(error.__cause__, ModuleNotFoundError)


def test_resolve_module_whose_import_is_missing_names_that(site: Site) -> None:
    """A module that is there but needs one that is not: the message names the one that is missing."""
    site.module("registry_needy", "import nowhere_at_all")
    error = _error("registry_needy:X")
    assert "'registry_needy:X' cannot be imported: ModuleNotFoundError: No module named 'nowhere_at_all'" in str(error)


def test_resolve_missing_class_suggests(site: Site) -> None:
    """A misspelt class is refused with the closest name of its module."""
    assert "registry_good has no 'AddHeaders'. Did you mean 'AddHeader'?" in str(_error("registry_good:AddHeaders"))
    assert "has no 'Qqqq'. Define it there" in str(_error("registry_good:Qqqq"))


def test_installed_plugins_tells_source_and_problems(site: Site) -> None:
    """Every announced plugin with its distribution and version, and why it cannot be used if it cannot."""
    site.distribution("acme-filters", "1.2", acme="registry_good:AddHeader", headers="registry_good:AddHeader")
    site.distribution("bolt-filters", "3.4", bolt="registry_good:NoMiddleware")
    found = [plugin for plugin in installed_plugins(BUILTIN) if plugin.object.startswith("registry_good:")]
    assert found[0] == PluginInfo("acme", "middleware", "acme-filters", "1.2", "registry_good:AddHeader")
    assert [(plugin.name, plugin.kind, plugin.distribution) for plugin in found[1:]] == [
        ("bolt", "unknown", "bolt-filters"),
        ("headers", "unknown", "acme-filters"),
    ]
    assert "not a subclass" in found[1].problem
    assert "is a built-in's" in found[2].problem


@pytest.mark.parametrize(
    ("version", "remedy"),
    [
        ("99", "Install a newer vizgate, or an older acme-filters"),
        ("0", "Install a newer acme-filters"),
        ("'1'", "Install a newer acme-filters"),
        ("True", "Install a newer acme-filters"),
    ],
)
def test_resolve_plugin_for_another_contract_names_package_and_remedy(site: Site, version: str, remedy: str) -> None:
    """A plugin may say which contract it was written for; one that is not kept is a start-up error."""
    site.module(
        "registry_contract", f"from vizgate import Middleware\nclass M(Middleware): contract_version = {version}"
    )
    site.distribution("acme-filters", "1.2", acme="registry_contract:M")
    error = _error("acme")
    assert str(error).endswith(f"was written for contract {version} of vizgate, which keeps contract 1. {remedy}")
    assert ("acme-filters",) == error.distributions


def test_resolve_plugin_for_the_present_contract_is_good(site: Site) -> None:
    """So is one that says nothing about it."""
    site.module(
        "registry_contract",
        "from vizgate import Middleware\nfrom vizgate.extension.announced import CONTRACT_VERSION\n"
        "class M(Middleware): contract_version = CONTRACT_VERSION",
    )
    assert "M" == resolve_middleware("registry_contract:M").__name__


def test_resolve_module_that_exits_names_it(site: Site) -> None:
    """A module that ends the program when it is imported does not end this one."""
    site.module("registry_exit", "raise SystemExit(3)")
    assert "'registry_exit:M' cannot be imported: SystemExit: 3. Mend registry_exit" == str(_error("registry_exit:M"))
