"""Series of what no configuration names any more.

In: ``Names`` of a configuration, ``forget``. Not in: metrics (``observe.metrics``).
"""

from __future__ import annotations

from dataclasses import dataclass

from vizgate.config import GatewayConfig
from vizgate.observe.metrics import Metrics
from vizgate.transport.pool import Endpoint


@dataclass(frozen=True, slots=True)
class Names:
    """What labels of metrics may be called by a configuration, by label; targets with the service before them."""

    by_label: dict[str, frozenset[str]]
    targets: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, config: GatewayConfig) -> Names:
        """Those of *config*."""
        by_label = {
            "route": frozenset(route.name for route in config.routes),
            "service": frozenset(config.services),
            "limit": frozenset(config.limits),
            "authenticator": frozenset(config.auth),
        }
        targets = frozenset(
            (name, str(Endpoint(target.url.host, target.url.port, unix_path=target.url.unix_path)))
            for name, service in config.services.items()
            for target in service.targets
        )
        return cls(by_label, targets)

    def without(self, others: list[Names]) -> Names:
        """What is in none of *others*."""
        gone = {
            label: names.difference(*(other.by_label[label] for other in others))
            for label, names in self.by_label.items()
        }
        return Names(gone, self.targets.difference(*(other.targets for other in others)))


def forget(metrics: Metrics, gone: GatewayConfig, present: list[GatewayConfig]) -> None:
    """Drop every series of what *gone* names and nobody of *present* does.

    Else gateways whose targets come and go would show ever more of them.
    """
    left = Names.of(gone).without([Names.of(config) for config in present])
    metrics.forget(left.by_label, left.targets)
