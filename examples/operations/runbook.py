"""Everything that a runbook asks of a running gateway, one call after the other.

Start the gateway with ``vizgate serve examples/operations/vizgate.yaml``, then run this file. It takes the address of
the admin listener and the token as arguments.
"""

from __future__ import annotations

import json
import sys
from http.client import HTTPConnection
from typing import Any

RUNBOOK: list[tuple[str, str, str, dict[str, Any] | None]] = [
    ("how is it?", "GET", "/status", None),
    ("a target is to be restarted", "POST", "/services/orders/targets/127.0.0.1:3001/drain", None),
    ("it is back", "POST", "/services/orders/targets/127.0.0.1:3001/enable", None),
    ("the whole service needs rest", "POST", "/services/orders/breaker/open", None),
    ("the breaker decides again", "POST", "/services/orders/breaker/auto", None),
    ("too much traffic", "PUT", "/limits/standard", {"tier": "anonymous", "rate": "20/minute"}),
    ("back to the configuration", "DELETE", "/limits/standard", None),
    ("one client is the cause", "PUT", "/blocks/203.0.113.7", {"for": "1h", "reason": "scraper"}),
    ("it has stopped", "DELETE", "/blocks/203.0.113.7", None),
    ("the cache holds something wrong", "POST", "/cache/purge", {"all": True}),
    ("what is it doing?", "PUT", "/log-level", {"level": "debug", "for": "10m"}),
    ("enough seen", "DELETE", "/log-level", None),
    ("the load balancer is to turn away", "POST", "/drain", None),
    ("and to come back", "POST", "/undrain", None),
]


def ask(address: str, token: str, method: str, path: str, said: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
    """Status and answer."""
    connection = HTTPConnection(address, timeout=10)
    try:
        fields = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        connection.request(method, path, None if said is None else json.dumps(said), fields)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def main(address: str = "127.0.0.1:9900", token: str = "example-operator-token") -> int:  # noqa: S107  # no secret
    """Do it all; gives 1 when anything was refused."""
    refused = 0
    for why, method, path, said in RUNBOOK:
        status, answer = ask(address, token, method, path, said)
        refused += status != 200
        print(f"{why}\n  {method} {path} {json.dumps(said) if said else ''}\n  {status} {json.dumps(answer)[:100]}")
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
