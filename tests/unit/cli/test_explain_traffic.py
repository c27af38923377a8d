"""``vizgate explain`` and ``vizgate routes`` about splits, mirrors and faults."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

TEXT = """
version: 1
services: {stable: {targets: [http://10.0.0.1]}, canary: {targets: [http://10.0.0.2]}}
routes:
  - name: shop
    match: {path: /shop}
    split: [{service: stable, weight: 95}, {service: canary, weight: 5, header: {X-Canary: "yes"}}]
    mirror: {service: canary, percent: 10}
    fault: {delay: 2s, percent: 5, header: X-Fault, secret: hush-hush}
"""


@pytest.fixture
def explain(run: Any, tmp_path: Path) -> Any:
    file = tmp_path / "vizgate.yaml"
    file.write_text(TEXT)

    def call(command: str, *arguments: str) -> Any:
        return json.loads(run(command, str(file), *arguments, "--json")[1])

    return call


def test_explain_tells_the_way_that_was_taken(explain: Any) -> None:
    """The split, and of its services the one that the request goes to; the mirror is asked nothing."""
    found = explain("explain", "GET", "http://a/shop", "-H", "X-Canary: yes")
    policies = {policy["what"]: (policy["value"], policy["path"]) for policy in found["policies"]}
    assert ("stable 95%, canary 5% (always with header X-Canary: yes); sticky by ip", "routes[0].split") == policies[
        "split"
    ]
    assert ("10% to canary, at most 64 at once", "routes[0].mirror") == policies["mirror"]
    assert ("2s delay for 5% of requests with the secret in X-Fault", "routes[0].fault") == policies["fault"]
    assert ("http://10.0.0.2", "services.canary.targets") == policies["targets"]
    assert "canary" == found["upstream"]["service"]
    assert "hush-hush" not in json.dumps(found)


def test_explain_does_not_wait_for_a_delay(explain: Any) -> None:
    """Time stands still: with the secret the request is delayed and still answered at once."""
    found = explain("explain", "GET", "http://a/shop", "-H", "X-Fault: hush-hush")
    assert ("fault", True) == (found["middleware"][0]["use"], found["middleware"][0]["forwarded"])


def test_routes_tell_the_shares(explain: Any) -> None:
    """The table says where a split leads."""
    [row] = explain("routes")
    assert "split stable 95%, canary 5% (always with header X-Canary: yes)" == row["to"]
