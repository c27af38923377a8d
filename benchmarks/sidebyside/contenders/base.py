"""What the harness must know of a contender."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sidebyside.process import Command
from sidebyside.site import Site


@dataclass(frozen=True, slots=True)
class Contender:
    """A proxy that can be measured.

    ``about``: how it is set up, for the report. ``missing``: why it cannot run here, None when it can. ``version``:
    what is installed. ``prepare``: write its configuration for a site; how to start it.
    """

    name: str
    about: str
    missing: Callable[[], str | None]
    version: Callable[[], str]
    prepare: Callable[[Site], Command]
