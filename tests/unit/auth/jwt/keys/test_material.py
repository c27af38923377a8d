"""Reading keys: which are usable, and for which algorithms."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.auth.jwt.tokens import SECRET, jwk, private_key, private_pem, public_pem
from vizgate.auth.jwt.keys.material import KeyUnusable, key_of_jwk, key_of_pem, key_of_secret

RSA = {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}


@pytest.mark.parametrize(
    ("algorithm", "fits"),
    [("RS256", RSA), ("ES256", {"ES256"}), ("ES384", {"ES384"}), ("ES512", {"ES512"}), ("EdDSA", {"EdDSA"})],
)
def test_jwk_fits_the_algorithms_of_its_kind(algorithm: str, fits: set[str]) -> None:
    """RFC 7518 3.1 and RFC 8037: a kind of key, and for ECDSA a curve, goes with certain algorithms only."""
    assert fits == key_of_jwk(jwk(private_key(algorithm)), None).algorithms


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "ES384", "ES512", "EdDSA"])
def test_pem_of_each_kind(algorithm: str) -> None:
    """A public key as PEM, of every kind."""
    key = key_of_pem(public_pem(private_key(algorithm)), frozenset({algorithm}))
    assert frozenset({algorithm}) == key.algorithms


def test_pem_must_fit_every_algorithm() -> None:
    """An algorithm that the key can never serve is a mistake in the configuration."""
    with pytest.raises(KeyUnusable, match="fits ES256, not RS256"):
        key_of_pem(public_pem(private_key("ES256")), frozenset({"ES256", "RS256"}))


def test_pem_private_key_is_refused() -> None:
    """A gateway only verifies; a private key in its configuration is one too many places."""
    with pytest.raises(KeyUnusable, match="is a private key"):
        key_of_pem(private_pem(private_key("RS256")), frozenset({"RS256"}))


@pytest.mark.parametrize("text", ["", "key", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "{}", "\0"])
def test_pem_that_is_none(text: str) -> None:
    """What is no key is told so."""
    with pytest.raises(KeyUnusable, match="is not a public key in PEM form"):
        key_of_pem(text, frozenset({"RS256"}))


def test_pem_certificate_is_told_apart() -> None:
    """A certificate holds the key; how to get it out is told."""
    with pytest.raises(KeyUnusable, match="openssl x509"):
        key_of_pem("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", frozenset({"RS256"}))


@pytest.mark.parametrize("bits", [1024, 1536])
def test_short_rsa_key_is_refused(bits: int) -> None:
    """RFC 7518 3.3: 2048 bits or more."""
    with pytest.raises(KeyUnusable, match=f"it has {bits} bits"):
        key_of_jwk(jwk(private_key("RS256", bits=bits)), None)
    with pytest.raises(KeyUnusable, match=f"it has {bits} bits"):
        key_of_pem(public_pem(private_key("RS256", bits=bits)), frozenset({"RS256"}))


@pytest.mark.parametrize("algorithm", ["ES256K", "Ed448"])
def test_other_curves_are_refused(algorithm: str) -> None:
    """Curves that none of the algorithms uses."""
    with pytest.raises(KeyUnusable):
        key_of_jwk(jwk(private_key(algorithm)), None)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"kty": "oct", "k": "AAAA"}, "none of RSA, EC and OKP"),
        ({"kty": None}, "none of RSA, EC and OKP"),
        ({"kty": ["RSA"]}, "none of RSA, EC and OKP"),
        ({"use": "enc"}, "not for signatures"),
        ({"key_ops": ["encrypt"]}, "not for signatures"),
        ({"key_ops": "verify"}, "not for signatures"),
        ({"d": "AAAA"}, "is a private key"),
        ({"alg": "HS256"}, "fits none"),
        ({"alg": "none"}, "fits none"),
        ({"alg": "ES256"}, "fits none"),
        ({"n": None}, "has not all of n, e"),
        ({"n": 7}, "has not all of n, e"),
        ({"n": "A" * 3000}, "has not all of n, e"),
        ({"n": "\u00e9" * 400}, "no key"),
        ({"n": "!" * 400}, "no key"),
        ({"e": "AQ"}, "no key"),
        ({"kid": 7}, "kid is no text"),
    ],
)
def test_jwk_that_no_signature_may_be_checked_with(change: dict[str, Any], reason: str) -> None:
    """Secrets, keys for encryption, private keys, broken numbers: each is left out with a reason."""
    with pytest.raises(KeyUnusable, match=reason):
        key_of_jwk({**jwk(private_key("RS256"), "k1"), **change}, None)


def test_jwk_alg_narrows_what_it_fits() -> None:
    """A key that names its algorithm serves no other."""
    assert {"RS512"} == key_of_jwk(jwk(private_key("RS256"), alg="RS512"), None).algorithms


def test_jwk_point_off_the_curve_is_refused() -> None:
    """Numbers that are no point of the curve are no key."""
    members = jwk(private_key("ES256"))
    with pytest.raises(KeyUnusable, match="no key"):
        key_of_jwk({**members, "y": members["x"]}, None)


@pytest.mark.parametrize(
    "secret",
    [
        public_pem(private_key("RS256")),
        "  " + public_pem(private_key("ES256")),
        private_pem(private_key("RS256")),
        "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ",
        "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTY",
        '{"kty": "RSA", "n": "AAAA", "e": "AQAB"}',
    ],
)
def test_secret_that_is_a_public_key_is_refused(secret: str) -> None:
    """RFC 8725 3.1: everybody who knows the public key could sign with it."""
    with pytest.raises(KeyUnusable, match="is a key of a key pair"):
        key_of_secret(secret, frozenset({"HS256"}))


@pytest.mark.parametrize(("algorithms", "least"), [({"HS256"}, 32), ({"HS384"}, 48), ({"HS256", "HS512"}, 64)])
def test_secret_is_as_long_as_the_hash(algorithms: set[str], least: int) -> None:
    """RFC 7518 3.2; a shorter one can be guessed from any token."""
    key_of_secret(SECRET[:least], frozenset(algorithms))
    with pytest.raises(KeyUnusable, match=f"has {least - 1} bytes; "):
        key_of_secret(SECRET[: least - 1], frozenset(algorithms))


def test_keys_compare_by_what_they_are() -> None:
    """The same key read twice is the same; another name or use makes another key."""
    members = jwk(private_key("RS256"), "k1")
    key = key_of_jwk(members, None)
    assert key == key_of_jwk(dict(reversed(members.items())), None)
    assert key != key_of_jwk({**members, "kid": "k2"}, None)
    assert key != key_of_jwk({**members, "alg": "RS256"}, None)
    assert key != key_of_jwk(jwk(private_key("RS256", 1), "k1"), None)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
MEMBERS = st.sampled_from(["kty", "n", "e", "crv", "x", "y", "kid", "use", "key_ops", "alg"])
VALUES = st.sampled_from(["RSA", "EC", "OKP", "P-256", "Ed25519", "AQAB", "sig", "x" * 43, "A" * 342]) | JSON


@given(st.dictionaries(MEMBERS, VALUES) | JSON)
def test_any_json_is_a_key_or_unusable(members: object) -> None:
    """Nothing but ``KeyUnusable`` is raised about a stranger's key."""
    with suppress(KeyUnusable):
        key_of_jwk(members, None)
