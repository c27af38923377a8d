"""How a word on the command line finds a command that a package brings.

In: ``CommandRegistry``. Not in: what a command is (``command``), and running it (``cli``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from vizgate.extension.announced import (
    PluginError,
    PluginInfo,
    announced_in,
    by_name,
    described,
    distribution_of,
    listed,
    load,
    owners_of,
    refuse_other_contract,
    version_of,
)
from vizgate.extension.commands.command import COMMAND_GROUP, Command

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


class CommandRegistry:
    """Finds commands by name, importing only the one that is asked for.

    Args: builtin: names that are the program's own. announced: entry points to choose from; default those of every
    installed distribution, read once, when a name is first asked for.
    """

    def __init__(self, builtin: Collection[str] = (), announced: Iterable[EntryPoint] | None = None) -> None:
        self._builtin = frozenset(builtin)
        self._given = None if announced is None else tuple(announced)

    @cached_property
    def _announced(self) -> dict[str, list[EntryPoint]]:
        return announced_in(COMMAND_GROUP) if self._given is None else by_name(self._given)

    @property
    def names(self) -> dict[str, str]:
        """Every name, with what brings it; those of built-ins, too, when a package announces them."""
        return {
            name: listed(tuple(f"{distribution_of(point)} {version_of(point)}".rstrip() for point in points))
            for name, points in sorted(self._announced.items())
        }

    def resolve(self, name: str) -> type[Command]:
        """The class of the announced command *name*.

        Raises: PluginError: a built-in has that name, or several packages have, or it cannot be imported or is none.
        """
        points = self._announced[name]
        owners = owners_of(points)
        if name in self._builtin:
            raise PluginError(
                f"{listed(owners)} announces a command '{name}', which is a built-in's. Uninstall {listed(owners)}",
                name=name,
                distributions=owners,
            )
        if len(points) > 1:
            raise PluginError(
                f"the command '{name}' is announced by {listed(owners)}. Uninstall one", name=name, distributions=owners
            )
        found, shown = load(points[0])
        if not (isinstance(found, type) and issubclass(found, Command)):
            base = f"{Command.__module__}.{Command.__name__}"
            raise PluginError(
                f"{shown} is {described(found)}, not a subclass of {base}. Derive it from that class",
                name=name,
                distributions=owners,
            )
        refuse_other_contract(found, name, shown, owners)
        return found

    def installed_plugins(self) -> list[PluginInfo]:
        """Every announced command, sorted by name, each imported to see whether it can be used."""
        return [self._describe(point) for _, points in sorted(self._announced.items()) for point in points]

    def _describe(self, point: EntryPoint) -> PluginInfo:
        problem = ""
        try:
            self.resolve(point.name)
        except PluginError as error:
            problem = str(error)
        return PluginInfo(point.name, "command", distribution_of(point), version_of(point), point.value, problem)
