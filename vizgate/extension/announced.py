"""What distributions announce: entry points, and what may be wrong with them.

In: ``PluginError``, ``PluginInfo``, loading an entry point, the version of the contract. Not in: components
(``registry``) and commands (``commands``), which are announced in groups of their own. Nothing here is slow to
import: ``vizgate --help`` lists what there is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vizgate.errors import VizgateError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

#: The version of what is promised to plugins: it rises when a plugin that kept to it would have to change.
CONTRACT_VERSION = 1
#: The oldest version whose plugins still work.
OLDEST_CONTRACT = 1


class PluginError(VizgateError):
    """A component cannot be found or cannot be used; the message says whose fault it is and what to do.

    ``name``: what the configuration asked for. ``distributions``: the installed distributions at fault, if any.
    """

    def __init__(self, message: str, *, name: str, distributions: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.name = name
        self.distributions = distributions


@dataclass(frozen=True, slots=True)
class PluginInfo:
    """One announced plugin. ``object``: where its class is, ``package.module:Class``. ``problem``: "" when usable."""

    name: str
    kind: str
    distribution: str
    version: str
    object: str
    problem: str = ""


def announced_in(group: str) -> dict[str, list[EntryPoint]]:
    """The entry points of every installed distribution in *group*, by name."""
    from importlib.metadata import entry_points

    return by_name(entry_points(group=group))


def by_name(points: Iterable[EntryPoint]) -> dict[str, list[EntryPoint]]:
    """*points*, those of one name together."""
    found: dict[str, list[EntryPoint]] = {}
    for point in points:
        found.setdefault(point.name, []).append(point)
    return found


def load(point: EntryPoint) -> tuple[Any, str]:
    """What *point* leads to, and what to call it. Raises: PluginError: it cannot be imported."""
    owner = distribution_of(point)
    try:
        found = point.load()
    except (Exception, SystemExit) as error:  # whatever a stranger's module raises while it is imported
        raise PluginError(
            f"'{point.name}' of {owner} cannot be imported from {point.value}: {told(error)}. "
            f"Mend or uninstall {owner}",
            name=point.name,
            distributions=(owner,),
        ) from error
    return found, f"'{point.name}' of {owner} ({point.value})"


def owners_of(points: Iterable[EntryPoint]) -> tuple[str, ...]:
    """The distributions that announce *points*, sorted."""
    return tuple(sorted(distribution_of(point) for point in points))


def distribution_of(point: EntryPoint) -> str:
    """The name of the distribution that announces *point*."""
    return str(point.dist.name) if point.dist is not None else "an unnamed distribution"


def version_of(point: EntryPoint) -> str:
    """The version of that distribution; "" without one."""
    return str(point.dist.version) if point.dist is not None else ""


def refuse_other_contract(found: Any, name: str, shown: str, owners: tuple[str, ...] = ()) -> None:
    """Raise PluginError when the class *found* was written for a contract that is not kept here."""
    written_for = found.contract_version
    if written_for is None or (type(written_for) is int and OLDEST_CONTRACT <= written_for <= CONTRACT_VERSION):
        return
    kept = " to ".join(dict.fromkeys((str(OLDEST_CONTRACT), str(CONTRACT_VERSION))))
    owner = listed(owners) or found.__module__.partition(".")[0]
    is_newer = type(written_for) is int and written_for > CONTRACT_VERSION
    remedy = f"Install a newer vizgate, or an older {owner}" if is_newer else f"Install a newer {owner}"
    raise PluginError(
        f"{shown} was written for contract {written_for!r} of vizgate, which keeps contract {kept}. {remedy}",
        name=name,
        distributions=owners,
    )


def described(found: Any) -> str:
    """*found* in words, for whoever expected another thing."""
    return f"the class {found.__qualname__}" if isinstance(found, type) else f"a {type(found).__name__}"


def listed(words: tuple[str, ...], conjunction: str = "and") -> str:
    """*words* as an enumeration, each once."""
    return f" {conjunction} ".join(dict.fromkeys(words))


def told(error: BaseException) -> str:
    """*error* in a line."""
    return f"{type(error).__name__}: {error}"
