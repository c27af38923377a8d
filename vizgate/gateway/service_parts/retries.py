"""Retries of a service.

In: making their policy, and how long one attempt may take. Not in: deciding (``retry``).
"""

from __future__ import annotations

from vizgate.config.model import ServiceConfig
from vizgate.extension.contract import Context
from vizgate.retry.policy import RetryPolicy


def retries_of(service: ServiceConfig, context: Context) -> RetryPolicy | None:
    """The policy of *service*; None when it says nothing about retries."""
    if service.retry is None:
        return None
    return RetryPolicy(service.retry, len(service.targets), context)


def response_timeout_s(service: ServiceConfig) -> float:
    """How long one attempt may wait for a head: the smaller of the service's and the retries' bound, 0 for none."""
    bounds = [service.timeouts.response, 0.0 if service.retry is None else service.retry.per_try_timeout]
    return min((bound for bound in bounds if bound), default=0.0)
