"""Targets as documents list them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vizgate.discovery.document import Defaults, targets_of
from vizgate.extension.kinds.discovery import MAX_TARGETS, DiscoveredTarget, DiscoveryFailed


def test_texts_mappings_and_groups_are_targets() -> None:
    """Every form that a document may have, in one."""
    document = [
        "10.0.0.1:8080",
        "https://a.example",
        "b",
        {"url": "http://10.0.0.2:8080", "weight": 3, "priority": 1, "zone": "eu-1"},
        {"host": "::1", "port": 81, "scheme": "https", "draining": True},
        {"targets": ["10.0.0.3:80", "10.0.0.4"], "labels": {"__scheme__": "https", "job": "node"}},
    ]
    assert (
        DiscoveredTarget("10.0.0.1", 8080),
        DiscoveredTarget("a.example", 443, "https"),
        DiscoveredTarget("b", 9000),
        DiscoveredTarget("10.0.0.2", 8080, weight=3, priority=1, zone="eu-1"),
        DiscoveredTarget("::1", 81, "https", is_leaving=True),
        DiscoveredTarget("10.0.0.3", 80, "https"),
        DiscoveredTarget("10.0.0.4", 9000, "https"),
    ) == targets_of(document, Defaults(port=9000))


def test_list_may_stand_inside_the_document() -> None:
    """``at`` leads to it."""
    document = {"data": {"instances": ["a:1"]}}
    assert ("a",) == tuple(target.host for target in targets_of(document, Defaults(), "data.instances"))


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (None, "there is no list of targets, but nothing"),
        ({}, "there is no list of targets, but a mapping"),
        ([1], "entry 0: is something of the type int, not a text or a mapping"),
        (["a:1", "a"], "entry 1: 'a' has no port"),
        (["ftp://a:1"], "entry 0: 'ftp' is not a scheme"),
        (["http://u@a:1"], "is more than an address"),
        (["http://a:1/x"], "is more than an address"),
        (["http://unix:/run/x"], "is"),
        (["a:99999"], "is not an address"),
        (["a b:1"], "holds white space"),
        ([{"host": "a\r\nb", "port": 1}], "is neither a host name nor an IP address"),
        ([{"host": "1.2.3.4.5", "port": 1}], "is neither a host name nor an IP address"),
        ([{"host": "fe80::1%eth0", "port": 1}], "is neither a host name nor an IP address"),
        ([{"host": "a"}], "'NoneType' is not a port"),
        ([{"host": "a", "port": True}], "is not a port"),
        ([{"host": "a", "port": 1, "weight": 0}], "'0' is not a weight"),
        ([{"host": "a", "port": 1, "zone": "x y"}], "is not the name of a zone"),
        ([{"host": "a", "port": 1, "wieght": 2}], "has the unknown key 'wieght'"),
        ([{"host": "a", "port": 1, "draining": "yes"}], "draining must be true or false"),
        ([{"host": "a", "url": "http://a"}], "must have either url or host"),
        ([{"url": "http://a", "port": 2}], "and then neither port nor scheme"),
        ([{"targets": "a:1"}], "is a group without a list of targets"),
        ([{"host": "a", "port": 1, "scheme": ["http"]}], "is not a scheme"),
        ([{"targets": ["a:1"], "labels": {"__scheme__": {}}}], "is not a scheme"),
        ([{"targets": [1]}], "holds something of the type int among its targets"),
        ([{"targets": ["a:1"], "labels": {"__scheme__": "ftp"}}], "'ftp' is not a scheme of targets"),
        (["a:1"] * (MAX_TARGETS + 1), "lists more than 10000 targets"),
    ],
)
def test_anything_else_fails_as_a_whole(document: object, message: str) -> None:
    """One bad entry makes the document one that is not used: half of it could be half of the service."""
    with pytest.raises(DiscoveryFailed) as failed:
        targets_of(document, Defaults())
    assert message in str(failed.value)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["url", "host", "port", "targets", "labels", "weight", "zone"]) | st.text(max_size=5),
        inner, max_size=4,
    ),
    max_leaves=15,
)  # fmt: skip


@settings(max_examples=50)
@given(st.lists(json_values, max_size=5))
def test_arbitrary_documents_give_targets_or_one_error(document: list[object]) -> None:
    """Whatever a server says, it is targets or a failure; what passed can stand in a Host field."""
    try:
        found = targets_of(document, Defaults())
    except DiscoveryFailed:
        return
    for target in found:
        assert target.address.isprintable()
        assert " " not in target.address
        assert "/" not in target.address
        assert DiscoveredTarget.parse(target.url) == DiscoveredTarget(target.host, target.port, target.scheme)
