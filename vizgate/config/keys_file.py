"""A file of API keys: YAML by the same rules as the configuration.

In: ``read_keys_file``. Not in: when it is read (``auth.api_key.upkeep``).
"""

from __future__ import annotations

from pathlib import Path as FilePath

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vizgate.auth.api_key.config import KeyConfig
from vizgate.config.problems import ConfigError, Place, Problem
from vizgate.config.text import events, yaml_reader
from vizgate.config.text.nodes import Mapping, Node, Sequence, to_plain
from vizgate.config.words import problems_of
from vizgate.extension.values.fields import TextSource
from vizgate.extension.values.regular_file import open_regular

_EXAMPLE = "Write a list of keys as `vizgate keys new` prints them"


class _KeysFile(BaseModel):
    """The list, under a key of its own, so that problems have a path."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    keys: tuple[KeyConfig, ...] = Field(description="The keys.")


def read_keys_file(path: FilePath) -> tuple[KeyConfig, ...]:
    """The keys in the regular file at *path*: a list, or a mapping with ``keys``. Variables are not replaced in it. No
    more than ``events.MAX_BYTES`` are read.

    Raises: ConfigError: with everything that is wrong in it, each with its place.
    """
    name = str(path)
    try:
        with open_regular(path) as stream:
            data = stream.read(events.MAX_BYTES + 1)
    except OSError as exc:
        raise ConfigError([Problem(Place(name), (), f"cannot read the file: {exc.strerror}. Check its name")]) from exc
    text = events.decode(data, name)
    if isinstance(text, Problem):
        raise ConfigError([text])
    document = yaml_reader.read(text, name)
    if document.root is None and document.problems:
        raise ConfigError(document.problems)
    root = _as_mapping(document.root, name)
    try:
        found = _KeysFile.model_validate(to_plain(root), context=TextSource(path.parent))
    except ValidationError as exc:
        raise ConfigError([*document.problems, *problems_of(exc, root, model=_KeysFile)]) from None
    if document.problems:
        raise ConfigError(document.problems)
    return found.keys


def _as_mapping(root: Node | None, name: str) -> Mapping:
    if isinstance(root, Mapping):
        return root
    place = Place(name, 1, 1) if root is None else root.place
    if not isinstance(root, Sequence):
        raise ConfigError([Problem(place, (), f"there are no keys. {_EXAMPLE}")])
    return Mapping(place, {"keys": root}, {"keys": place})
