"""A rule of the configuration, told to people.

In: ``Policy``. Not in: which there are (``cli.explanation`` and the modules beside it).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Policy:
    """A rule of the configuration that holds for the request: what, how much, and where it is written."""

    what: str
    value: str
    path: str
