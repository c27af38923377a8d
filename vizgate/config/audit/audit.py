"""All rules of an audit.

In: ``audit``, ``RULES``. Not in: the rules, and showing what they find (``cli``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from vizgate.auth.api_key.config import ApiKeyConfig
from vizgate.config.audit.authorities import endless_tokens, forgotten_revocations, open_on_failure, plain_authorities
from vizgate.config.audit.certificates import certificates, old_tls
from vizgate.config.audit.exposure import believed_networks, open_writes, unverified_upstreams
from vizgate.config.audit.finding import AuditFinding, AuditView, SeenCertificate
from vizgate.config.audit.keys import api_keys
from vizgate.config.audit.secrets import plain_secrets
from vizgate.config.audit.versions import api_versions
from vizgate.config.keys_file import read_keys_file
from vizgate.config.model import GatewayConfig

Rule = Callable[[AuditView], Iterator[AuditFinding]]

#: What is asked of every configuration, in this order.
RULES: tuple[Rule, ...] = (
    open_writes, believed_networks, unverified_upstreams, plain_authorities, endless_tokens, open_on_failure,
    forgotten_revocations, api_keys, plain_secrets, api_versions, old_tls, certificates,
)  # fmt: skip


def audit(config: GatewayConfig, now_s: float, shown: Sequence[SeenCertificate] = ()) -> list[AuditFinding]:
    """Everything that is unwise in *config*; its files of keys are read.

    Args: now_s: seconds since the epoch. shown: the certificates of its listeners.
    Raises: ConfigError: a file of keys can no longer be used.
    """
    filed = {
        name: read_keys_file(auth.keys_file)
        for name, auth in config.auth.items()
        if isinstance(auth, ApiKeyConfig) and auth.keys_file is not None
    }
    view = AuditView(config, now_s, filed, shown)
    return [finding for rule in RULES for finding in rule(view)]
