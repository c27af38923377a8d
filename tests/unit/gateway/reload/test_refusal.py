"""The rules of the table of what only a restart can change."""

from __future__ import annotations

import re

import pytest

from vizgate.config import GatewayConfig, load_text
from vizgate.gateway.reload.refusal import TABLE, ReloadRefused, refuse_restart_only


def config(listen: str) -> GatewayConfig:
    return load_text(f"server: {{listen: [{listen}]}}\nroutes: [{{match: {{path: /}}, respond: {{}}}}]")


UNIX = "{address: 'unix:/run/a', mode: '600'}"


@pytest.mark.parametrize(
    "wanted",
    [UNIX, "127.0.0.1:8080", f"{UNIX}, 127.0.0.1:8080", "{address: 'unix:/run/b', mode: '660'}"],
)
def test_what_a_reload_can_change_is_let_through(wanted: str) -> None:
    """Addresses come and go, Unix sockets too."""
    refuse_restart_only(config(UNIX), config(wanted))


def test_who_may_open_a_socket_that_stays_is_not_changed() -> None:
    """Every reason is told, and what to do."""
    with pytest.raises(ReloadRefused) as refused:
        refuse_restart_only(config(UNIX), config(UNIX.replace("600", "660")))
    assert re.fullmatch(
        r"only a restart can change mode and owner of a Unix socket: .*\. Restart the gateway, or change it back",
        str(refused.value),
    )


def test_table_is_short() -> None:
    """What stands in it is a burden for whoever operates a gateway."""
    assert len(TABLE) <= 2
