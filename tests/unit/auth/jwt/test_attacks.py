"""Attacks on JSON Web Tokens (RFC 8725 and the rows of docs/reference/auth-attacks.md): each is refused, and why."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.auth.jwt.tokens import (
    CLAIMS,
    ISSUER,
    NOW_S,
    SECRET,
    b64,
    forged,
    jwk,
    key_set,
    private_key,
    public_pem,
    token,
)
from vizgate.auth.jwt.keys.key_set import KeySet, UnknownKey
from vizgate.auth.jwt.verifier import JwtVerifier
from vizgate.extension.kinds.authenticator import AuthenticationUnavailable, CredentialRefused

RSA, OTHER_RSA, EC = private_key("RS256"), private_key("RS256", 1), private_key("ES256")


def hs_verifier(**more: Any) -> JwtVerifier:
    return JwtVerifier.of(algorithms=["HS256"], secret=SECRET, issuer=ISSUER, audience="vizgate", **more)


def rs_verifier(algorithms: tuple[str, ...] = ("RS256",)) -> JwtVerifier:
    verifier = JwtVerifier.of(
        algorithms=algorithms, jwks_url="https://idp.example.com/keys", issuer=ISSUER, audience="vizgate"
    )
    verifier.keys = KeySet.of_document(key_set(jwk(RSA, "r"), jwk(EC, "e")), frozenset(algorithms))
    return verifier


def refusal(verifier: JwtVerifier, attack: bytes) -> str:
    with pytest.raises(CredentialRefused) as refused:
        verifier.verify(attack, NOW_S)
    return refused.value.detail


@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE", "", " none", "none\0", "NULL"])
@pytest.mark.parametrize("signature", [b"", b"AA", None])
def test_alg_none_is_refused(name: str, signature: bytes | None) -> None:
    """The algorithm none in any spelling, without a signature, with any, with a right one of another algorithm."""
    attack = forged({"alg": name, "typ": "JWT"})
    if signature is not None:
        attack = attack.rpartition(b".")[0] + b"." + signature
    for verifier in (hs_verifier(), rs_verifier()):
        assert refusal(verifier, attack) in ("the token's algorithm is not accepted", "the token is malformed")


def test_alg_none_is_refused_before_there_are_keys() -> None:
    """The algorithm is checked first: not even the lack of keys is told to such a token."""
    verifier = rs_verifier()
    verifier.keys = None
    assert "the token's algorithm is not accepted" == refusal(verifier, forged({"alg": "none"}))
    with pytest.raises(AuthenticationUnavailable):
        verifier.verify(token(CLAIMS, RSA, "RS256", kid="r"), NOW_S)


@pytest.mark.parametrize("name", ["HS256", "HS384", "HS512"])
def test_hmac_with_the_public_key_is_refused(name: str) -> None:
    """HS/RS confusion: an HMAC whose secret is the public key, in every form an attacker could get it."""
    pem = public_pem(RSA)
    for secret in (pem, pem.strip(), json.dumps(jwk(RSA, "r")), jwk(RSA)["n"]):
        assert "the token's algorithm is not accepted" == refusal(
            rs_verifier(), forged({"alg": name, "kid": "r"}, CLAIMS, secret.encode())
        )


def test_rsa_signature_where_hmac_is_expected_is_refused() -> None:
    """The other way round."""
    assert "the token's algorithm is not accepted" == refusal(hs_verifier(), token(CLAIMS, RSA, "RS256"))


def test_key_of_another_kind_is_refused() -> None:
    """A named key must fit the algorithm; the check is not made with it otherwise."""
    verifier = rs_verifier(("RS256", "ES256"))
    assert "no key fits the token's algorithm" == refusal(verifier, token(CLAIMS, RSA, "RS256", kid="e"))
    assert "no key fits the token's algorithm" == refusal(verifier, token(CLAIMS, EC, "ES256", kid="r"))


@pytest.mark.parametrize("header", [{"jwk": jwk(OTHER_RSA)}, {"jwk": jwk(OTHER_RSA, "r")}, {"jwk": {"kty": "oct"}}])
def test_embedded_key_is_ignored(header: dict[str, Any]) -> None:
    """A token that brings its own key (CVE-2018-0114) is checked with the configured one."""
    attack = token(CLAIMS, OTHER_RSA, "RS256", kid="r", **header)
    assert "the token's signature is wrong" == refusal(rs_verifier(), attack)


@pytest.mark.parametrize("name", ["jku", "x5u", "x5c", "x5t"])
def test_urls_and_certificates_are_ignored(name: str) -> None:
    """No URL of a token is ever opened, no certificate of it believed: the component has no way to do either."""
    attack = token(CLAIMS, OTHER_RSA, "RS256", kid="r", **{name: "https://evil.example/keys"})
    assert "the token's signature is wrong" == refusal(rs_verifier(), attack)
    good = token(CLAIMS, RSA, "RS256", kid="r", **{name: "https://evil.example/keys"})
    assert "ann" == rs_verifier().verify(good, NOW_S).user


@pytest.mark.parametrize(
    "kid", ["../../../../dev/null", "/etc/passwd", "' UNION SELECT 'x", "http://evil.example/", "r\x00", "|ls", ""]
)
def test_kid_is_only_looked_up(kid: str) -> None:
    """A kid that is a path, a query, a URL or a command is a name that is not there (RFC 8725 3.10)."""
    with pytest.raises(UnknownKey):
        rs_verifier().verify(token(CLAIMS, OTHER_RSA, "RS256", kid=kid), NOW_S)
    # With /dev/null for a key the secret would be empty.
    assert "the token's signature is wrong" == refusal(hs_verifier(), forged({"alg": "HS256", "kid": kid}, CLAIMS, b""))


def test_kid_that_is_no_text_is_refused() -> None:
    """A list or an object in its place does not reach a look-up."""
    for kid in (["r"], {"r": 1}, 1, True):
        assert "the token is malformed" == refusal(rs_verifier(), forged({"alg": "RS256", "kid": kid}))


@pytest.mark.parametrize("crit", [["exp"], [], ["http://example.com/x"]])
def test_crit_is_refused(crit: list[str]) -> None:
    """RFC 7515 4.1.11, with a right signature."""
    assert "extension" in refusal(hs_verifier(), forged({"alg": "HS256", "crit": crit}))


def test_unencoded_payload_is_refused() -> None:
    """RFC 7797 b64: false changes what is signed; with or without crit it is not accepted."""
    refusal(hs_verifier(), forged({"alg": "HS256", "b64": False, "crit": ["b64"]}))
    header = b64({"alg": "HS256", "b64": False})
    assert "malformed" in refusal(hs_verifier(), header + b"." + json.dumps(CLAIMS).encode() + b".AA")


def test_changed_parts_are_refused() -> None:
    """A bit of the header, the payload or the signature that is not what was signed."""
    good = forged({"alg": "HS256"})
    header, payload, signature = good.split(b".")
    for attack in (
        b".".join([b64({"alg": "HS256", "x": 1}), payload, signature]),
        b".".join([header, b64({**CLAIMS, "sub": "root"}), signature]),
        b".".join([header, payload, b64(b"\0" * 32)]),
        b".".join([header, payload, b64(b"\0" * 16)]),
        b".".join([header, payload, b64(b"\0" * 33)]),
    ):
        assert "the token's signature is wrong" == refusal(hs_verifier(), attack)


@pytest.mark.parametrize("signature", [b"\0" * 64, b"\xff" * 64, b"\0", b"\0" * 63, b"\0" * 65, b"\x30" * 70])
def test_ecdsa_signatures_of_nought_are_refused(signature: bytes) -> None:
    """R = s = 0 (CVE-2022-21449), and signatures of other lengths or forms."""
    header = b64({"alg": "ES256", "kid": "e"})
    attack = b".".join([header, b64(CLAIMS), b64(signature)])
    assert "the token's signature is wrong" == refusal(rs_verifier(("ES256",)), attack)


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ({"exp": NOW_S - 31}, "the token has expired"),
        ({"exp": None}, "the token has no exp"),
        ({"exp": "never"}, "the token's exp is no number"),
        ({"exp": 1e400}, "the token's exp is no time"),
        ({"nbf": NOW_S + 31}, "the token is not valid yet"),
        ({"iat": NOW_S + 31}, "the token is not valid yet"),
        ({"iss": "https://evil.example/"}, "the token is from another issuer"),
        ({"iss": None}, "the token is from another issuer"),
        ({"aud": "other"}, "the token is meant for somebody else"),
        ({"aud": None}, "the token is meant for somebody else"),
        ({"aud": ["other", 7]}, "the token is meant for somebody else"),
        ({"sub": None}, "the token's sub names no user"),
        ({"sub": ["ann"]}, "the token's sub is no text"),
        ({"sub": "a\r\nX-User: root"}, "the token's sub names no user"),
    ],
)
def test_claims_are_enforced(change: dict[str, Any], detail: str) -> None:
    """Who, for whom and when, with a right signature."""
    payload = json.dumps({**CLAIMS, **change}).replace("Infinity", "1e400")
    assert detail == refusal(hs_verifier(), forged({"alg": "HS256"}, payload))


def test_huge_token_is_refused_unread() -> None:
    """The size comes first: a token of a mebibyte costs a comparison."""
    assert "the token is over 8192 bytes" == refusal(hs_verifier(), forged({"alg": "HS256"}) + b"A" * 1_000_000)


def test_nested_and_encrypted_tokens_are_refused() -> None:
    """A token in a token, and JWE with its five parts, are not taken for what they contain."""
    inner = forged({"alg": "HS256"})
    assert "malformed" in refusal(hs_verifier(), forged({"alg": "HS256", "cty": "JWT"}, inner))
    assert "malformed" in refusal(hs_verifier(), b"eyJhbGciOiJkaXIifQ..AA.AA.AA")


def test_member_that_stands_twice_is_refused() -> None:
    """Two readers could see two different users (RFC 7519 4)."""
    assert "malformed" in refusal(
        hs_verifier(), forged({"alg": "HS256"}, b'{"exp":9999999999,"sub":"ann","sub":"root"}')
    )


@pytest.mark.parametrize("typ", ["JWT", "logout+jwt", "", "dpop+jwt"])
def test_token_of_another_type_is_refused_where_a_type_is_asked_for(typ: str) -> None:
    """RFC 8725 3.11: what was signed for another purpose is not taken for an access token."""
    verifier = hs_verifier(types="at+jwt")
    assert "the token is of another type" == refusal(verifier, token(CLAIMS, typ=typ))
    for good in ("at+jwt", "AT+JWT", "application/at+jwt"):
        assert "ann" == verifier.verify(token(CLAIMS, typ=good), NOW_S).user


@pytest.mark.parametrize("text", ["\u00e9\u00e8", "a\u2028b.c.d", "\u0435yJ.e30.AA", "\ud800", "", "\0"])
def test_text_beyond_ascii_is_refused(text: str) -> None:
    """Letters that look like others, control characters, half pairs."""
    with pytest.raises(CredentialRefused):
        hs_verifier().verify(text, NOW_S)


@pytest.mark.parametrize("algorithm", ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"])
def test_good_tokens_are_accepted(algorithm: str) -> None:
    """The rules above leave what is right alone, for every algorithm of a key pair."""
    key = private_key(algorithm if algorithm.startswith("ES") else "RS256")
    verifier = JwtVerifier.of(algorithms=[algorithm], public_key=public_pem(key), audience="vizgate")
    assert "ann" == verifier.verify(token(CLAIMS, key, algorithm), NOW_S).user


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_good_hmac_tokens_are_accepted(algorithm: str) -> None:
    """As above, for shared secrets."""
    verifier = JwtVerifier.of(algorithms=[algorithm], secret=SECRET, audience="vizgate")
    assert "ann" == verifier.verify(token(CLAIMS, SECRET, algorithm).decode(), NOW_S).user


def test_good_eddsa_token_is_accepted() -> None:
    """As above, for Ed25519."""
    key = private_key("EdDSA")
    verifier = JwtVerifier.of(algorithms=["EdDSA"], public_key=public_pem(key), audience="vizgate")
    assert "ann" == verifier.verify(token(CLAIMS, key, "EdDSA"), NOW_S).user


HS, RS = hs_verifier(), rs_verifier(("RS256", "ES256"))


@given(st.one_of(st.binary(max_size=300), st.text(max_size=100)))
def test_any_bytes_are_refused(attack: bytes | str) -> None:
    """Nothing but ``CredentialRefused`` is ever raised, and nothing at all is accepted."""
    for verifier in (HS, RS):
        with pytest.raises(CredentialRefused):
            verifier.verify(attack, NOW_S)


GOOD = [forged({"alg": "HS256"}), token(CLAIMS, RSA, "RS256", kid="r"), token(CLAIMS, EC, "ES256", kid="e")]


@given(st.sampled_from(GOOD), st.data())
def test_good_tokens_with_any_byte_changed_are_refused(good: bytes, data: st.DataObject) -> None:
    """A token is accepted as it was signed, byte for byte."""
    place = data.draw(st.integers(0, len(good) - 1))
    byte = data.draw(st.binary(min_size=1, max_size=1).filter(lambda byte: byte != good[place : place + 1]))
    attack = good[:place] + byte + good[place + 1 :]
    for verifier in (HS, RS):
        with pytest.raises(CredentialRefused):
            verifier.verify(attack, NOW_S)
