"""The names in a client certificate, as ``ssl.SSLSocket.getpeercert`` tells them.

In: ``name_of``, ``names_in``, ``NamePatterns``. Not in: whether the certificate is good, which the handshake has found
out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

from vizgate.extension.kinds.authenticator import CredentialRefused

#: The longest name that is taken for a user.
MAX_NAME_CHARS = 256

NameKind = Literal["common_name", "dns", "uri", "email"]

_ALTERNATIVE = {"dns": "DNS", "uri": "URI", "email": "email"}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def name_of(certificate: Mapping[str, Any], kind: NameKind) -> str:
    """The user that *certificate* names: its common name, or its first alternative name of *kind*.

    Raises: CredentialRefused: it has none, or one that is no name; or several common names, of which each reader takes
    another.
    """
    names = list(names_in(certificate, kind))
    if not names:
        raise CredentialRefused(f"the certificate has no {kind}")
    if kind == "common_name" and len(names) > 1:
        raise CredentialRefused("the certificate has several common names")
    name = names[0]
    if not name or len(name) > MAX_NAME_CHARS or _CONTROL.search(name):
        raise CredentialRefused(f"the {kind} of the certificate cannot be a user")
    return name


def names_in(certificate: Mapping[str, Any], kind: str) -> Iterator[str]:
    """Every name of *kind*, a ``NameKind``, in *certificate*."""
    return _common_names(certificate) if kind == "common_name" else _alternative_names(certificate, kind)


def _common_names(certificate: Mapping[str, Any]) -> Iterator[str]:
    # A subject is a sequence of relative names, each of which is a sequence of pairs.
    for relative_name in certificate.get("subject", ()):
        for key, value in relative_name:
            if key == "commonName":
                yield value


def _alternative_names(certificate: Mapping[str, Any], kind: str) -> Iterator[str]:
    for key, value in certificate.get("subjectAltName", ()):
        if key == _ALTERNATIVE[kind]:
            yield value


class NamePatterns:
    """Names that are let in: exact ones, and ones with a single ``*`` for any text.

    They are compared without regular expressions, so that no name can take long.

    Raises: ValueError: a pattern has more than one ``*``.
    """

    __slots__ = ("_exact", "_open")

    def __init__(self, patterns: Iterable[str]) -> None:
        self._exact: set[str] = set()
        self._open: list[tuple[str, str]] = []
        for pattern in patterns:
            head, star, tail = pattern.partition("*")
            if "*" in tail:
                raise ValueError(f"{pattern!r} has more than one '*'. Write several patterns")
            if star:
                self._open.append((head, tail))
            else:
                self._exact.add(pattern)

    def match(self, name: str) -> bool:
        """Whether *name* is one of them."""
        return name in self._exact or any(
            len(name) >= len(head) + len(tail) and name.startswith(head) and name.endswith(tail)
            for head, tail in self._open
        )
