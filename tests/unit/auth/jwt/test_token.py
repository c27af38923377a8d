"""Taking a token apart, strictly (RFC 7515, RFC 7519)."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.auth.jwt.tokens import CLAIMS, b64, forged, token
from vizgate.auth.jwt.token import parse
from vizgate.extension.kinds.authenticator import CredentialRefused

HEADER = b64({"alg": "HS256"})


def test_parse_gives_the_parts() -> None:
    """Header, payload and signature of a token that a library has made."""
    made = token(kid="k1", typ="application/AT+JWT")
    parts = parse(made)
    assert ("HS256", "k1", "at+jwt") == (parts.algorithm, parts.key_id, parts.type)
    assert made.rpartition(b".")[0] == parts.signing_input
    assert 32 == len(parts.signature)
    assert parts.claims() == CLAIMS


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b".",
        b"..",
        b"...",
        b"a.b",
        HEADER + b".e30",
        HEADER + b".e30.",
        HEADER + b".e30.AA.AA",
        HEADER + b".e30.AA.AA.AA",
        b".e30.AA",
        HEADER + b"..AA",
        HEADER + b" .e30.AA",
        HEADER + b".e30.AA ",
        HEADER + b".e30.AA\n",
        HEADER + b"=.e30.AA",
        HEADER + b".e30.AA==",
        HEADER + b".e30.A+/A",
        HEADER + b".e30.A",
        HEADER + b".e30.AB",
        HEADER + b".e30.\xe9",
        b"\xff\xfe.e30.AA",
        "\u0435yJ.e30.AA".encode(),
    ],
)
def test_parse_refuses_what_is_not_three_canonical_parts(text: bytes) -> None:
    """Two, four or five parts (JWE), padding, other alphabets, bits that mean nothing: one token has one form."""
    with pytest.raises(CredentialRefused, match=r"^the token is malformed$"):
        parse(text)


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"no json",
        b"[]",
        b'"HS256"',
        b"null",
        b"1e400",
        b'{"alg":"HS256"',
        b'{"alg":"HS256"} x',
        b'{"alg":"HS256","alg":"none"}',
        b'{"alg":"HS256","a":{"b":1,"b":2}}',
        b'{"alg":"HS256","a":NaN}',
        b'{"alg":"HS256","a":-Infinity}',
        b'{"alg":"HS256","a":"\\ud800"}',
        b'\xef\xbb\xbf{"alg":"HS256"}',
        '{"alg":"HS256"}'.encode("utf-16"),
        b'{"alg":"\xff"}',
        b"[" * 3000,
        b'{"a":' * 1500 + b"1" + b"}" * 1500,
        b'{"a":' + b"9" * 5000 + b"}",
    ],
)
def test_parse_refuses_a_header_that_is_no_json_object(header: bytes) -> None:
    """Names that stand twice, numbers that are none, bytes that are no text, depth without end."""
    with pytest.raises(CredentialRefused, match=r"^the token is malformed$"):
        parse(b64(header) + b".e30.AA")


@pytest.mark.parametrize("crit", [[], ["b64"], ["exp"], "exp", None, {}])
def test_parse_refuses_crit_whatever_it_says(crit: object) -> None:
    """RFC 7515 4.1.11: none of the extensions is understood."""
    with pytest.raises(CredentialRefused, match="extension"):
        parse(forged({"alg": "HS256", "crit": crit}))


@pytest.mark.parametrize("value", [1, True, [], {}, ["RS256"], 1.5])
@pytest.mark.parametrize("name", ["alg", "kid", "typ"])
def test_names_in_a_header_are_text(name: str, value: object) -> None:
    """An algorithm or key that is named by something else is none."""
    parts = parse(forged({"alg": "HS256", name: value}))
    with pytest.raises(CredentialRefused, match="malformed"):
        _ = (parts.algorithm, parts.key_id, parts.type)


@pytest.mark.parametrize("payload", [b"[]", b'"ann"', b"null", b"x", b'{"sub":"a","sub":"b"}', b'{"sub":"\\udfff"}'])
def test_claims_are_one_json_object(payload: bytes) -> None:
    """A payload that is something else, a token in a token among them, is refused."""
    with pytest.raises(CredentialRefused, match="malformed"):
        parse(forged({"alg": "HS256"}, payload)).claims()


def test_claims_may_hold_whole_surrogate_pairs() -> None:
    """Letters beyond the first plane may be escaped as JSON does it."""
    assert {"sub": "\U0001f600"} == parse(forged({"alg": "HS256"}, b'{"sub":"\\ud83d\\ude00"}')).claims()


def _taken_apart(text: bytes) -> None:
    with suppress(CredentialRefused):
        parts = parse(text)
        _ = (parts.algorithm, parts.key_id, parts.type, parts.claims())


@given(st.binary(max_size=200))
def test_any_bytes_are_a_token_or_refused(text: bytes) -> None:
    """Nothing but ``CredentialRefused`` is ever raised."""
    _taken_apart(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(
    st.one_of(JSON, st.dictionaries(st.sampled_from(["alg", "kid", "typ", "crit"]), JSON)), JSON, st.binary(max_size=9)
)
def test_any_json_is_a_token_or_refused(header: object, payload: object, signature: bytes) -> None:
    """Well-formed parts with any values inside."""
    _taken_apart(b".".join(b64(part) for part in (json.dumps(header), json.dumps(payload), signature)))
