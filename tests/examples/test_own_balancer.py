"""The balancer of the example keeps the contract that its README tells of."""

from __future__ import annotations

import random
from importlib import import_module
from pathlib import Path

import pytest

from vizgate.extension.contract import Context
from vizgate.testing import check_balancer

FOLDER = Path(__file__).parents[2] / "examples" / "own-balancer"


def test_deck_meets_contract(monkeypatch: pytest.MonkeyPatch) -> None:
    """Equal shares, whoever is excluded, and constant steps."""
    monkeypatch.syspath_prepend(str(FOLDER))
    mine = import_module("my_balancer")
    config = mine.DeckConfig(packs=2)
    check_balancer(lambda weights: mine.Deck.of(weights, config=config, context=Context(random=random.Random(1))))
