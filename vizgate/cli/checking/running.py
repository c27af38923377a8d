"""Runs the tests of a configuration.

In: ``run_tests``. Not in: sending requests (``gateway.rehearsal``) and comparing (``cli.expectation``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from vizgate.cli.checking.report import TestOutcome
from vizgate.cli.expectation import differences
from vizgate.cli.loading import Places
from vizgate.clock import Clock
from vizgate.config import CheckConfig, GatewayConfig, Problem
from vizgate.config.problems import Path
from vizgate.extension.registry import Registry
from vizgate.gateway.rehearsal import Rehearsal, RehearsalStuck


def test_names(tests: Sequence[CheckConfig]) -> list[str]:
    """What *tests* are called: their names, or what they send; numbered from the second of one name on."""
    seen: Counter[str] = Counter()
    names = []
    for test in tests:
        name = test.name or f"{test.request.method} {test.request.url}"
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return names


async def run_tests(
    config: GatewayConfig, registry: Registry, places: Places, clock: Clock, wanted: Callable[[str], bool]
) -> list[TestOutcome]:
    """What came of the tests whose names are *wanted*. Raises: VizgateError: the configuration cannot be used."""
    rehearsal = Rehearsal(config, registry)
    named = [(number, name) for number, name in enumerate(test_names(config.tests)) if wanted(name)]
    outcomes = []
    if not named:
        return []
    async with rehearsal:
        for number, name in named:
            began_s = clock.monotonic()
            route, found = await _try(rehearsal, config.tests[number])
            at: Path = ("tests", number)
            problems = tuple(Problem(places.of((*at, *path)), (*at, *path), message) for path, message in found)
            outcomes.append(TestOutcome(name, places.of(at), problems, route, clock.monotonic() - began_s))
    return outcomes


async def _try(rehearsal: Rehearsal, test: CheckConfig) -> tuple[str, list[tuple[Path, str]]]:
    """The route that took the request of *test*, and what was not as expected."""
    request = test.request
    try:
        identity = None if request.identity is None else request.identity.identity()
        fields, body = request.sent_fields.items(), request.sent_body
        result = await rehearsal.send(
            request.method, request.url, fields, body=body, identity=identity, client=request.client
        )
    except RehearsalStuck as exc:
        return "", [((), str(exc))]
    except ValueError as exc:
        return "", [(("request", "headers"), str(exc))]
    return result.route, [(("expect", *path), message) for path, message in differences(test.expect, result)]
