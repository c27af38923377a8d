"""From a file or a text to a configuration, or every problem at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import field_validator

from vizgate.config import ConfigError, load_config, load_text
from vizgate.errors import VizgateError
from vizgate.extension.contract import Middleware, MiddlewareConfig
from vizgate.extension.values.fields import Duration, ExistingFile, SecretField
from vizgate.transform.config import HeadersConfig

Refused = Callable[..., list[str]]


class AddHeader(Middleware):
    class Config(MiddlewareConfig):
        name: str
        ttl: Duration = 1.0
        token: SecretField | None = None
        file: ExistingFile | None = None

        @field_validator("name")
        @classmethod
        def _explode(cls, name: str) -> str:
            if name == "explode":
                raise RuntimeError("hunter2")
            return name


class Headers(Middleware):
    Config = HeadersConfig


def resolve(kind: str, use: str) -> type[Middleware]:
    table = {"headers": Headers, "my_package.filters:AddHeader": AddHeader}
    if use not in table:
        raise VizgateError(f"no {kind} is named '{use}'. Did you mean 'headers'?")
    return table[use]


def with_entry(entry: str) -> str:
    routes = f"routes:\n  - match: {{path: /}}\n    service: echo\n    middleware:\n      - {entry}\n"
    return "services: {echo: {builtin: echo}}\n" + routes


def test_load_text_all_problems_at_once_in_order_of_place(refused: Refused) -> None:
    """Syntax of values, unknown keys, types, references and conflicts come together, sorted by line and column."""
    problems = refused(
        """
server: {lisen: 1, http: htptools}
services:
  billing: {targets: ["http://a:1/x"]}
routes:
  - {name: a, match: {path: "/a/{id}"}, service: biling, rewrite: {path: "/{ident}"}}
  - {name: a, match: {path: "/a/{other}"}, service: billing, timeout: 5}
  - {name: b, match: {path: /b}, service: billing, auth: [x], body_limit: ${NOPE}}
tests:
  - {request: {url: /x}, expect: {route: b}}
  - {request: {url: "http://x/"}, expect: {route: aa, service: bill}}
