"""What the YAML may say about JWT: mistakes that would let somebody in, or everybody out, are found at load."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tests.unit.auth.jwt.tokens import SECRET, jwk, key_set, private_key, private_pem, public_pem
from vizgate.auth.jwt.config import JwtConfig

PEM = public_pem(private_key("RS256"))


def problem(**settings: Any) -> str:
    with pytest.raises(ValidationError) as invalid:
        JwtConfig.model_validate({"kind": "jwt", **settings})
    return str(invalid.value)


@pytest.mark.parametrize("name", ["none", "None", "NONE", "hs256", "ES256K", "RSA1_5", ""])
def test_other_algorithms_are_refused_at_load(name: str) -> None:
    """``none`` cannot be configured in any spelling, nor anything else that is not on the list."""
    assert "algorithms" in problem(algorithms=[name], secret=SECRET)


def test_no_algorithm_is_refused() -> None:
    """There is no default: whoever sets up tokens says which."""
    assert "algorithms" in problem(algorithms=[], secret=SECRET)
    assert "algorithms" in problem(secret=SECRET)


@pytest.mark.parametrize(
    "secret", [PEM, private_pem(private_key("RS256")), '{"kty":"RSA","n":"AA","e":"AQAB"}', "ssh-rsa AAAA"]
)
def test_public_key_as_a_secret_is_refused(secret: str) -> None:
    """RFC 8725 3.1: HMAC with a key that everybody knows."""
    told = problem(algorithms=["HS256"], secret=secret)
    assert "secret is a key of a key pair" in told
    assert secret not in told


def test_short_secret_is_refused_and_not_shown() -> None:
    """RFC 7518 3.2."""
    told = problem(algorithms=["HS256"], secret="hunter2")
    assert "secret has 7 bytes; HS256 needs 32 or more" in told
    assert "hunter2" not in told


@pytest.mark.parametrize(
    ("algorithms", "key"),
    [
        (["HS256", "RS256"], {"secret": SECRET}),
        (["RS256"], {"secret": SECRET}),
        (["HS256"], {"public_key": PEM}),
        (["RS256", "HS256"], {"jwks_url": "https://idp.example.com/keys"}),
    ],
)
def test_secrets_and_key_pairs_do_not_mix(algorithms: list[str], key: dict[str, str]) -> None:
    """One authenticator has one kind of key."""
    assert "secret" in problem(algorithms=algorithms, **key)


def test_key_that_does_not_fit_is_refused() -> None:
    """A public key of another kind, a private one, or none at all."""
    assert "public_key fits" in problem(algorithms=["ES256"], public_key=PEM)
    assert "public_key is a private key" in problem(algorithms=["RS256"], public_key=private_pem(private_key("RS256")))
    assert "public_key is not a public key in PEM form" in problem(algorithms=["RS256"], public_key="x")


def test_one_source_of_keys() -> None:
    """None and two are refused."""
    assert "one of secret, public_key, jwks_url and jwks_file" in problem(algorithms=["RS256"])
    assert "not public_key and jwks_url" in problem(algorithms=["RS256"], public_key=PEM, jwks_url="http://a/")


def test_jwks_file_is_read_at_load(tmp_path: Path) -> None:
    """A file without a usable key is a mistake that is found before the gateway serves."""
    path = tmp_path / "keys.json"
    path.write_text("<html>")
    assert "jwks_file: it is not JSON" in problem(algorithms=["RS256"], jwks_file=path)
    path.write_bytes(key_set(jwk(private_key("RS256"), "r")))
    JwtConfig.model_validate({"kind": "jwt", "algorithms": ["RS256"], "jwks_file": path})


@pytest.mark.parametrize(
    "url",
    [
        "idp.example.com",
        "file:///etc/passwd",
        "https://user:pass@idp/",
        "https://",
        "https://idp/\u00e9",
        "http://a b/",
    ],
)
def test_jwks_url_is_http(url: str) -> None:
    """Only http and https, without credentials in it, and with nothing that would have to be guessed at."""
    assert "jwks_url" in problem(algorithms=["RS256"], jwks_url=url)


@pytest.mark.parametrize("name", ["", "a b", "a;b", "a=b", "\u00e9"])
def test_cookie_has_a_name(name: str) -> None:
    """A name that no cookie can have would never be found."""
    assert "cookie" in problem(algorithms=["HS256"], secret=SECRET, cookie=name)
