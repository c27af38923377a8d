"""Reading ``Authorization: Basic`` strictly (RFC 7617)."""

from __future__ import annotations

import base64
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vizgate.auth.basic.credentials import MAX_BYTES, BasicCredentials, find_basic
from vizgate.extension.kinds.authenticator import CredentialRefused


def basic(text: str | bytes, scheme: bytes = b"Basic ") -> tuple[bytes, bytes]:
    data = text.encode() if isinstance(text, str) else text
    return (b"Authorization", scheme + base64.b64encode(data))


@pytest.mark.parametrize(
    ("field", "user", "password"),
    [
        (basic("Aladdin:open sesame"), "Aladdin", "open sesame"),
        (basic("test:123\u00a3"), "test", "123\u00a3"),
        (basic("a:"), "a", ""),
        (basic("a::b:"), "a", ":b:"),
        (basic("a:b", b"basic "), "a", "b"),
        (basic("a:b", b"BASIC   "), "a", "b"),
        ((b"AUTHORIZATION", basic("a:b")[1]), "a", "b"),
    ],
)
def test_find_reads_user_and_password(field, user, password):
    """The scheme compares without case, the first colon divides, the charset is UTF-8."""
    assert BasicCredentials(user, password) == find_basic([(b"A", b"b"), field])


@pytest.mark.parametrize(
    "fields",
    [
        [],
        [(b"Authorization", b"Bearer abc")],
        [(b"Authorization", b"Basics abc")],
        [(b"X-Authorization", b"Basic YTpi")],
        [(b"Authorization", b"")],
    ],
)
def test_find_other_schemes_are_not_shown(fields):
    """What is no Basic is for other authenticators."""
    assert find_basic(fields) is None


@pytest.mark.parametrize(
    "value",
    [b"Basic", b"Basic ", b"Basic YTpi YTpi", b"Basic YTp", b"Basic YTpi=", b"Basic YT*pi", b"Basic YTpi,",
     b"Basic =YTpi", b"Basic YTpj=", b"Basic YTpiYj==", basic("nocolon")[1],
     basic(":nouser")[1], basic(b"\xff:a")[1], basic("a:\0")[1], basic("a\r\n:b")[1],
     basic("a:\x85")[1], basic("a:" + "b" * MAX_BYTES)[1]],
)  # fmt: skip
def test_find_malformed_is_refused(value):
    """What claims to be Basic and is no single well-formed pair is a bad credential, whatever else could be read."""
    with pytest.raises(CredentialRefused):
        find_basic([(b"Authorization", value)])


@pytest.mark.parametrize("other", [b"Bearer abc", basic("a:b")[1], b""])
def test_find_two_fields_are_refused(other):
    """Which one another reader would take cannot be known."""
    with pytest.raises(CredentialRefused, match="more than one"):
        find_basic([basic("a:b"), (b"authorization", other)])


@given(st.text(), st.text())
def test_find_gives_back_what_was_written(user, password):
    """Every pair that may be written is read; every other is refused, and nothing else happens."""
    try:
        found = find_basic([basic(f"{user}:{password}")])
    except CredentialRefused:
        assert not user or ":" in user or not (user + password).isprintable() or len(user + password) > 1000
    else:
        assert found is not None
        assert f"{user}:{password}" == f"{found.user}:{found.password}"


@given(st.binary(max_size=100))
def test_find_any_bytes_are_read_or_refused(data):
    """No value makes it fail in another way."""
    with contextlib.suppress(CredentialRefused):
        find_basic([(b"Authorization", b"Basic " + data)])


def test_repr_hides_the_password():
    """A credential in a log or a traceback is no leak."""
    assert "BasicCredentials(user='a')" == repr(BasicCredentials("a", "secret"))
