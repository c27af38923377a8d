"""What operators have said about breakers."""

from __future__ import annotations

from vizgate.breaker.machine import State
from vizgate.gateway.agreement.words import WORDS, BreakerWords, Said


def test_words_the_last_one_holds() -> None:
    """Of a service nobody spoke about the rules hold, else the last word does."""
    words = BreakerWords()
    assert (None, None) == (words.about("users"), words.forced("users"))
    for word, state in (("open", State.OPEN), ("close", State.CLOSED), ("auto", None)):
        words.say("users", word, 5.0)
        assert state is words.forced("users")
    assert None is words.forced("orders")


def test_word_of_a_slow_clock_is_later_than_what_is_known() -> None:
    """An operator who has seen what holds, and says something else, is followed, whatever his clock says."""
    words = BreakerWords()
    assert words.learn("users", Said(1000.0, "open"))
    words.say("users", "auto", 10.0)
    said = words.about("users")
    assert said is not None
    assert 1000.0 < said.stamp_s < 1000.1


def test_learn_takes_only_what_is_later() -> None:
    """A word that is old, or known, changes nothing; of two at one time all gateways take the same."""
    words = BreakerWords()
    words.say("users", "open", 5.0)
    assert [False, False, True] == [words.learn("users", Said(at_s, "close")) for at_s in (4.0, 5.0, 6.0)]
    assert sorted(WORDS) == list(WORDS)


def test_say_tells_and_learn_does_not() -> None:
    """What was said elsewhere need not be said there again."""
    words, told = BreakerWords(), []
    words.on_said = lambda: told.append(1)
    words.learn("users", Said(1.0, "open"))
    words.say("users", "auto", 2.0)
    assert [1] == told
    assert "0 services" in repr(words)
