"""Path templates: what they say, what is wrong with one and where, and what a segment takes."""

from __future__ import annotations

import pytest

from vizgate.router.template import (
    VALUE_TESTS,
    Kind,
    Segment,
    TemplateError,
    converter,
    parse_path_template,
    split_affixes,
)

UUID = "123e4567-e89b-12d3-a456-426614174000"


def test_parse_every_kind_of_segment() -> None:
    """Literals, typed parameters with text around them, and the rest."""
    template = parse_path_template("/api/v{version:int}/{id:uuid}.json/{name}/{rest:path}")
    assert template.segments == (
        Segment(Kind.LITERAL, "api"),
        Segment(Kind.INT, "v", "", "version"),
        Segment(Kind.UUID, "", ".json", "id"),
        Segment(Kind.STR, "", "", "name"),
        Segment(Kind.PATH, "", "", "rest"),
    )
    assert template.parameters == {"version": Kind.INT, "id": Kind.UUID, "name": Kind.STR, "rest": Kind.PATH}
    assert template.literal is None


@pytest.mark.parametrize(
    ("text", "literal"),
    [
        ("/", "/"),
        ("/docs", "/docs"),
        ("/docs/", "/docs/"),
        ("/a b/caf\u00e9", "/a b/caf\u00e9"),
        ("/a%20b/caf%C3%A9/%41", "/a b/caf\u00e9/A"),
        ("/a%2fb/100%25", "/a%2Fb/100%25"),
        ("/%7Bid%7D/%2A", "/{id}/*"),
        ("/.well-known/x", "/.well-known/x"),
    ],
)
def test_literal_is_the_normal_form_of_the_path_it_matches(text: str, literal: str) -> None:
    """Fixed text may be written encoded or not."""
    assert parse_path_template(text).literal == literal


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("", 1, "begins with /"),
        ("users", 1, "begins with /"),
        ("/a/{id", 4, "lone '{'. Write %7B"),
        ("/a/id}", 6, "lone '}'. Write %7D"),
        ("/a/{}", 4, "needs a name"),
        ("/a/{1}", 4, "needs a name"),
        ("/a/{id:integer}", 8, "Did you mean 'int'?"),
        ("/a/{id:regex}", 8, "There are int, uuid, str, path"),
        ("/a/{x}{y}", 7, "one parameter only"),
        ("/{id}/{id}", 7, "twice"),
        ("/{rest:path}/x", 2, "comes last"),
        ("/a/x{rest:path}", 5, "whole segment"),
        ("/a/*/b", 4, "comes last"),
        ("/a*", 3, "whole segment"),
        ("/a/**", 4, "whole segment"),
        ("//a", 2, "// counts as /"),
        ("/a//", 4, "// counts as /"),
        ("/a/../b", 4, "dot segment"),
        ("/a/%2e%2E", 4, "dot segment"),
        ("/a?b=1", 3, "match.query"),
        ("/a#b", 3, "%23"),
        ("/a\\b", 3, "refused in every path"),
        ("/a/%zz", 4, "percent-encoding"),
        ("/a%5cb", 2, "percent-encoding"),
        ("/a%2F..", 2, "dot segment"),
        ("/a" * 257, 1, "more than 256 segments"),
    ],
)
def test_parse_malformed_says_what_and_where(text: str, position: int, words: str) -> None:
    """Each mistake is told with the character it stands at and a remedy."""
    with pytest.raises(TemplateError, match="character") as caught:
        parse_path_template(text)
    assert (caught.value.template, caught.value.position) == (text, position)
    assert words in caught.value.problem
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("more", "less"),
    [
        ("/a", "/{x:int}"),
        ("/v{x}", "/{x:int}"),
        ("/ab{x}", "/a{x}"),
        ("/a{x:int}", "/a{x}"),
        ("/{x:int}", "/{x:uuid}"),
        ("/{x:uuid}", "/{x}"),
        ("/{x}", "/{x:path}"),
        ("/a/{x}/c", "/{x}/b/c"),
        ("/a/", "/a/*"),
        ("/a/b", "/a/*"),
    ],
)
def test_shape_more_specific_template_sorts_first(more: str, less: str) -> None:
    """Segment by segment: fixed text, more fixed text around a parameter, int, uuid, str, the rest."""
    assert parse_path_template(more).shape < parse_path_template(less).shape


@pytest.mark.parametrize(("one", "other"), [("/{a}", "/{b:str}"), ("/{a:path}", "/*"), ("/x{a:int}", "/x{b:int}")])
def test_shape_names_of_parameters_do_not_matter(one: str, other: str) -> None:
    """Two templates that take the same paths have one shape."""
    assert parse_path_template(one).shape == parse_path_template(other).shape


@pytest.mark.parametrize(
    ("template", "segment", "value"),
    [
        ("/{x:int}", "7", 7),
        ("/{x:int}", "007", 7),
        ("/{x:int}", "9" * 18, 10**18 - 1),
        ("/{x:int}", "9" * 19, None),
        ("/{x:int}", "-1", None),
        ("/{x:int}", "\u0667", None),
        ("/{x:int}", "7\n", None),
        ("/{x:int}", "", None),
        ("/v{x:int}", "v7", 7),
        ("/v{x:int}b", "v7b", 7),
        ("/v{x:int}", "w7", None),
        ("/{x:uuid}", UUID.upper(), UUID),
        ("/{x:uuid}", UUID.replace("-", ""), None),
        ("/{x}", "a%2Fb%25", "a/b%"),
        ("/{x}", "", None),
        ("/a{x}", "a", None),
        ("/a{x}b", "ab", None),
        ("/a{x}a", "aa", None),
        ("/a{x}", "a..", None),
        ("/a{x}", "a.", None),
        ("/a{x}", "a..%2Fb", None),
        ("/a{x}", "a..;x", None),
        ("/{x}a", "..a", None),
        ("/{x}a", "b%2F..a", None),
        ("/{x}a", "b%2F.a", None),
        ("/{x}a", "b..a", "b.."),
        ("/a{x}", "a...", "..."),
        ("/{x}25", "a%25", None),
        ("/{x}25", "a%2525", "a%"),
        ("/{x}.json", "a.b.json", "a.b"),
    ],
)
def test_segment_takes_value(template: str, segment: str, value: object) -> None:
    """What each kind of parameter takes, and the value that it gives."""
    (wanted,) = parse_path_template(template).segments
    inner = split_affixes(wanted, segment.replace("%2F", "/").replace("%25", "%"))
    takes = inner is not None and bool(VALUE_TESTS[wanted.kind](inner))
    assert takes == (value is not None)
    if takes:
        assert converter(wanted)(segment) == value
