"""Filling in templates: the values of path parameters become data, whatever they hold.

In: ``fill_path``, ``fill_query``. Not in: parsing (``transform.template``) and what is allowed in a path
(``message.target``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from vizgate.message.target import decode_segment, quote_path, quote_segment
from vizgate.transform.template import Placeholder, parse_template, route_params

#: Path parameters by name, as the router gives them, to text that may stand in a URI.
Fill = Callable[[Mapping[str, Any]], str]


def fill_path(text: str, path_template: str) -> Fill:
    """A function that fills the template *text* in, as a path. It raises ``BadPath`` for a value that is a dot segment.

    Args: path_template: the route's, which tells a parameter that is the rest of a path, and keeps its slashes.
    """
    return _compile(text, path_template, rest=quote_path, single=quote_segment)


def fill_query(text: str, path_template: str) -> Fill:
    """A function that fills the template *text* in, as query or fragment; no value can add a parameter of its own."""
    return _compile(text, path_template, rest=_quote_rest, single=_quote_value)


def _compile(text: str, path_template: str, *, rest: Callable[[str], str], single: Callable[[str], str]) -> Fill:
    kinds = route_params(path_template)
    steps = [
        (part.name, rest if kinds[part.name] == "path" else single) if isinstance(part, Placeholder) else (part, None)
        for part in parse_template(text).parts
    ]

    def fill(params: Mapping[str, Any]) -> str:
        return "".join([part if encode is None else encode(str(params[part])) for part, encode in steps])

    return fill


def _quote_value(value: str) -> str:
    return quote(value, safe="", errors="surrogateescape")


def _quote_rest(normal: str) -> str:
    return _quote_value(decode_segment(normal))
