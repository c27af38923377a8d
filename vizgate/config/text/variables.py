"""``${NAME}`` and ``${NAME:-default}`` in the texts of a tree.

In: expansion with the place of every fault. Not in: overrides such as ``VIZGATE_SERVER__WORKERS`` (``overrides``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping as EnvironmentMapping
from collections.abc import Sequence as Items

from vizgate.config.problems import Path, Problem, shown
from vizgate.config.text.nodes import Mapping, Node, Scalar
from vizgate.extension.values.fields import Defaulted

Environment = EnvironmentMapping[str, str]

_REFERENCE = re.compile(r"\$\$\{|\$\{([^{}]*)\}|\$\{")
_CONTENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(:-(.*))?", re.ASCII | re.DOTALL)


def expand(root: Node, environment: Environment) -> list[Problem]:
    """Replace the variables in every text under *root*, in place; ``$${`` stands for ``${``. Returns what is wrong."""
    problems: list[Problem] = []
    _walk(root, (), environment, problems)
    return problems


def _walk(node: Node, path: Path, environment: Environment, problems: list[Problem]) -> None:
    if isinstance(node, Scalar):
        _expand_scalar(node, path, environment, problems)
        return
    children: Items[tuple[str | int, Node]] = (
        list(node.entries.items()) if isinstance(node, Mapping) else list(enumerate(node.items))
    )
    for part, child in children:
        _walk(child, (*path, part), environment, problems)


def _expand_scalar(node: Scalar, path: Path, environment: Environment, problems: list[Problem]) -> None:
    text = node.value
    if not isinstance(text, str) or "${" not in text:
        return
    faults: list[str] = []
    used = False

    def replace(match: re.Match[str]) -> str:
        nonlocal used
        if match[0] == "$${":
            return "${"
        used = True
        value = _value(match, environment)
        if isinstance(value, _Fault):
            faults.append(value.message)
            return ""
        node.by_default = node.by_default or (isinstance(value, Defaulted) and value != "")
        return value

    node.value = _REFERENCE.sub(replace, text)
    node.raw = text if used else ""
    node.broken = bool(faults)
    problems += [Problem(node.place, path, message) for message in faults]


class _Fault:
    __slots__ = ("message",)

    def __init__(self, message: str) -> None:
        self.message = message


def _value(match: re.Match[str], environment: Environment) -> str | _Fault:
    content = None if match[1] is None else _CONTENT.fullmatch(match[1])
    if content is None:
        return _Fault(
            f"{shown(match[0])} is no variable. Write ${{NAME}} or ${{NAME:-default}}, and $${{ for the characters"
        )
    name, has_default, default = content.groups()
    value = environment.get(name, "")
    # As in a shell: ":-" takes the default for a variable that is empty, too.
    if has_default and not value:
        return Defaulted(default)
    if name not in environment:
        return _Fault(f"the environment variable {name} is not set. Set it, or write ${{{name}:-default}}")
    return value
