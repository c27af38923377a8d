"""Identity from a client certificate, as a real TLS handshake tells it."""

from __future__ import annotations

import ssl
from typing import Any

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from vizgate.auth.mtls.authenticator import MtlsAuthenticator
from vizgate.auth.mtls.config import MtlsConfig
from vizgate.auth.mtls.names import MAX_NAME_CHARS, NamePatterns
from vizgate.clock import SystemClock
from vizgate.extension.contract import Context
from vizgate.extension.kinds.authenticator import CredentialRefused
from vizgate.pipeline.request import Request
from vizgate.testing import ManualClock


def shaken_hands(authority: trustme.CA, leaf: trustme.LeafCert | None) -> dict[str, Any] | None:
    """What a server learns of a client with *leaf* in a handshake in memory; the server wants one of *authority*."""
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.issue_cert("server.example").configure_cert(server)
    for context in (server, client):
        authority.configure_trust(context)
    server.verify_mode = ssl.CERT_OPTIONAL
    if leaf is not None:
        leaf.configure_cert(client)
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = [
        server.wrap_bio(up, down, server_side=True),
        client.wrap_bio(down, up, server_hostname="server.example"),
    ]
    for _ in range(4):
        for side in sides:
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return sides[0].getpeercert()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def certificate(authority: trustme.CA) -> dict[str, Any]:
    leaf = authority.issue_cert("ann.example", "b.example", "ann@example.org", common_name="Ann")
    found = shaken_hands(authority, leaf)
    assert found
    return found


def make(clock: Any = None, **more: Any) -> MtlsAuthenticator:
    config = MtlsConfig.model_validate({"kind": "mtls", **more})
    return MtlsAuthenticator(config, Context(name="machines", clock=clock or SystemClock()))


def with_certificate(certificate: Any) -> Request:
    request = Request("GET", b"/")
    request.peer_certificate = certificate
    return request


@pytest.mark.parametrize(
    ("kind", "user"), [("common_name", "Ann"), ("dns", "ann.example"), ("email", "ann@example.org")]
)
def test_authenticate_names_the_user(certificate, kind, user):
    """The subject or the first alternative name of a kind is the user; the serial number is the credential."""
    identity = make(user=kind).authenticate(with_certificate(certificate))
    assert identity is not None
    assert (user, "machines", certificate["serialNumber"]) == (
        identity.user, identity.authenticator, identity.credential)  # fmt: skip


def test_authenticate_uri(certificate):
    """Workload identities (SPIFFE) are URIs."""
    names = {**certificate, "subjectAltName": (("DNS", "a"), ("URI", "spiffe://x/ns/a"), ("URI", "spiffe://x/ns/b"))}
    found = make(user="uri", allow=["spiffe://x/*"]).authenticate(with_certificate(names))
    assert found is not None
    assert "spiffe://x/ns/a" == found.user


@pytest.mark.parametrize("none", [None, {}])
def test_authenticate_connection_without_certificate_shows_nothing(authority, none):
    """A client that shows none, or one that was not verified, may still have another credential."""
    assert shaken_hands(authority, None) is None
    assert make().authenticate(with_certificate(none)) is None


def test_authenticate_tier_and_scopes_are_the_subjects(certificate):
    """What is written about a user becomes the identity."""
    identity = make(subjects={"Ann": {"tier": "premium", "scopes": ["a"]}}).authenticate(with_certificate(certificate))
    assert identity is not None
    assert ("premium", frozenset({"a"})) == (identity.tier, identity.scopes)


@pytest.mark.parametrize(
    ("allow", "is_in"), [("Ann", True), ("A*", True), ("*", True), ("ann", False), (["B", "*x"], False)]
)
def test_authenticate_list_decides(certificate, allow, is_in):
    """Who is not on the list is refused, although the certificate is good."""
    authenticator = make(allow=allow)
    if is_in:
        assert authenticator.authenticate(with_certificate(certificate))
    else:
        with pytest.raises(CredentialRefused, match="not on the list"):
            authenticator.authenticate(with_certificate(certificate))


SUBJECT = ((("countryName", "DE"),), (("commonName", "ann"),))
GOOD = {"subject": SUBJECT, "notAfter": "Jan  1 00:00:00 2030 GMT"}


@pytest.mark.parametrize(
    "certificate",
    [
        {**GOOD, "subject": ()},
        {**GOOD, "subject": (*SUBJECT, (("commonName", "eve"),))},
        {**GOOD, "subject": ((("commonName", "ann"), ("commonName", "eve")),)},
        {**GOOD, "subject": ((("commonName", "ann\0.evil"),),)},
        {**GOOD, "subject": ((("commonName", "ann\r\nX: y"),),)},
        {**GOOD, "subject": ((("commonName", ""),),)},
        {**GOOD, "subject": ((("commonName", "a" * (MAX_NAME_CHARS + 1)),),)},
        {"subject": SUBJECT},
        {**GOOD, "notAfter": "soon"},
    ],
)
def test_authenticate_odd_certificate_is_refused(certificate):
    """A certificate without a name, with two, or with one that each reader takes for another, names nobody."""
    with pytest.raises(CredentialRefused):
        make(ManualClock()).authenticate(with_certificate(certificate))


def test_authenticate_certificate_that_ends_during_the_connection_is_refused():
    """A connection may live longer than its certificate."""
    clock = ManualClock()
    authenticator, request = make(clock), with_certificate(GOOD)
    assert authenticator.authenticate(request)
    clock.advance(ssl.cert_time_to_seconds(GOOD["notAfter"]) - clock.wall())
    with pytest.raises(CredentialRefused, match="expired"):
        authenticator.authenticate(request)


def test_config_pattern_with_two_stars_is_refused():
    """One ``*`` is enough for a prefix or a suffix, and can be compared in one step."""
    with pytest.raises(ValueError, match="more than one"):
        make(allow=["a*b*"])


@given(st.text("ab*", max_size=6), st.text("ab", max_size=6))
def test_pattern_matches_what_its_star_stands_for(pattern, name):
    """For any pattern with at most one star: there is a text that put in its place makes the name."""
    if pattern.count("*") > 1:
        return
    head, star, tail = pattern.partition("*")
    fillings = [name[:i] for i in range(len(name) + 1)] + [name[i:] for i in range(len(name) + 1)]
    fillings += [name[i:j] for i in range(len(name)) for j in range(i, len(name) + 1)]
    wanted = name == pattern if not star else any(head + filling + tail == name for filling in fillings)
    assert wanted == NamePatterns([pattern]).match(name)
