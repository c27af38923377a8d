"""What was discovered, as targets of a service.

In: the configuration of a service with them. Not in: compiling it (``gateway.services``).
"""

from __future__ import annotations

from collections.abc import Generator, Sequence

from vizgate.config.model import ServiceConfig, TargetConfig
from vizgate.config.model.address import TargetUrl
from vizgate.extension.kinds.discovery import DiscoveredTarget

#: What stands in for targets where nobody is asked: a name that nobody can have (RFC 2606).
STAND_IN = (DiscoveredTarget("discovered.invalid", 80),)

_STEP = 200


def with_targets(service: ServiceConfig, found: Sequence[DiscoveredTarget]) -> Generator[None, None, ServiceConfig]:
    """*service* with the targets it has and those of *found* whose addresses are not among them; in small steps."""
    own = {(target.url.host, target.url.port) for target in service.targets if not target.url.unix_path}
    targets = list(service.targets)
    for number, target in enumerate(found):
        if (target.host, target.port) not in own:
            targets.append(_target(target, service))
        if number % _STEP == _STEP - 1:
            yield
    return service.model_copy(update={"targets": tuple(targets)})


def leaving(found: Sequence[DiscoveredTarget]) -> frozenset[str]:
    """The addresses of those that are about to end."""
    return frozenset(target.address for target in found if target.is_leaving)


def _target(found: DiscoveredTarget, service: ServiceConfig) -> TargetConfig:
    # What a source says is checked where it is made; validating it again takes as long as everything else.
    return TargetConfig.model_construct(
        url=TargetUrl(found.scheme, found.host, found.port),
        weight=found.weight,
        priority=found.priority,
        zone=found.zone,
        server_name=found.server_name or None if service.tls.server_name is None else None,
    )