a: !x 1
a: 2
""".replace("${NOPE}", "'${NOPE}'")
    )
    places = [re.match(r"config\.yaml:(\d+):(\d+) (\S+): .+", problem) for problem in problems]
    assert all(places)
    found = [(int(place[1]), int(place[2]), place[3]) for place in places if place]
    assert found == sorted(found, key=lambda entry: entry[:2])
    assert [path for _, _, path in found] == [
        "server.lisen",
        "server.http",
        "services.billing.targets[0]",
        "routes[0].service",
        "routes[0].rewrite.path",
        "routes[1].name",
        "routes[1].timeout",
        "routes[2].auth[0]",
        "routes[2].body_limit",
        "tests[0].request.url",
        "tests[1].expect.route",
        "tests[1].expect.service",
        "a",
        "a",
        "a",
    ]


def test_load_text_dangling_reference_reads_as_documented(refused: Refused) -> None:
    """A problem is ``FILE:LINE:COLUMN PATH: what is wrong. What to do``."""
    text = "services: {billing: {builtin: echo}}\nroutes:\n  - match: {path: /}\n    service: biling\n"
    assert refused(text) == ["config.yaml:4:14 routes[0].service: no service named 'biling'. Did you mean 'billing'?"]


@pytest.mark.parametrize("text", ["", "# nothing\n", "null", "\n\n"])
def test_load_text_empty_is_refused(refused: Refused, text: str) -> None:
    """An empty file would be a gateway that answers 404 to everything."""
    assert refused(text) == [
        "config.yaml:1:1 (document): the configuration is empty. Write at least services and routes"
    ]


@pytest.mark.parametrize("text", ["- a", "text", "5"])
def test_load_text_other_than_a_mapping_is_refused(refused: Refused, text: str) -> None:
    """A configuration is a mapping."""
    assert "the configuration must be a mapping" in refused(text)[0]


@pytest.mark.parametrize("key", ["server", "routes", "services", "observe", "tests"])
def test_load_text_key_without_value_is_refused(refused: Refused, key: str) -> None:
    """A key without a value would silently mean its default."""
    assert refused(f"{key}:\n") == [f"config.yaml:1:{len(key) + 2} {key}: has no value. Write one, or remove the key"]


def test_load_text_null_is_a_value_where_values_are_free() -> None:
    """In a JSON answer and in the settings of middleware ``null`` is a value like any other."""
    text = "routes: [{match: {path: /a}, respond: {json: null}}, {match: {path: /b}, respond: {json: {a: [null]}}}]"
    first, second = (route.respond for route in load_text(text, environment={}).routes)
    assert first is not None
    assert first.has_json
    assert first.json_ is None
    assert second is not None
    assert second.json_ == {"a": [None]}
    entry = load_text(with_entry("{use: x, a: null}"), environment={}).routes[0].middleware[0]
    assert entry.settings == {"a": None}


def test_load_config_reads_file_and_names_it(tmp_path: Path) -> None:
    """A problem in a file carries the name that was given; relative paths start from its folder."""
    file = tmp_path / "gate.yaml"
    (tmp_path / "ca.pem").touch()
    file.write_text("services: {a: {targets: ['https://a'], tls: {ca: ca.pem}}}\n")
    assert load_config(file, environment={}).services["a"].tls.ca == tmp_path / "ca.pem"
    file.write_text("server: {htp: h11}\n")
    with pytest.raises(ConfigError) as caught:
        load_config(str(file), environment={})
    assert str(caught.value).startswith(f"{file}:1:10 server.htp: there is no key 'htp' here. Did you mean 'http'?")


def test_load_config_unreadable_file_is_a_problem(tmp_path: Path) -> None:
    """A file that is not there, or is a folder, is told like every problem."""
    for path in (tmp_path / "nope.yaml", tmp_path):
        with pytest.raises(ConfigError, match="cannot read the file"):
            load_config(path)


def test_load_config_bytes_that_are_no_text_are_a_problem(tmp_path: Path) -> None:
    """A file that is not UTF-8 is told with the place of the first odd byte."""
    file = tmp_path / "gate.yaml"
    file.write_bytes(b"server:\n  http: \xff\n")
    with pytest.raises(ConfigError, match=r"gate\.yaml:2:9 \(document\): byte 0xff is not UTF-8"):
        load_config(file)


def test_middleware_settings_are_checked_by_its_class(refused: Refused) -> None:
    """With a resolver, settings are checked by the class behind ``use``; places point into the YAML."""
    problems = refused(
        with_entry("{use: my_package.filters:AddHeader, nam: x, ttl: 5}"),
        resolve=resolve,
    )
    assert problems == [
        "config.yaml:6:9 routes[0].middleware[0]: name is missing. Add it",
        "config.yaml:6:45 routes[0].middleware[0].nam: there is no key 'nam' here. Did you mean 'name'?",
        (
            "config.yaml:6:58 routes[0].middleware[0].ttl: '5' has no unit. Write ms, s, m, h or d after it, "
            "for example '5s'"
        ),
    ]


def test_middleware_nested_settings_have_their_places(refused: Refused) -> None:
    """A fault deep in the settings is told where it stands."""
    entry = "{use: headers, request: {set: {X-A: ['a', 5]}, remov: [x]}}"
    problems = refused(with_entry(entry), resolve=resolve)
    assert [problem.split(": ")[0] for problem in problems] == [
        "config.yaml:6:45 routes[0].middleware[0].request.set.X-A",
        "config.yaml:6:56 routes[0].middleware[0].request.remov",
    ]
    assert "Did you mean 'remove'?" in problems[1]


def test_middleware_unknown_name_is_told_by_the_resolver(refused: Refused) -> None:
    """A name that nobody has is refused at its place, in the words of the resolver."""
    problems = refused(with_entry("{use: haeders}"), resolve=resolve)
    assert problems == [
        "config.yaml:6:15 routes[0].middleware[0].use: no middleware is named 'haeders'. Did you mean 'headers'?"
    ]


def test_middleware_config_that_fails_is_told_without_its_text(refused: Refused) -> None:
    """A settings class of a stranger that raises anything is a problem, and what it said is not shown."""
    problems = refused(with_entry("{use: my_package.filters:AddHeader, name: explode}"), resolve=resolve)
    assert "its Config raised RuntimeError" in problems[0]
    assert "hunter2" not in problems[0]


def test_middleware_settings_are_checked_in_faulty_routes_too(refused: Refused) -> None:
    """A fault elsewhere in a route hides nothing."""
    text = with_entry("{use: headers, requst: {}}").replace("service: echo\n", "service: ecko\n    timout: 5s\n")
    assert [problem.split(" ")[1] for problem in refused(text, resolve=resolve)] == [
        "routes[0].service:",
        "routes[0].timout:",
        "routes[0].middleware[0].requst:",
    ]


def test_middleware_entry_reads_its_settings_as_the_loader_did(tmp_path: Path) -> None:
    """Whoever builds the middleware gets units, secrets and paths as the loader understood them."""
    (tmp_path / "t").write_text("hunter2")
    entry = with_entry("{use: 'my_package.filters:AddHeader', name: x, ttl: 2s, token: {file: t}, file: t}")
    config = load_text(entry, base=tmp_path, environment={}, resolve=resolve).routes[0].middleware[0]
    settings = config.read(AddHeader.Config)
    assert settings.ttl == 2.0
    assert settings.token is not None
    assert settings.token.reveal() == "hunter2"
    assert settings.file == tmp_path / "t"
    assert config.base == tmp_path


def test_config_error_is_a_value_error_with_problems() -> None:
    """Callers may catch the library's root or ValueError, and look at each problem."""
    with pytest.raises(ValueError, match="version") as caught:
        load_text("version: 2", "v.yaml", environment={})
    assert isinstance(caught.value, ConfigError)
    (problem,) = caught.value.problems
    assert (problem.place.line, problem.place.column, problem.path) == (1, 10, ("version",))
