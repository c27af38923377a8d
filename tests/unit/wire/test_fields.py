"""The rules of ``FieldSorter``: what travels on and what does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vizgate.message.forwarding import ASSERTED
from vizgate.message.headers import Field
from vizgate.wire.fields import FieldSorter, connection_options

HOP_BY_HOP = [
    b"Connection", b"Keep-Alive", b"Proxy-Connection", b"Proxy-Authenticate", b"Proxy-Authorization",
    b"Proxy-Authentication-Info", b"TE", b"Transfer-Encoding", b"Upgrade", b"HTTP2-Settings",
]  # fmt: skip


@pytest.mark.parametrize("name", [*HOP_BY_HOP, b"Content-Length", b"Expect"])
def test_sort_hop_by_hop_is_not_kept(name: bytes) -> None:
    """Hop-by-hop fields and framing go no further, in any case and named in Connection or not (RFC 9110 7.6.1)."""
    for spelling in (name, name.lower(), name.upper()):
        assert FieldSorter().sort([(b"A", b"1"), (spelling, b"x"), (b"B", b"2")]).kept == [(b"A", b"1"), (b"B", b"2")]


def test_sort_named_in_connection_is_dropped() -> None:
    """Every field that any Connection line names is removed, before or after that line (RFC 9110 7.6.1)."""
    fields = [
        (b"X-A", b"1"),
        (b"Connection", b"x-a, X-B"),
        (b"x-b", b"2"),
        (b"X-C", b"3"),
        (b"connection", b"x-c"),
        (b"D", b""),
    ]
    assert FieldSorter().sort(fields).kept == [(b"D", b"")]


@pytest.mark.parametrize("name", [b"Host", b"Content-Length", b"Transfer-Encoding", b"X-Forwarded-For", b"Expect"])
def test_sort_essential_named_in_connection_stays(name: bytes) -> None:
    """Connection cannot remove Host, framing, or what the gateway sets (CVE-2022-31813, CVE-2024-45410)."""
    out = FieldSorter(ASSERTED).sort([(name, b"1"), (b"Connection", name)])
    assert b"1" in (*out.hosts, *out.lengths, *out.encodings, *out.expects, *[value for _, value in out.asserted])


def test_sort_framing_repeated_keeps_every_line() -> None:
    """Repeated lines are handed on as they came: to judge them is the business of ``wire.framing``."""
    names = [b"Host", b"Content-Length", b"Transfer-Encoding", b"Upgrade", b"Expect"]
    out = FieldSorter().sort([(name, value) for value in (b"1", b"2") for name in names])
    assert [(b"1", b"2")] * 5 == [out.hosts, out.lengths, out.encodings, out.upgrades, out.expects]
    assert out.kept == [(b"Host", b"1"), (b"Host", b"2")]


def test_sort_asserted_is_put_aside_as_it_came() -> None:
    """What a client claims about its way travels only by the rules of trust (RFC 7239 8)."""
    fields = [(b"X-FORWARDED-For", b"1.2.3.4"), (b"A", b"1"), (b"forwarded", b"for=x"), (b"x-forwarded-for", b"::1")]
    out = FieldSorter(ASSERTED).sort(fields)
    assert ([(b"A", b"1")], (fields[0], fields[2], fields[3])) == (out.kept, out.asserted)


def test_sort_underscored_dropped_if_asked() -> None:
    """A twin with "_" could be read as the field that the gateway guards (CVE-2026-33433)."""
    fields = [(b"X_Auth_User", b"root"), (b"Content_Length", b"5"), (b"A", b"1")]
    assert FieldSorter(drop_underscored=True).sort(fields).kept == [(b"A", b"1")]
    assert FieldSorter().sort(fields).kept == fields


@pytest.mark.parametrize("mark", [b".", b"!", b"~", b"|", b"'", b"*"])
def test_sort_twins_of_guarded_names_are_dropped_whatever_their_mark(mark: bytes) -> None:
    """Some servers take every mark for a hyphen (RFC 3875 4.1.18); other names keep theirs."""
    guarded = [b"X-Auth-User", b"X-Real-IP", b"X-Forwarded-Whatever", b"Transfer-Encoding", b"Content-Length"]
    sorter = FieldSorter(ASSERTED, frozenset({b"x-auth-user"}), asserted_prefix=b"x-forwarded-", drop_underscored=True)
    other = b"X%bOther" % mark
    fields = [(name.replace(b"-", mark), b"1") for name in [*guarded, b"X-Other"]]
    out = sorter.sort([*fields, (b"X-Auth" + mark + b"User", b"2")])
    assert ([(other, b"1")], (), (), ()) == (out.kept, out.asserted, out.lengths, out.encodings)


def test_sort_date_is_noticed_and_kept() -> None:
    """A response without Date gets one (RFC 9110 6.6.1), so the sorter tells whether there is one."""
    out = FieldSorter().sort([(b"date", b"x")])
    assert (True, [(b"date", b"x")]) == (out.has_date, out.kept)
    assert not FieldSorter().sort([]).has_date


def test_sort_date_named_in_connection_counts_as_missing() -> None:
    """A Date that Connection removes is no longer there, so that the gateway adds its own (RFC 9110 6.6.1)."""
    out = FieldSorter().sort([(b"Date", b"x"), (b"Connection", b"date")])
    assert (False, []) == (out.has_date, out.kept)


def test_sort_many_names_does_not_remember_them_all() -> None:
    """Whatever clients send, what the sorter remembers is bounded, and what it does stays right."""
    sorter = FieldSorter(ASSERTED)
    for number in range(5000):
        sorter.sort([(b"x-%d" % number, b"")])
    sorter.sort([(b"x" * 60_000, b"")])
    assert len(sorter._memo) <= 1024
    assert sum(map(len, sorter._memo)) < 256 * 1024
    assert sorter.sort([(b"x-7000", b""), (b"Keep-Alive", b""), (b"Via", b"")]).kept == [(b"x-7000", b"")]
    assert b"x-7000" in sorter._memo


@pytest.mark.parametrize(
    ("values", "options"),
    [
        ([b"close"], {b"close"}),
        ([b"Keep-Alive"], {b"keep-alive"}),
        ([b"keep-alive , Upgrade"], {b"keep-alive", b"upgrade"}),
        ([b"close", b"X-A"], {b"close", b"x-a"}),
        ([b",, ,\tclose,"], {b"close"}),
        ([b""], set()),
    ],
)
def test_connection_options_are_lower_case_without_empties(values: list[bytes], options: set[bytes]) -> None:
    """Options compare without case (RFC 9110 7.6.1); a recipient ignores empty list elements (5.6.1.2)."""
    assert connection_options(values) == options


_names = st.sampled_from([b"A", b"x-b", b"Cookie", b"X_Y", b"Via", b"Date", b"Host", b"TE", b"Upgrade", b"Close"])
_spelling = st.builds(lambda name, upper: name.upper() if upper else name, _names, st.booleans())
_field: st.SearchStrategy[Field] = st.tuples(_spelling, st.sampled_from([b"", b"1"]))
_connection: st.SearchStrategy[Field] = st.tuples(
    st.sampled_from([b"Connection", b"connection"]), st.lists(_spelling, max_size=3).map(b" ,".join)
)


@given(st.lists(_field | _connection, max_size=12), st.booleans())
def test_sort_any_fields_keeps_exactly_what_may_travel(fields: list[Field], drop_underscored: bool) -> None:
    """Kept, in order: what is neither hop-by-hop, nor asserted, nor named in Connection (but Host always is)."""
    named = {
        option.strip().lower()
        for name, value in fields
        if name.lower() == b"connection"
        for option in value.split(b",")
    }
    gone = {name.lower() for name in HOP_BY_HOP} | ASSERTED | (named - {b"host", b"close", b"keep-alive"})
    kept = [field for field in fields if field[0].lower() not in gone and not (drop_underscored and b"_" in field[0])]
    out = FieldSorter(ASSERTED, drop_underscored=drop_underscored).sort(fields)
    assert out.kept == kept
    assert [value for name, value in kept if name.lower() == b"host"] == list(out.hosts)
    assert out.options == named - {b""}


def test_sorter_puts_aside_every_name_with_the_asserted_prefix():
    """A family of names can be guarded, also the members that nobody knows yet."""
    fields = [(b"X-Forwarded-New", b"1"), (b"x-forwarded-other", b"2"), (b"X-Forwarded", b"3")]
    out = FieldSorter(asserted_prefix=b"x-forwarded-").sort(fields)
    assert (tuple(fields[:2]), fields[2:]) == (out.asserted, out.kept)


def test_sorter_drops_what_is_dropped_whatever_it_begins_with():
    """A name that only the gateway may set is taken from everybody, trusted peers too, also inside a guarded family."""
    sorter = FieldSorter(dropped=frozenset({b"x-forwarded-user"}), asserted_prefix=b"x-forwarded-")
    out = sorter.sort([(b"X-Forwarded-User", b"root"), (b"X-Forwarded-Host", b"a")])
    assert ((((b"X-Forwarded-Host", b"a"),)), []) == (out.asserted, out.kept)
