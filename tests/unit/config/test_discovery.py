"""What the YAML may say about where targets come from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from vizgate.config import load_text
from vizgate.discovery.dns.config import DnsDiscoveryConfig, NameServer, parse_name_server
from vizgate.extension.registry import Registry
from vizgate.gateway.builtin import BUILTIN

Refused = Callable[..., list[str]]

KINDS = [
    "{kind: dns, name: api.internal, port: 8080}",
    "{kind: dns, name: _http._tcp.api.internal., record: SRV, scheme: https}",
    "{kind: dns, name: api, port: 80, record: A+AAAA, nameservers: [10.0.0.2, '10.0.0.2:8600', '[fd00::1]:53']}",
    "{kind: dns, name: api, port: 80, search: [internal], min_interval: 5s, max_interval: 30s, timeout: 2s}",
    "{kind: file, path: targets.yaml, at: data.up, scheme: https, port: 443, interval: 1s, limit: 1MiB}",
    "{kind: http, url: 'https://registry.internal/targets', interval: 5s, token: '${TOKEN}', token_header: X-Token}",
    "{kind: kubernetes, service: api}",
    "{kind: kubernetes, service: api, namespace: shop, port: http, scheme: https, family: IPv6, on_empty: keep}",
    "{kind: kubernetes, service: api, namespace: shop, url: 'https://10.0.0.1', token_file: token, watch_for: 1m}",
    "{kind: 'my_package:Source', anything: goes, on_start: require}",
]


@pytest.mark.parametrize("discovery", KINDS)
def test_every_kind_of_source_loads(discovery: str) -> None:
    """Beside everything else that a service may have."""
    text = f"services: {{a: {{discovery: {discovery}, required: true, affinity: {{cookie: S}}, breaker: {{}}}}}}"
    config = load_text(text, environment={"TOKEN": "s3cret"})
    setting = config.services["a"].discovery
    assert setting is not None
    assert "s3cret" not in repr(setting)


@pytest.mark.parametrize(
    ("service", "message"),
    [
        ("{discovery: {}}", "services.a.discovery: kind is missing"),
        ("{discovery: dns}", "services.a.discovery: must be a mapping"),
        ("{discovery: {kind: dns, name: a}}", "port is missing: A records do not say it"),
        ("{discovery: {kind: dns, name: a, record: SRV, port: 1}}", "port has no effect with SRV"),
        ("{discovery: {kind: dns, name: 'a b', port: 1}}", "services.a.discovery.name"),
        ("{discovery: {kind: dns, name: a, port: 1, nameservers: [dns.internal]}}", "is no name server. Write its IP"),
        ("{discovery: {kind: dns, name: a, port: 1, nameservers: ['10.0.0.1:0']}}", "has no valid port"),
        ("{discovery: {kind: dns, name: a, port: 1, max_interval: 1s, min_interval: 2s}}", "max_interval is shorter"),
        ("{discovery: {kind: dns, name: a, port: 1, nmae: b}}", "there is no key 'nmae' here"),
        ("{discovery: {kind: file, path: a, interval: 1ms}}", "services.a.discovery.interval"),
        ("{discovery: {kind: http, url: 'ftp://a'}}", "is not an http or https URL"),
        ("{discovery: {kind: kubernetes, service: API}}", "services.a.discovery.service"),
        ("{discovery: {kind: kubernetes, service: a, url: 'http://a'}}", "namespace is missing"),
        ("{discovery: {kind: kubernetes, service: a, token: x, token_file: y}}", "exclude each other"),
        ("{discovery: {kind: kubernetes, service: a, port: 0}}", "services.a.discovery.port"),
        ("{builtin: echo, discovery: {kind: file, path: a}}", "a builtin service takes no discovery"),
        ("{discovery: {kind: dns, name: a, port: 1}, tls: {verify: false}}", "tls has no effect"),
        ("{targets: [{url: 'http://a', server_name: b}]}", "server_name has no effect without https"),
    ],
)
def test_what_cannot_be_meant_is_refused(refused: Refused, service: str, message: str) -> None:
    """In words for people, at its place."""
    assert message in "\n".join(refused(f"services: {{a: {service}}}"))


def test_weights_beside_a_source_need_no_other_balancer() -> None:
    """A source may give weights, so turns go by them; without one, weights would have no effect."""
    own = "targets: [{url: 'http://a', weight: 2}]"
    load_text(f"services: {{a: {{{own}, discovery: {{kind: file, path: x}}}}}}")


def test_settings_of_a_source_of_ones_own_are_checked(refused: Refused) -> None:
    """By its class, as those of every plugin; its keys beside the common ones are its own."""
    text = "services: {a: {discovery: {kind: 'tests.unit.testing.test_discovery_suite:Good', channel: x}}}"
    found = "\n".join(refused(text, resolve=Registry(BUILTIN).resolve))
    assert "services.a.discovery" in found
    assert "channel" in found
    missing = "services: {a: {discovery: {kind: consul}}}"
    assert "no discovery is named 'consul'" in "\n".join(refused(missing, resolve=Registry(BUILTIN).resolve))


def test_name_servers_have_a_port_if_it_is_not_53() -> None:
    """IPv6 in brackets then."""
    assert NameServer("10.0.0.2") == parse_name_server("10.0.0.2")
    assert NameServer("fd00::1", 8600) == parse_name_server("[fd00::1]:8600")
    assert NameServer("fd00::1") == parse_name_server("fd00::1")


def test_path_of_a_file_is_relative_to_the_configuration(tmp_path: Path) -> None:
    """As every path in the YAML; the file need not be there yet."""
    config = load_text("services: {a: {discovery: {kind: file, path: t.yaml}}}", base=tmp_path)
    assert tmp_path / "t.yaml" == config.services["a"].discovery.path


def test_source_can_be_made_in_python() -> None:
    """With plain numbers for durations."""
    assert 5.0 == DnsDiscoveryConfig(kind="dns", name="a", port=80).timeout
