"""Makes keys, key sets and tokens, good ones and such as no library would make.

In: functions for tests of whatever takes tokens. Not in: tests.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from functools import lru_cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

NOW_S = 1_767_225_600.0
SECRET = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
ISSUER = "https://idp.example.com/"
CLAIMS = {"iss": ISSUER, "aud": "vizgate", "sub": "ann", "exp": int(NOW_S) + 600, "jti": "t-1"}
CURVES = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}


@lru_cache(maxsize=50)
def private_key(algorithm: str, number: int = 0, bits: int = 2048) -> Any:
    """The same key for the same arguments. *number* tells keys of one kind apart."""
    del number
    if algorithm in CURVES:
        return ec.generate_private_key(CURVES[algorithm])
    if algorithm == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    if algorithm == "Ed448":
        return ed448.Ed448PrivateKey.generate()
    if algorithm == "ES256K":
        return ec.generate_private_key(ec.SECP256K1())
    return rsa.generate_private_key(65537, bits)


def public_pem(key: Any) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def private_pem(key: Any) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def jwk(key: Any, kid: str | None = None, **more: Any) -> dict[str, Any]:
    """The public key of *key* as a JWK."""
    library = jwt.algorithms.get_default_algorithms()
    for name in ("RS256", "ES256", "ES384", "ES512", "ES256K", "EdDSA"):
        try:
            members = library[name].to_jwk(key.public_key(), as_dict=True)
        except (jwt.InvalidKeyError, TypeError, AttributeError):
            continue
        members.pop("key_ops", None)
        return {**members, **({} if kid is None else {"kid": kid}), **more}
    raise AssertionError("no such key")


def key_set(*keys: Any) -> bytes:
    return json.dumps({"keys": list(keys)}).encode()


def token(claims: dict[str, Any] | None = None, key: Any = SECRET, algorithm: str = "HS256", **header: Any) -> bytes:
    """A token as a library makes it."""
    return jwt.encode(CLAIMS if claims is None else claims, key, algorithm, headers=header or None).encode()


Part = bytes | str | dict[str, Any]


def b64(data: Part) -> bytes:
    if isinstance(data, dict):
        data = json.dumps(data)
    raw = data.encode() if isinstance(data, str) else data
    return urlsafe_b64encode(raw).rstrip(b"=")


def forged(
    header: bytes | str | dict[str, Any],
    payload: bytes | str | dict[str, Any] | None = None,
    secret: bytes = SECRET.encode(),
) -> bytes:
    """Any header and payload, with a right HMAC-SHA-256 by *secret*."""
    signed = b64(header) + b"." + b64(CLAIMS if payload is None else payload)
    return signed + b"." + b64(hmac.digest(secret, signed, hashlib.sha256))
