"""Which route a request takes: templates, hosts, methods, header and query conditions, and what wins over what."""

from __future__ import annotations

from vizgate.router.config import ConditionConfig, MatchConfig
from vizgate.router.explain import Verdict
from vizgate.router.router import Router
from vizgate.router.rule import Match, NoMatch, RouteConflict, Rule, find_conflicts
from vizgate.router.template import PathTemplate, TemplateError, parse_path_template

__all__ = [
    "ConditionConfig",
    "Match",
    "MatchConfig",
    "NoMatch",
    "PathTemplate",
    "RouteConflict",
    "Router",
    "Rule",
    "TemplateError",
    "Verdict",
    "find_conflicts",
    "parse_path_template",
]
