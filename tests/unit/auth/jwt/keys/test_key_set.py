"""Which key a token can have been signed with."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.auth.jwt.tokens import jwk, key_set, private_key
from vizgate.auth.jwt.keys.key_set import MAX_KEYS, MAX_TRIES, KeySet, UnknownKey
from vizgate.auth.jwt.keys.material import KeyUnusable
from vizgate.extension.kinds.authenticator import CredentialRefused

ALGORITHMS = frozenset({"RS256", "ES256", "EdDSA"})
RSA, EC, ED = private_key("RS256"), private_key("ES256"), private_key("EdDSA")


def kids(keys: KeySet, algorithm: str, kid: str | None) -> list[str]:
    return [key.kid for key in keys.candidates(algorithm, kid)]


def test_named_key_is_looked_up() -> None:
    """The name chooses the key, if the key fits the algorithm."""
    keys = KeySet.of_document(key_set(jwk(RSA, "r"), jwk(EC, "e")), ALGORITHMS)
    assert ["r"] == kids(keys, "RS256", "r")
    with pytest.raises(CredentialRefused, match="no key fits") as refused:
        keys.candidates("ES256", "r")
    assert not isinstance(refused.value, UnknownKey)


@pytest.mark.parametrize("kid", ["x", "", "../../dev/null", "' OR 1=1 --", "http://a.example/key", "r\0", "R", "r "])
def test_unknown_name_is_unknown(kid: str) -> None:
    """A name that is a path, a query or a URL is just a name that is not there (RFC 8725 3.10)."""
    keys = KeySet.of_document(key_set(jwk(RSA, "r")), ALGORITHMS)
    with pytest.raises(UnknownKey):
        keys.candidates("RS256", kid)


def test_without_a_name_each_fitting_key_is_tried_but_not_many() -> None:
    """A token that names no key may be of any that fits; how many are tried is bounded."""
    keys = KeySet.of_document(key_set(jwk(RSA, "r"), jwk(EC, "e")), ALGORITHMS)
    assert (["r"], ["e"]) == (kids(keys, "RS256", None), kids(keys, "ES256", None))
    many = KeySet.of_document(key_set(*(jwk(private_key("ES256", n), f"k{n}") for n in range(9))), ALGORITHMS)
    assert MAX_TRIES == len(many.candidates("ES256", None))


def test_keys_without_names_serve_tokens_that_name_one() -> None:
    """Where no key has a name there is nothing to look up."""
    keys = KeySet.of_document(key_set(jwk(RSA)), ALGORITHMS)
    assert [""] == kids(keys, "RS256", "whatever")


def test_one_name_may_stand_for_keys_of_two_kinds() -> None:
    """RFC 7517 4.5: the kinds tell them apart."""
    keys = KeySet.of_document(key_set(jwk(RSA, "k"), jwk(EC, "k")), ALGORITHMS)
    assert frozenset({"RS256"}) == keys.candidates("RS256", "k")[0].algorithms


def test_keys_that_cannot_be_used_are_left_out_and_told() -> None:
    """One bad key does not spoil the others."""
    document = key_set(jwk(RSA, "r"), {"kty": "oct", "k": "AAAA"}, 7, jwk(ED, "d", use="enc"))
    keys = KeySet.of_document(document, ALGORITHMS)
    assert 1 == len(keys)
    assert ["key 1: its kty is none of RSA, EC and OKP", "key 2: it is no object"] == list(keys.problems[:2])


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"<!DOCTYPE html><html><body>502 Bad Gateway</body></html>",
        b"[]",
        b"null",
        b"{}",
        b'{"keys": {}}',
        b'{"keys": null}',
        b'{"keys": []}',
        b'{"keys": [{"kty": "oct", "k": "AAAA"}]}',
        b'{"keys": ' + b"[" * 3000,
        b"\xff\xfe\xfd",
        json.dumps({"keys": [{}] * (MAX_KEYS + 1)}).encode(),
    ],
)
def test_document_that_is_no_key_set(document: bytes) -> None:
    """HTML, other JSON, no key that fits, too many: unusable, so that the old keys stay."""
    with pytest.raises(KeyUnusable):
        KeySet.of_document(document, ALGORITHMS)


def test_sets_compare_by_their_keys() -> None:
    """The order in which an issuer lists its keys makes no other set."""
    assert KeySet.of_document(key_set(jwk(RSA, "r"), jwk(EC, "e")), ALGORITHMS) == KeySet.of_document(
        key_set(jwk(EC, "e"), jwk(RSA, "r")), ALGORITHMS
    )


@given(st.binary(max_size=100))
def test_any_bytes_are_a_set_or_unusable(document: bytes) -> None:
    """Nothing but ``KeyUnusable`` is raised."""
    with pytest.raises(KeyUnusable):
        KeySet.of_document(document, ALGORITHMS)
