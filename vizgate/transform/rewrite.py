"""``rewrite``: another path for the service, the same query.

In: ``compile_rewrite``. Not in: how values are encoded (``transform.filling``) and what is refused in any path
(``message.target``).

The result begins with exactly one slash and holds no dot segment, so nothing a client sends can make it name another
host or leave the folder that the template puts it in. The query is not parsed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from vizgate.message.target import check_rewritten, drop_segments, is_plain_path
from vizgate.transform.config import RewriteConfig
from vizgate.transform.filling import fill_path

#: The target as it came and the path parameters of the route, to the target that is forwarded.
Rewrite = Callable[[bytes, Mapping[str, Any]], bytes]


def compile_rewrite(config: RewriteConfig, path_template: str) -> Rewrite:
    """The rewrite of one route.

    What is returned raises ``BadPath`` (400) for a value that would be a dot segment. A typed parameter is written as
    its value, so ``/007`` matched by ``{id:int}`` becomes ``/7``.

    Args: path_template: ``match.path`` of the route.
    Raises: ValueError: see ``RewriteConfig.check_route``.
    """
    config.check_route(path_template)
    if config.path is not None:
        return _to_template(config.path, path_template)
    return _without_segments((config.strip_prefix or "").count("/"))


def _to_template(text: str, path_template: str) -> Rewrite:
    fill = fill_path(text, path_template)

    def rewrite(target: bytes, params: Mapping[str, Any]) -> bytes:
        _, mark, query = target.partition(b"?")
        return check_rewritten(fill(params).encode("ascii")) + mark + query

    return rewrite


def _without_segments(count: int) -> Rewrite:
    # By count, not by comparing text: the router has matched these segments already, in whatever encoding they came.
    def rewrite(target: bytes, _params: Mapping[str, Any]) -> bytes:
        path, mark, query = target.partition(b"?")
        if is_plain_path(path):
            parts = path.split(b"/", count + 1)
            if len(parts) == count + 2:
                return b"/" + parts[-1] + mark + query
        return drop_segments(path, count) + mark + query

    return rewrite
