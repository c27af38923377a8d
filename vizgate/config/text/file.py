"""The text of a file that people write.

In: ``read_file``. Not in: what it says (``yaml_reader``).
"""

from __future__ import annotations

import os
from pathlib import Path as FilePath

from vizgate.config.problems import ConfigError, Place, Problem
from vizgate.config.text import events


def read_file(path: str | os.PathLike[str]) -> str:
    """The text in the file at *path*. Raises: ConfigError: it cannot be read, or is too long to be meant."""
    try:
        with FilePath(path).open("rb") as stream:
            data = stream.read(events.MAX_BYTES + 1)
    except OSError as exc:
        raise ConfigError(
            [Problem(Place(str(path)), (), f"cannot read the file: {exc.strerror}. Check its name")]
        ) from exc
    text = events.decode(data, str(path))
    if isinstance(text, Problem):
        raise ConfigError([text])
    return text
