"""What bearer tokens cost: the decision about one that is known already, and the first look at one, by algorithm."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pytest_benchmark.fixture import BenchmarkFixture

from vizgate.auth.jwt.authenticator import JwtAuthenticator
from vizgate.auth.jwt.config import JwtConfig
from vizgate.auth.jwt.verifier import JwtVerifier
from vizgate.extension.contract import Context
from vizgate.extension.kinds.authenticator import CredentialRefused
from vizgate.message.headers import Headers
from vizgate.message.identity import Identity
from vizgate.pipeline.request import Request
from vizgate.testing import ManualClock

SECRET = "0123456789abcdef" * 4
CLAIMS = {
    "iss": "https://idp.example.com/",
    "aud": "vizgate",
    "sub": "auth0|0123456789abcdef",
    "iat": 1_767_225_000,
    "exp": 1_767_229_200,
    "jti": "0b0cbb3e5d5243a1",
    "scope": "users:read users:write",
    "plan": "premium",
}
CURVES = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}
FIELDS = [(f"X-Field-{number}".encode(), b"some value") for number in range(12)]


def _private_key(algorithm: str) -> Any:
    if algorithm in CURVES:
        return ec.generate_private_key(CURVES[algorithm])
    return ed25519.Ed25519PrivateKey.generate() if algorithm == "EdDSA" else rsa.generate_private_key(65537, 2048)


def _pair(algorithm: str) -> tuple[str, dict[str, str]]:
    """A token, and the setting with the key for it."""
    if algorithm.startswith("HS"):
        return jwt.encode(CLAIMS, SECRET, algorithm), {"secret": SECRET}
    key = _private_key(algorithm)
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return jwt.encode(CLAIMS, key, algorithm), {"public_key": pem}


def _request(token: str) -> Request:
    return Request("GET", b"/", Headers([*FIELDS, (b"Authorization", b"Bearer " + token.encode())]))


@pytest.fixture(scope="module")
def clock() -> ManualClock:
    return ManualClock(wall_s=1_767_225_600.0)


def _authenticator(clock: ManualClock, **settings: Any) -> JwtAuthenticator:
    config = JwtConfig.model_validate(
        {"kind": "jwt", "issuer": CLAIMS["iss"], "audience": "vizgate", "claims": {"tier": "plan"}, **settings}
    )
    return JwtAuthenticator(config, Context(name="tokens", clock=clock))


def test_known_token(benchmark: BenchmarkFixture, clock: ManualClock) -> None:
    """The whole decision: find the token among thirteen fields, hash it, look it up."""
    token, key = _pair("RS256")
    request = _request(token)
    found = benchmark(_authenticator(clock, algorithms=["RS256"], **key).authenticate, request)
    assert isinstance(found, Identity)
    assert found.tier == "premium"


def test_known_token_is_stripped(benchmark: BenchmarkFixture, clock: ManualClock) -> None:
    """As above, and the token is taken out, which the request pays for once."""
    token, key = _pair("RS256")
    authenticator = _authenticator(clock, algorithms=["RS256"], strip=True, **key)

    def with_a_request() -> tuple[tuple[Request], dict[str, Any]]:
        return (_request(token),), {}

    benchmark.pedantic(authenticator.authenticate, setup=with_a_request, rounds=20_000)


def test_no_token(benchmark: BenchmarkFixture, clock: ManualClock) -> None:
    """A request without a credential, among twelve other fields."""
    layer = _authenticator(clock, algorithms=["HS256"], secret=SECRET)
    assert benchmark(layer.authenticate, Request("GET", b"/", Headers(FIELDS.copy()))) is None


@pytest.mark.parametrize("algorithm", ["HS256", "RS256", "PS256", "ES256", "ES384", "ES512", "EdDSA"])
def test_first_verification(benchmark: BenchmarkFixture, algorithm: str) -> None:
    token, key = _pair(algorithm)
    verifier = JwtVerifier.of(algorithms=[algorithm], audience="vizgate", **key)
    assert benchmark(verifier.verify, token.encode(), 1_767_225_600.0).user == CLAIMS["sub"]


def test_refusal_before_a_key_is_chosen(benchmark: BenchmarkFixture) -> None:
    """What ``alg: none`` costs."""
    header = urlsafe_b64encode(json.dumps({"alg": "none"}).encode()).rstrip(b"=")
    verifier = JwtVerifier.of(algorithms=["HS256"], secret=SECRET)

    def refused() -> bool:
        try:
            verifier.verify(header + b".e30.AA", 0.0)
        except CredentialRefused:
            return True
        return False

    assert benchmark(refused)
