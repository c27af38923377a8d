"""Values from the command line and the environment, laid over the YAML."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from vizgate.config import GatewayConfig, load_text
from vizgate.config.model import Address, TargetUrl

YAML = "server: {http: h11, limits: {headers: 50}}\nservices: {my-api: {targets: [http://a:1]}}\n"


def first_url(config: GatewayConfig) -> TargetUrl:
    return config.services["my-api"].targets[0].url


def test_environment_wins_over_yaml() -> None:
    """``VIZGATE_SERVER__HTTP`` overrides ``server.http``; what is not named stays."""
    config = load_text(YAML, environment={"VIZGATE_SERVER__HTTP": "httptools"})
    assert (config.server.http, config.server.limits.headers) == ("httptools", 50)


def test_command_line_wins_over_environment() -> None:
    """Order of precedence: command line, environment, YAML, default."""
    environment = {"VIZGATE_SERVER__HTTP": "httptools", "VIZGATE_SERVER__LIMITS__HEADERS": "60"}
    config = load_text(YAML, environment=environment, overrides={"server.http": "auto"})
    assert (config.server.http, config.server.limits.headers, config.server.limits.head) == ("auto", 60, 65536)


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("VIZGATE_SERVER__WORKERS", "1", lambda config: config.server.workers == 1),
        ("VIZGATE_SERVER__LISTEN", "a:80", lambda config: config.server.listen[0].address == Address("a", 80)),
        ("VIZGATE_SERVER__LISTEN", "[a:1, {address: b:2}]", lambda config: len(config.server.listen) == 2),
        ("VIZGATE_SERVER__ADMIN", "off", lambda config: config.server.admin is None),
        ("VIZGATE_SERVER__LIMITS", "{headers: 7}", lambda config: config.server.limits.headers == 7),
        ("VIZGATE_SERVER__LIMITS__BODY", "1MiB", lambda config: config.server.limits.body == 1048576),
        ("VIZGATE_OBSERVE__REQUEST_ID__TRUST", "true", lambda config: config.observe.request_id.trust is True),
        ("VIZGATE_OBSERVE__ACCESS_LOG__FORMAT", "off", lambda config: config.observe.access_log.format == "off"),
        ("VIZGATE_SERVICES__MY_API__POOL__MAX_IDLE", "3", lambda config: config.services["my-api"].pool.max_idle == 3),
        ("VIZGATE_SERVICES__MY_API__TARGETS__0", "http://b", lambda config: str(first_url(config)) == "http://b"),
        ("VIZGATE_SERVICES__NEW__BUILTIN", "echo", lambda config: config.services["new"].builtin == "echo"),
    ],
)  # fmt: skip
def test_environment_value_reaches_its_key(name: str, value: str, read: Callable[[object], bool]) -> None:
    """Numbers, flags, units, lists, entries of lists and names with a dash can all be overridden."""
    assert read(load_text(YAML, environment={name: value}))


def test_environment_replaces_a_short_form() -> None:
    """A key below a short form makes it the long form; the rest of it is the default."""
    config = load_text("observe: {access_log: combined}", environment={"VIZGATE_OBSERVE__ACCESS_LOG__SAMPLE": "50%"})
    assert (config.observe.access_log.format, config.observe.access_log.sample) == ("json", 0.5)


@pytest.mark.parametrize(
    "name", ["VIZGATE_PORT", "VIZGATE_PORT_8080_TCP", "VIZGATE_VERSION", "VIZGATE___X", "OTHER__X"]
)
def test_environment_other_names_are_left_alone(name: str) -> None:
    """Platforms set variables like these for a service called vizgate; they are no overrides."""
    assert load_text(YAML, environment={name: "tcp://10.0.0.1:80"}).server.http == "h11"


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("VIZGATE_SERVER__LIMITS__HEADERS", "many", "server.limits.headers: must be a whole number, not the value of "),
        ("VIZGATE_SERVER__WORKERS", "129", "server.workers: must be at most 128"),
        ("VIZGATE_SERVER__WORKER", "1", "server.worker: there is no key 'worker' here. Did you mean 'workers'?"),
        ("VIZGATE_SEVER__WORKERS", "1", "sever: there is no key 'sever' here. Did you mean 'server'?"),
        ("VIZGATE_SERVICES__MY_API__TARGETS__7", "x", "services.my-api.targets: no entry '7' in a list of 1."),
        ("VIZGATE_SERVER__LISTEN", "[a:1", "(document): not valid YAML:"),
        ("VIZGATE_PLUGINS__X", "1", "plugins: must be a list, not a mapping"),
    ],
)
def test_environment_problem_names_the_variable(
    refused: Callable[..., list[str]], name: str, value: str, problem: str
) -> None:
    """A problem with an override names the variable and the key it stands for."""
    assert refused(YAML, {name: value})[0].startswith(f"{name} {problem}")


def test_environment_value_is_not_repeated(refused: Callable[..., list[str]]) -> None:
    """A value of the environment may be a secret that went to the wrong key."""
    assert "hunter2" not in "".join(refused(YAML, {"VIZGATE_SERVER__LIMITS__BODY": "hunter2"}))


@pytest.mark.parametrize(
    ("overrides", "problem"),
    [
        ({"server.listen": "nowhere"}, "command line server.listen: 'nowhere' is not an address."),
        ({"server.listen": ["a:1", 5]}, "command line server.listen[1]: must be an address"),
        ({"server": {"http": "h12"}}, "command line server.http: must be one of auto, httptools, h11"),
    ],
)
def test_command_line_problem_says_so(
    refused: Callable[..., list[str]], overrides: dict[str, object], problem: str
) -> None:
    """A problem with a value of the command line says where it came from."""
    assert refused(YAML, overrides=overrides)[0].startswith(problem)


def test_command_line_value_may_be_text_or_typed() -> None:
    """A caller passes what it has: text from its arguments, or numbers."""
    for value in (70, "70"):
        assert load_text(YAML, environment={}, overrides={"server.limits.headers": value}).server.limits.headers == 70
