"""From a file or a text to a ``GatewayConfig``, or every problem at once.

In: the order of the steps. Not in: the steps (``text``, ``later``, ``model``, ``validate``, ``words``).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from collections.abc import Mapping as AnyMapping
from functools import partial
from pathlib import Path as FilePath
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from vizgate.auth.api_key.config import ApiKeyConfig, refuse_unfit
from vizgate.auth.config import BUILT_IN_KINDS
from vizgate.config import later, validate
from vizgate.config.across.auth import AuthParts
from vizgate.config.across.limits import LimitParts
from vizgate.config.keys_file import read_keys_file
from vizgate.config.model import CheckConfig, GatewayConfig, RouteConfig
from vizgate.config.problems import ConfigError, Finding, Path, Place, Problem, shown
from vizgate.config.text import overrides as overlay
from vizgate.config.text import variables, yaml_reader
from vizgate.config.text.file import read_file
from vizgate.config.text.nodes import Mapping, Node, Scalar, Sequence, child_of, find, to_plain
from vizgate.config.validate import Resolve
from vizgate.config.words import hide_secrets, problems_of
from vizgate.discovery.config import BUILT_IN_SOURCES
from vizgate.errors import VizgateError
from vizgate.extension.values.fields import TextSource
from vizgate.store.config import BUILT_IN_STORES, short_store

_M = TypeVar("_M", bound=BaseModel)

# Under these paths nothing (`null`) is a value like any other.
_NULL_ALLOWED: tuple[tuple[str | None, ...], ...] = (
    ("routes", None, "respond", "json"),
    ("routes", None, "middleware", None),
    ("plugins", None),
    ("observe", "sinks", None),
    ("tests", None, "request", "json"),
)

# Kind of component, and the list that names some by ``use``.
_LISTS_OF_PLUGINS: tuple[tuple[str, Path], ...] = (("service", ("plugins",)), ("sink", ("observe", "sinks")))


def load_config(
    path: str | os.PathLike[str],
    *,
    overrides: AnyMapping[str, Any] | None = None,
    environment: AnyMapping[str, str] | None = None,
    resolve: Resolve | None = None,
    files: set[FilePath] | None = None,
) -> GatewayConfig:
    """The configuration in the YAML file at *path*.

    Args: overrides: values of the command line by dotted path, ``{"server.workers": 1}``; they win over everything.
    environment: where ``${NAME}`` and ``VIZGATE_SERVER__HTTP`` are looked up, default the process's. resolve: gives
    the class of a kind behind a ``use`` or a ``kind``, so that its settings are checked, too. files: is given every
    file that was read, also when the configuration cannot be used.

    Raises: ConfigError: the file cannot be read or used; it holds every problem.
    """
    file = FilePath(path)
    files = set() if files is None else files
    files.add(file)
    text = read_file(path)
    source = TextSource(file.parent, files)
    outside = overrides or {}, os.environ if environment is None else environment
    return _load(text, str(path), source, outside, resolve)


def load_text(
    text: str,
    name: str = "<text>",
    *,
    base: str | os.PathLike[str] = ".",
    overrides: AnyMapping[str, Any] | None = None,
    environment: AnyMapping[str, str] | None = None,
    resolve: Resolve | None = None,
) -> GatewayConfig:
    """The configuration in the YAML *text*; problems call it *name*, and relative paths in it start from *base*.

    The other arguments are those of ``load_config``. Raises: ConfigError: it cannot be used; it holds every problem.
    """
    outside = overrides or {}, os.environ if environment is None else environment
    return _load(text, name, TextSource(FilePath(base)), outside, resolve)


def _load(
    text: str,
    name: str,
    source: TextSource,
    outside: tuple[AnyMapping[str, Any], AnyMapping[str, str]],
    resolve: Resolve | None,
) -> GatewayConfig:
    """Args: outside: values of the command line, and the environment."""
    overrides, environment = outside
    document = yaml_reader.read(text, name)
    root, problems = document.root, document.problems
    if root is None and problems:
        raise ConfigError(problems)
    if not isinstance(root, Mapping):
        raise ConfigError([*problems, _not_a_mapping(root, name)])
    problems += variables.expand(root, environment)
    problems += overlay.apply_environment(root, environment)
    problems += overlay.apply_command_line(root, overrides)
    problems += _refuse_empty(root, ())
    problems += later.refuse(root)
    return _build(root, source, problems, resolve)


def _not_a_mapping(root: Node | None, name: str) -> Problem:
    if root is None or (isinstance(root, Scalar) and root.value is None):
        return Problem(Place(name, 1, 1), (), "the configuration is empty. Write at least services and routes")
    return Problem(
        root.place, (), "the configuration must be a mapping. Write for example 'routes:' in the first column"
    )


def _refuse_empty(node: Node, path: Path) -> list[Problem]:
    """A key without a value would mean its default, while whoever wrote it meant something."""
    if any(len(path) >= len(allowed) and _is_like(path, allowed) for allowed in _NULL_ALLOWED):
        return []
    if isinstance(node, Scalar):
        if node.value is not None or node.broken:
            return []
        node.broken = True
        return [Problem(node.place, path, "has no value. Write one, or remove the key")]
    children: list[tuple[str | int, Node]] = (
        list(node.entries.items()) if isinstance(node, Mapping) else list(enumerate(node.items))
    )
    return [problem for part, child in children for problem in _refuse_empty(child, (*path, part))]


def _is_like(path: Path, pattern: tuple[str | None, ...]) -> bool:
    return all(wanted is None or part == wanted for part, wanted in zip(path, pattern, strict=False))


def _build(root: Mapping, source: TextSource, problems: list[Problem], resolve: Resolve | None) -> GatewayConfig:
    config: GatewayConfig | None = None
    try:
        config = GatewayConfig.model_validate(to_plain(root), context=source)
    except ValidationError as exc:
        problems += problems_of(exc, root, model=GatewayConfig)
    parts = validate.parts_of(config) if config is not None else _valid_parts(root, source)
    problems += [_placed(finding, root) for finding in validate.findings(parts)]
    if config is not None:
        problems += _key_file_problems(config, root)
    if resolve is not None:
        problems += _component_problems(root, source, resolve)
    if problems or config is None:
        raise ConfigError(problems)
    return config


def _key_file_problems(config: GatewayConfig, root: Mapping) -> list[Problem]:
    """What is wrong in files of API keys, where it stands, or between such a file and the keys beside it."""
    problems: list[Problem] = []
    for name, auth in config.auth.items():
        if isinstance(auth, ApiKeyConfig) and auth.keys_file is not None:
            try:
                refuse_unfit([*auth.keys, *read_keys_file(auth.keys_file)], has_pepper=auth.pepper is not None)
            except ConfigError as exc:
                problems += exc.problems
            except ValueError as exc:
                problems.append(_placed(Finding(("auth", name, "keys_file"), str(exc)), root))
    return problems


def _placed(finding: Finding, root: Mapping) -> Problem:
    node, path = find(root, finding.path), finding.path
    while node is None:
        path = path[:-1]
        node = find(root, path)
    also = find(root, finding.other) if finding.other else None
    hint = f" (at {also.place})" if also is not None else ""
    return Problem(node.place, path, hide_secrets(finding.message.replace("{other}", hint), node))


def _valid_parts(root: Mapping, source: TextSource) -> validate.Parts:
    """What can be checked across parts although a part is wrong, so that its problems are not found one run later."""
    routes = _valid_items(root, "routes", RouteConfig, source)
    names = _texts(root, "name")
    return validate.Parts(
        routes=routes,
        tests=_valid_items(root, "tests", CheckConfig, source),
        names=names,
        services=_texts(root, "service"),
        known_services=_names_under(root, "services"),
        all_routes=all(index in routes or index in names for index, _ in _items(root, ("routes",))),
        auth=AuthParts(names=_names_under(root, "auth"), asked=_names_in_routes(root, "auth")),
        limits=LimitParts(names=_names_under(root, "limits"), asked=_names_in_routes(root, "limit")),
    )


def _names_under(root: Mapping, key: str) -> tuple[str, ...]:
    """The keys of the mapping *key*, whether what stands under them is good or not."""
    node = root.entries.get(key)
    return tuple(node.entries) if isinstance(node, Mapping) else ()


def _names_in_routes(root: Mapping, key: str) -> dict[int, tuple[str, ...]]:
    """The names that each route has under *key*, one or a list, faulty routes included."""
    found = {}
    for index, route in _items(root, ("routes",)):
        node = child_of(route, key)
        texts = [node] if isinstance(node, Scalar) else node.items if isinstance(node, Sequence) else []
        names = [text.value for text in texts if isinstance(text, Scalar) and not text.broken]
        found[index] = tuple(name for name in names if isinstance(name, str) and name != "none")
    return found


def _items(root: Mapping, path: Path) -> Iterator[tuple[int, Node]]:
    """Index and node of each entry of the list at *path*; nothing when there is no list."""
    node = find(root, path)
    yield from enumerate(node.items if isinstance(node, Sequence) else [])


def _valid_items(root: Mapping, key: str, model: type[_M], source: TextSource) -> dict[int, _M]:
    valid = {}
    for index, item in _items(root, (key,)):
        try:
            valid[index] = model.model_validate(to_plain(item), context=source)
        except ValidationError:
            continue
    return valid


def _texts(root: Mapping, key: str) -> dict[int, str]:
    """The text that each route has under *key*, faulty routes included."""
    return {index: text for index, route in _items(root, ("routes",)) if (text := _text(route, key))}


def _text(node: Node, key: str) -> str:
    child = child_of(node, key)
    return child.value if isinstance(child, Scalar) and isinstance(child.value, str) and not child.broken else ""


def _component_problems(root: Mapping, source: TextSource, resolve: Resolve) -> list[Problem]:
    """What the classes behind every ``use`` and every ``kind`` that is not built in say about their settings."""
    problems: list[Problem] = []
    for number, _ in _items(root, ("routes",)):
        for index, entry in _items(root, ("routes", number, "middleware")):
            if _text(entry, "use"):
                at: Path = ("routes", number, "middleware", index)
                problems += _entry_problems(root, at, source, partial(resolve, "middleware"), "use")
    for kind, path in _LISTS_OF_PLUGINS:
        for index, entry in _items(root, path):
            if _text(entry, "use"):
                problems += _entry_problems(root, (*path, index), source, partial(resolve, kind), "use")
    for name in _names_under(root, "services"):
        at = ("services", name, "balancer")
        balancer = find(root, at)
        if balancer is not None and _text(balancer, "use"):
            problems += _entry_problems(root, at, source, partial(resolve, "balancer"), "use")
        at = ("services", name, "discovery")
        discovery = find(root, at)
        kind = "" if discovery is None else _text(discovery, "kind")
        if kind and kind not in BUILT_IN_SOURCES:
            problems += _entry_problems(root, at, source, partial(resolve, "discovery"), "kind")
    auth = root.entries.get("auth")
    for name, entry in auth.entries.items() if isinstance(auth, Mapping) else ():
        kind = _text(entry, "kind")
        if kind and kind not in BUILT_IN_KINDS:
            problems += _entry_problems(root, ("auth", name), source, partial(resolve, "authenticator"), "kind")
    store = short_store(to_plain(root.entries["store"])) if "store" in root.entries else None
    if isinstance(store, dict) and isinstance(store.get("kind"), str) and store["kind"] not in BUILT_IN_STORES:
        problems += _entry_problems(root, ("store",), source, partial(resolve, "store"), "kind")
    return problems


def _entry_problems(
    root: Mapping, at: Path, source: TextSource, find_class: Callable[[str], Any], key: str
) -> list[Problem]:
    node = find(root, at)
    # The store may be named by its kind alone.
    entry: dict[str, Any] = short_store(to_plain(node)) if node is not None else {}
    use = entry.pop(key)
    model: type[BaseModel] | None = None
    try:
        model = find_class(use).Config
        model.model_validate(entry, context=source)
    except ValidationError as exc:
        return problems_of(exc, root, at=at, model=model)
    except VizgateError as exc:
        return [_placed(Finding((*at, key), str(exc)), root)]
    except (Exception, SystemExit) as exc:  # noqa: BLE001  # of a stranger's model; its text may hold a secret
        message = f"the settings of {shown(use)} cannot be checked: its Config raised {type(exc).__name__}. Mend it"
        return [_placed(Finding(at, message), root)]
    return []
