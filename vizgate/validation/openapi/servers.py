"""What stands before the paths of a document: the paths of its ``servers``.

In: ``prefixes_of``. Not in: ``base_path`` of the YAML, which is taken instead.
"""

from __future__ import annotations

import re
from itertools import product
from typing import Any
from urllib.parse import urlsplit

_VARIABLE = re.compile(r"\{([^{}]+)\}")
_MAX_PREFIXES = 50


def prefixes_of(servers: Any) -> tuple[str, ...]:
    """The paths of *servers*, without a slash at the end; ``("",)`` when there are none.

    A variable stands for each value of its ``enum``, or for its ``default`` where there is none.
    Raises: ValueError: it is no list of servers; the message says what to write.
    """
    if servers is None or servers == []:
        return ("",)
    if not isinstance(servers, list):
        raise ValueError("servers is a list. Write [{url: ...}]")  # noqa: TRY004  # of a document, not of the program
    found: dict[str, None] = {}
    for server in servers:
        if not isinstance(server, dict) or not isinstance(server.get("url"), str):
            raise ValueError("a server has no url. Write {url: ...}")  # noqa: TRY004  # as above
        for url in _urls(server["url"], server.get("variables") or {}):
            found.setdefault(urlsplit(url).path.rstrip("/"))
    if len(found) > _MAX_PREFIXES:
        raise ValueError(f"servers stand for more than {_MAX_PREFIXES} paths. Write base_path in the gateway's YAML")
    return tuple(found)


def _urls(url: str, variables: Any) -> list[str]:
    names = list(dict.fromkeys(_VARIABLE.findall(url)))
    if not isinstance(variables, dict) or any(not isinstance(variables.get(name), dict) for name in names):
        raise ValueError("a variable of a server's url is not defined. Define it under variables")
    choices = [_choices(variables[name]) for name in names]
    combined = product(*choices)
    urls = []
    for values in combined:
        values_by_name = dict(zip(names, values, strict=True))
        urls.append(_VARIABLE.sub(lambda match, known=values_by_name: known[match[1]], url))  # type: ignore[misc]  # bound now
        if len(urls) > _MAX_PREFIXES:
            break
    return urls


def _choices(variable: dict[str, Any]) -> list[str]:
    values = variable.get("enum") or [variable.get("default", "")]
    return [str(value) for value in values]
