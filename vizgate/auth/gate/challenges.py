"""What ``WWW-Authenticate`` says (RFC 9110 11.6.1), with the error codes of RFC 6750 for bearer tokens.

In: ``Challenges`` of one route. Not in: when they are sent (``auth.gate.require``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from vizgate.auth.gate.refusal import Refusal
from vizgate.auth.quoting import quoted
from vizgate.message.headers import Field, encode_value

_BEARER = re.compile(r"bearer(?: |$)", re.IGNORECASE)


class Challenges:
    """The challenges of a route's authenticators.

    Args: by_authenticator: what each says when nothing was shown, by its name in the YAML. One that has no scheme of
    its own is named by its realm, because RFC 9110 15.5.2 wants at least one challenge in every 401.
    """

    __slots__ = ("_by_authenticator", "nothing_shown")

    def __init__(self, by_authenticator: Mapping[str, str]) -> None:
        self._by_authenticator = {
            name: challenge or f'Credential realm="{quoted(name)}"' for name, challenge in by_authenticator.items()
        }
        #: The fields of a 401 to a request without a credential. RFC 6750 3.1: no error code then.
        self.nothing_shown = _fields(self._by_authenticator.values())

    def refused(self, refusal: Refusal) -> list[Field]:
        """The fields of a 401, or a 400, to a credential that was refused."""
        said = dict(self._by_authenticator)
        name = refusal.authenticator
        challenge = said.get(name, "")
        if refusal.challenge:
            said[name] = refusal.challenge
        elif refusal.error and _BEARER.match(challenge):
            about = f'error="{quoted(refusal.error)}", error_description="{quoted(refusal.detail)}"'
            said[name] = _with(challenge, about)
        return _fields(said.values())

    def insufficient_scope(self, authenticator: str, scopes: Iterable[str]) -> list[Field]:
        """The fields of a 403 to an identity that lacks *scopes*; none unless a bearer token brought it."""
        challenge = self._by_authenticator.get(authenticator, "")
        if not _BEARER.match(challenge):
            return []
        scope = quoted(" ".join(scopes))
        return _fields([_with(challenge, f'error="insufficient_scope", scope="{scope}"')])


def _with(challenge: str, parameters: str) -> str:
    return f"{challenge}{', ' if ' ' in challenge else ' '}{parameters}"


def _fields(challenges: Iterable[str]) -> list[Field]:
    return [(b"WWW-Authenticate", encode_value(challenge)) for challenge in dict.fromkeys(challenges)]
