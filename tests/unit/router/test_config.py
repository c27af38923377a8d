"""What the YAML may say under ``match:``, and what it is told when it says something else."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from vizgate.router.config import ConditionConfig, MatchConfig


def problems(**values: Any) -> list[tuple[tuple[int | str, ...], str]]:
    with pytest.raises(ValidationError) as caught:
        MatchConfig.model_validate(values)
    return [(error["loc"], error["msg"]) for error in caught.value.errors()]


def test_match_all_parts_are_read() -> None:
    """The sample of the reference, in one model."""
    config = MatchConfig.model_validate(
        {
            "path": "/api/v{version:int}/users/{id}",
            "methods": ["GET", "PUT", "GET"],
            "hosts": ["API.example.com", "*.example.org"],
            "headers": {"X-Canary": "yes", "x-b": {"regex": "^y"}, "x-c": "present", "x-d": {"exact": "present"}},
            "query": {"debug": "1"},
        }
    )
    assert config.methods == ("GET", "PUT")
    assert config.hosts == ("api.example.com", "*.example.org")
    assert config.headers == {
        "x-canary": ConditionConfig(exact="yes"),
        "x-b": ConditionConfig(regex="^y"),
        "x-c": ConditionConfig(present=True),
        "x-d": ConditionConfig(exact="present"),
    }
    assert config.query == {"debug": ConditionConfig(exact="1")}


def test_match_nothing_said_means_everything() -> None:
    """An empty match takes every request."""
    assert MatchConfig() == MatchConfig(path="/*", methods=None, hosts=None, headers={}, query={})


@pytest.mark.parametrize(
    ("values", "place", "words"),
    [
        ({"path": "users"}, ("path",), "begins with /"),
        ({"methods": ["get"]}, ("methods", 0), "written in capitals: GET"),
        ({"methods": ["G T"]}, ("methods", 0), "is not a method"),
        ({"methods": ["CONNECT"]}, ("methods", 0), "never forwarded"),
        ({"methods": []}, ("methods",), "would match nothing"),
        ({"hosts": []}, ("hosts",), "would match nothing"),
        ({"hosts": ["a", "b:80"]}, ("hosts", 1), "has a port"),
        ({"headers": {"x a": "1"}}, ("headers",), "not a field name"),
        ({"headers": {"x-a": "1", "X-A": "2"}}, ("headers",), "twice"),
        ({"headers": {"x-a": "a\nb"}}, ("headers",), "control bytes"),
        ({"headers": {"x-a": " a"}}, ("headers",), "white space"),
        ({"headers": {"x-a": 1}}, ("headers", "x-a"), "put it in quotes"),
        ({"headers": {"x-a": True}}, ("headers", "x-a"), "put it in quotes"),
        ({"headers": {"x-a": {"regex": "(a+)+"}}}, ("headers", "x-a"), "exponential"),
        ({"headers": {"x-a": {}}}, ("headers", "x-a"), "exactly one of"),
        ({"headers": {"x-a": {"regex": "a", "exact": "b"}}}, ("headers", "x-a"), "exactly one of"),
        ({"headers": {"x-a": {"regexp": "a"}}}, ("headers", "x-a", "regexp"), "Extra inputs"),
        ({"query": {"a": ["1"]}}, ("query", "a"), "put it in quotes"),
        ({"method": ["GET"]}, ("method",), "Extra inputs"),
    ],
)
def test_match_problem_is_told_at_its_place(values: dict[str, Any], place: tuple[int | str, ...], words: str) -> None:
    """Every mistake is found at the key it stands under."""
    ((found, message),) = problems(**values)
    assert found == place
    assert words in message


def test_match_all_problems_at_once() -> None:
    """One mistake does not hide another."""
    assert len(problems(path="x", methods=["get", "put"], hosts=["a:1"], query={"a": 1})) == 5


def test_match_schema_lets_editors_write_text_for_a_condition() -> None:
    """The JSON Schema has the short form too."""
    condition = MatchConfig.model_json_schema()["properties"]["headers"]["additionalProperties"]
    assert {"type": "string"} in condition["anyOf"]


def test_match_is_frozen_and_survives_json() -> None:
    """Workers get the configuration as JSON."""
    config = MatchConfig.model_validate({"path": "/a", "headers": {"x-a": "1"}, "query": {"b": {"regex": "c"}}})
    assert MatchConfig.model_validate_json(config.model_dump_json()) == config
    with pytest.raises(ValidationError):
        config.path = "/b"  # type: ignore[misc]
