"""Splits, mirrors and faults of routes in a configuration."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from vizgate.config import load_text
from vizgate.config.audit.audit import audit

Refused = Callable[..., list[str]]

SERVICES = "services: {a: {targets: [http://a]}, b: {targets: [http://b]}}\n"


def route(text: str) -> str:
    return SERVICES + "routes:\n  - {match: {path: /}, " + text + "}"


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("split: [{service: c, weight: 1}]", "routes[0].split[0].service", "no service named 'c'"),
        ("service: a, mirror: {service: c}", "routes[0].mirror.service", "no service named 'c'"),
        ("split: [{service: a}]", "routes[0].split[0]", "no request goes here"),
        ("split: [{service: a, header: {X-A: '1'}}]", "routes[0].split", "no way has a weight"),
        ("service: a, split: [{service: b, weight: 1}]", "routes[0]", "a route has service and split"),
        ("service: a, split_by: user", "routes[0]", "split_by has no effect without split"),
        ("split: [{service: a, weight: 1}], split_by: user, auth: none", "routes[0]", "no effect on a public route"),
        ("split: [{service: a, weight: 1}], split_by: name", "routes[0].split_by", "tells no clients apart"),
        ("split: [{service: a, weight: 1}], split_by: 'cookie:'", "routes[0].split_by", "not the name of a cookie"),
        ("split: [{service: a, weight: 1}], split_by: 'header:a b'", "routes[0].split_by", "not a field name"),
        ("split: [{service: a, weight: 1}], split_by: 'header:X_Y'", "routes[0].split_by", "X_Y is dropped from every"),
        ("split: [{service: a, weight: 1}], split_by: 'header:TE'", "routes[0].split_by", "no route sees it"),
        ("split: [{service: a, weight: 1, header: {X_Y: a}}]", "routes[0].split[0].header.X_Y", "Write X-Y"),
        (
            "split: [{service: a, weight: 1, header: {Upgrade: a}}]",
            "routes[0].split[0].header.Upgrade",
            "gateway itself",
        ),
        ("service: a, fault: {abort: true, header: X_A, secret: s}", "routes[0].fault.header", "X_A is dropped"),
        (
            "service: a, fault: {abort: true, header: Proxy-Authorization, secret: s}",
            "routes[0].fault.header",
            "no route",
        ),
        ("respond: {text: x}, mirror: {service: a}", "routes[0]", "mirror has no effect with respond"),
        ("service: a, mirror: {service: b, percent: 0}", "routes[0].mirror.percent", "must be more than 0"),
        ("service: a, fault: {}", "routes[0].fault", "none of delay, status and abort"),
        ("service: a, fault: {abort: true, header: X-A}", "routes[0].fault", "header and secret belong together"),
    ],
)
def test_what_cannot_work_is_told_with_its_place(refused: Refused, text: str, place: str, message: str) -> None:
    """Each mistake once, where it is."""
    [found] = refused(route(text))
    assert f" {place}: " in found
    assert message in found


def test_services_of_a_split_are_those_of_the_route() -> None:
    """Each once, in order; without a split it is the service, with an answer of its own none."""
    config = load_text(
        "version: 1\n" + route("split: [{service: b, weight: 1}, {service: a, weight: 1}, {service: b, weight: 2}]")
    )
    assert ("b", "a") == config.routes[0].services
    assert ("a",) == load_text("version: 1\n" + route("service: a")).routes[0].services
    assert () == load_text("version: 1\n" + route("respond: {text: x}")).routes[0].services


def test_audit_sees_the_services_of_a_split() -> None:
    """A public route that writes is told of, whichever service it writes to."""
    config = load_text("version: 1\n" + route("split: [{service: a, weight: 1}, {service: b, weight: 1}]"))
    assert any("to a and b" in finding.message for finding in audit(config, 0.0))


def test_secret_of_a_fault_is_shown_nowhere() -> None:
    """Neither in a repr nor in a dump."""
    config = load_text("version: 1\n" + route("service: a, fault: {abort: true, header: X-F, secret: hush-hush}"))
    assert "hush-hush" not in repr(config) + config.model_dump_json()
