"""Keys and signatures: the home of PyJWT.

In: reading one key as JWK, PEM or secret, which algorithms it fits, and checking a signature with it. Not in: which key
a token needs (``keys.key_set``). PyJWT's own decoding of tokens is not used: it reads the time by itself, asks the
token for its algorithm, and knows no bound on the keys that are tried.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Any

from vizgate.errors import VizgateError

_RSA = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
_EC = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}
_HMAC_BYTES = {"HS256": 32, "HS384": 48, "HS512": 64}
# NIST SP 800-131A and RFC 7518 3.3; more than the upper bound only makes signatures slow.
_MIN_RSA_BITS, _MAX_RSA_BITS = 2048, 8192
_MAX_MEMBER_CHARS = 2000
#: The public members of each kind of key; nothing else of a JWK is read.
_MEMBERS = {"RSA": ("n", "e"), "EC": ("crv", "x", "y"), "OKP": ("crv", "x")}

Check = Callable[[bytes, Any, bytes], bool]


class KeyUnusable(VizgateError, ValueError):
    """A key that no signature may be checked with; the message says why."""


class VerifyKey:
    """A key. ``kid``: its name, "" for none. ``algorithms``: those it may be used with. Compares by what it is."""

    __slots__ = ("_checks", "_identity", "_material", "algorithms", "kid")

    def __init__(self, kid: str, algorithms: frozenset[str], material: Any, fingerprint: bytes) -> None:
        self.kid = kid
        self.algorithms = algorithms
        self._material = material
        self._identity = (kid, algorithms, fingerprint)
        self._checks: dict[str, Check] = {name: _library()[name].verify for name in algorithms}

    def verifies(self, algorithm: str, message: bytes, signature: bytes) -> bool:
        """Whether *signature* is this key's, of *message*, by *algorithm*, which must be one of ``algorithms``."""
        return bool(self._checks[algorithm](message, self._material, signature))

    def only_for(self, algorithms: frozenset[str]) -> VerifyKey:
        """The same key without a name, for *algorithms* alone."""
        return VerifyKey("", algorithms, self._material, self._identity[2])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, VerifyKey) and other._identity == self._identity

    def __hash__(self) -> int:
        return hash(self._identity)

    def __repr__(self) -> str:
        return f"<VerifyKey {self.kid or 'without name'} [{', '.join(sorted(self.algorithms))}]>"


def key_of_secret(secret: str, algorithms: frozenset[str]) -> VerifyKey:
    """An HMAC key. Raises: KeyUnusable: it is short, or a public key that everybody knows."""
    data = secret.encode()
    if b"-----BEGIN" in data or data.startswith((b"ssh-", b"ecdsa-")) or b'"kty"' in data:
        # RFC 8725 3.1: whoever knows the public key could sign with it.
        raise KeyUnusable("is a key of a key pair, not a shared secret. Use public_key with RS256, ES256 or EdDSA")
    least = max(_HMAC_BYTES[name] for name in algorithms)
    if len(data) < least:
        # RFC 7518 3.2: a key of at least the size of the hash MUST be used.
        raise KeyUnusable(f"has {len(data)} bytes; {_longest(algorithms)} needs {least} or more, by chance")
    return VerifyKey("", algorithms, data, sha256(data).digest())


def _longest(algorithms: frozenset[str]) -> str:
    return max(algorithms, key=lambda name: _HMAC_BYTES[name])


def key_of_pem(text: str, algorithms: frozenset[str]) -> VerifyKey:
    """A public key as PEM. Raises: KeyUnusable: it is something else, or does not fit every one of *algorithms*."""
    if "PRIVATE KEY-----" in text:
        raise KeyUnusable("is a private key. Give the gateway the public one, it only verifies")
    if "BEGIN CERTIFICATE-----" in text:
        raise KeyUnusable("is a certificate. Take the key out of it: openssl x509 -pubkey -noout -in FILE")
    for name in ("RS256", "ES256", "ES384", "ES512", "EdDSA"):
        library = _library()[name]
        try:
            members = library.to_jwk(library.prepare_key(text), as_dict=True)
        except Exception:  # noqa: BLE001, S112  # of another kind, or no key: the next one or the end of the loop tells
            continue
        key = key_of_jwk(members, None)
        unfit = sorted(algorithms - key.algorithms)
        if unfit:
            raise KeyUnusable(f"fits {', '.join(sorted(key.algorithms))}, not {unfit[0]}. Change algorithms or the key")
        return key.only_for(algorithms)
    raise KeyUnusable("is not a public key in PEM form (RSA, P-256, P-384, P-521 or Ed25519)")


def key_of_jwk(members: Any, algorithms: frozenset[str] | None) -> VerifyKey:
    """A key as JWK (RFC 7517), for those of *algorithms* that it fits; None for all.

    Raises: KeyUnusable: it is for something else, private, of another kind, or weak.
    """
    if not isinstance(members, dict):
        raise KeyUnusable("it is no object")
    kid, kind = members.get("kid", ""), members.get("kty")
    if not isinstance(kid, str):
        raise KeyUnusable("its kid is no text")
    if not isinstance(kind, str) or kind not in _MEMBERS:
        # RFC 8725 3.1: a shared secret has no place among published keys.
        raise KeyUnusable("its kty is none of RSA, EC and OKP")
    operations = members.get("key_ops", ["verify"])
    if members.get("use", "sig") != "sig" or not isinstance(operations, list) or "verify" not in operations:
        raise KeyUnusable("it is not for signatures")
    if "d" in members:
        raise KeyUnusable("it is a private key")
    public = {name: members.get(name) for name in _MEMBERS[kind]}
    if not all(isinstance(value, str) and len(value) <= _MAX_MEMBER_CHARS for value in public.values()):
        raise KeyUnusable(f"it has not all of {', '.join(public)}")
    fitting = _fitting(kind, public)
    if "alg" in members:
        fitting &= {str(members["alg"])}
    if algorithms is not None:
        fitting &= algorithms
    if not fitting:
        raise KeyUnusable("it fits none of the algorithms")
    material = _material(min(fitting), {"kty": kind, **public})
    if kind == "RSA" and not _MIN_RSA_BITS <= material.key_size <= _MAX_RSA_BITS:
        raise KeyUnusable(f"it has {material.key_size} bits, not {_MIN_RSA_BITS} to {_MAX_RSA_BITS}")
    fingerprint = sha256(repr(sorted(public.items())).encode()).digest()
    return VerifyKey(kid, fitting, material, fingerprint)


def _fitting(kind: str, public: Mapping[str, Any]) -> frozenset[str]:
    if kind == "RSA":
        return _RSA
    if kind == "EC":
        return frozenset({_EC[public["crv"]]} if public["crv"] in _EC else ())
    return frozenset({"EdDSA"} if public["crv"] == "Ed25519" else ())


def _material(algorithm: str, members: dict[str, Any]) -> Any:
    try:
        return _library()[algorithm].from_jwk(members)
    except Exception as exc:  # whatever two libraries raise about a stranger's numbers
        raise KeyUnusable("its numbers are no key") from exc


def load_library() -> None:
    """Have what checks signatures imported, which takes a tenth of a second; may be called in a thread."""
    _library()


@lru_cache(maxsize=1)
def _library() -> Mapping[str, Any]:
    from jwt.algorithms import get_default_algorithms

    found = get_default_algorithms()
    return {name: found[name] for name in (*_HMAC_BYTES, *sorted(_RSA), *_EC.values(), "EdDSA")}
