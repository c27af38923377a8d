"""What services of several gateways agree about.

In: making ``Agreement`` of a gateway's state. Not in: what it does (``gateway.agreement``).
"""

from __future__ import annotations

from functools import partial

from vizgate.gateway.agreement.affinity import AffinityAgreement
from vizgate.gateway.agreement.agreement import Agreement
from vizgate.gateway.agreement.board import Board
from vizgate.gateway.agreement.breakers import BreakerAgreement
from vizgate.gateway.service_parts.breakers import follow_word, services_with_breakers
from vizgate.gateway.state import GatewayState


def agreement_of(state: GatewayState) -> Agreement:
    """What keeps a gateway with *state* of one mind with the others of its store, whichever that is at a time."""
    board, words = Board(lambda: state.store), state.breaker_words
    breakers = BreakerAgreement(words, partial(services_with_breakers, state), partial(follow_word, state), board)
    agreement = Agreement((AffinityAgreement(state.affinity_key, board), breakers), board)

    def said() -> None:
        breakers.say()
        agreement.wake()

    words.on_said = said
    return agreement
