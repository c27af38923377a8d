"""Reading OpenAPI documents: every problem at once, each with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from vizgate.message.headers import Headers
from vizgate.validation.check.violation import Violation
from vizgate.validation.document.problems import DocumentError
from vizgate.validation.openapi.document import ApiDocument, read_document
from vizgate.validation.openapi.operation import Operation


def read(folder: Path, text: str, *, responses: bool = False) -> ApiDocument:
    (folder / "api.yaml").write_text(text, "utf-8")
    return read_document(folder / "api.yaml", responses=responses)


def operation(document: ApiDocument, path: str = "/x", method: str = "GET") -> Operation:
    found = document.table("/").find(path)
    assert found is not None
    result = found[0].operation(method)
    assert result is not None
    return result


def told(error: DocumentError) -> list[str]:
    return [f"{problem.file}{problem.place}" for problem in error.problems]


def test_all_problems_are_told_with_their_pointers(tmp_path: Path) -> None:
    """Bad templates, styles, references, patterns and schemas are told together."""
    with pytest.raises(DocumentError) as caught:
        read(
            tmp_path,
            """
openapi: 3.1.0
paths:
  /a/{x}{y}: {get: {}}
  /b/{id}:
    get:
      parameters:
        - {name: id, in: path, style: matrix, schema: {type: string}}
        - {name: q, in: query, schema: {$ref: '#/components/schemas/No'}}
        - {name: r, in: query}
        - {name: s, in: body, schema: {}}
        - {name: t, in: query, content: {text/plain: {schema: {}}}}
        - {name: u, in: path, schema: {}}
  /c/{id}:
    post:
      requestBody: {content: {application/json: {schema: {type: strin, properties: {a: {pattern: "("}}}}}}
    put: {requestBody: {}}
    patch: {requestBody: {content: {json: {}}}}
  /c/{name}: {get: {}}
  /d: {get: {parameters: [{$ref: 'http://evil.example/x.json'}], requestBody: {$ref: '../x.yaml'}}}
  /e: {$ref: '#/paths/~1f'}
  /f: {$ref: '#/paths/~1e'}
  /g: {get: {parameters: {a: 1}}, post: 1}
  /h: {get: {parameters: [{name: a, in: query, schema: {$id: x, $schema: "http://other/", allOf: {}, not: 1}}]}}
""",
        )
    assert [
        "api.yaml#/paths/~1a~1{x}{y}",
        "api.yaml#/paths/~1b~1{id}/get/parameters/3",
        "api.yaml#/paths/~1b~1{id}/get/parameters/5",
        "api.yaml#/paths/~1b~1{id}/get/parameters/0",
        "api.yaml#/paths/~1b~1{id}/get/parameters/1/schema",
        "api.yaml#/paths/~1b~1{id}/get/parameters/2",
        "api.yaml#/paths/~1b~1{id}/get/parameters/4/content",
        "api.yaml#/paths/~1c~1{id}/put/requestBody",
        "api.yaml#/paths/~1c~1{id}/post/requestBody/content/application~1json/schema/properties/a/pattern",
        "api.yaml#/paths/~1c~1{id}/post/requestBody/content/application~1json/schema/type",
        "api.yaml#/paths/~1c~1{id}/patch/requestBody/content/json",
        "api.yaml#/paths/~1c~1{name}",
        "api.yaml#/paths/~1d/get/parameters/0",
        "api.yaml#/paths/~1d/get/requestBody",
        "api.yaml#/paths/~1e",
        "api.yaml#/paths/~1f",
        "api.yaml#/paths/~1g/get/parameters",
        "api.yaml#/paths/~1g/post",
    ] == [place for place in told(caught.value) if "~1h" not in place]
    assert 4 == len([place for place in told(caught.value) if "~1h" in place])


def test_slips_of_the_keyboard_are_told(tmp_path: Path) -> None:
    """A misspelt key would leave out a check in silence; one that is like no other is let be."""
    with pytest.raises(DocumentError) as caught:
        read(
            tmp_path,
            """
openapi: 3.1.0
paths:
  /x:
    Post: {}
    put:
      requestbody: {}
      x-requestBodies: {}
      unheard-of: 1
      parameters: [{name: a, in: query, require: true, schema: {}}]
    patch: {requestBody: {content: {application/json: {shema: {}}}}}
""",
        )
    assert [
        "api.yaml#/paths/~1x/Post: there is no key 'Post' here. Did you mean 'post'?",
        "api.yaml#/paths/~1x/put/requestbody: there is no key 'requestbody' here. Did you mean 'requestBody'?",
        "api.yaml#/paths/~1x/put/parameters/0/require: there is no key 'require' here. Did you mean 'required'?",
        (
            "api.yaml#/paths/~1x/patch/requestBody/content/application~1json/shema: there is no key 'shema' here. "
            "Did you mean 'schema'?"
        ),
    ] == [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("swagger: '2.0'\npaths: {}\n", "Swagger 2.0 must be converted"),
        ("openapi: 3.2.0\npaths: {}\n", "version 3.0 or 3.1"),
        ("[1]", "version 3.0 or 3.1"),
        ("openapi: 3.0.3\npaths: []\n", "paths is not a mapping"),
        ("openapi: 3.0.3\nservers: x\npaths: {}\n", "servers is a list"),
        ("openapi: 3.0.3\npaths: {/x: [1]}\n", "a path item is a mapping"),
    ],
)
def test_other_documents_are_refused(tmp_path: Path, text: str, reason: str) -> None:
    """Versions that are not read, and what is no document at all."""
    with pytest.raises(DocumentError, match=reason):
        read(tmp_path, text)


def test_files_beside_are_followed_in_circles(tmp_path: Path) -> None:
    """References lead to files beside the document and back, for schemas, parameters and whole paths."""
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "paths.yaml").write_text(
        "x: {get: {parameters: [{$ref: 'common.json#/limit'}, {$ref: '#/tag'}]}}\n"
        "tag: {name: tag, in: query, schema: {$ref: '../api.yaml#/components/schemas/Tag'}}\n"
    )
    (tmp_path / "parts" / "common.json").write_text(
        '{"limit": {"name": "limit", "in": "query", "required": true, "schema": {"$ref": "#/int"}}, '
        '"int": {"type": "integer"}}'
    )
    text = (
        "openapi: 3.1.0\npaths: {/x: {$ref: 'parts/paths.yaml#/x'}}\n"
        "components: {schemas: {Tag: {oneOf: [{maxLength: 3, type: string}, "
        "{properties: {x: {$ref: '#/components/schemas/Tag'}}, type: object}]}}}\n"
    )
    get = operation(read(tmp_path, text))
    assert {"limit", "tag"} == {parameter.name for parameter in get.query}
    assert [Violation("query", "is required", "limit")] == list(
        get.head_violations({}, "tag=abc", None, only_known=False)
    )
    assert 2 == len(get.head_violations({}, "limit=x&tag=abcd", None, only_known=False))


def test_operation_parameters_replace_those_of_the_path(tmp_path: Path) -> None:
    """One place and name is one parameter; three header fields are never parameters."""
    get = operation(
        read(
            tmp_path,
            """
openapi: 3.0.3
paths:
  /x:
    parameters:
      - {name: n, in: query, required: true, schema: {type: integer}}
      - {name: Authorization, in: header, required: true, schema: {type: string}}
      - {name: X-N, in: header, required: true, schema: {type: integer}}
    get: {parameters: [{name: n, in: query, schema: {type: string}}, {name: x-n, in: header, schema: {}}]}
""",
        )
    )
    assert not get.head_violations({}, "", Headers([(b"X-N", b"word")]), only_known=False)


STYLED = """
openapi: 3.1.0
components: {securitySchemes: {key: {type: apiKey, in: query, name: api_key}}}
paths:
  /x:
    get:
      parameters:
        - {name: ids, in: query, explode: false, schema: {type: array, items: {type: integer}, maxItems: 3}}
        - {name: filter, in: query, style: deepObject, schema: {type: object, properties: {min: {type: number}}}}
        - {name: box, in: query, schema: {type: object, properties: {w: {type: integer}, h: {type: integer}}}}
        - {name: json, in: query, content: {application/json: {schema: {type: object, required: [a]}}}}
        - {name: flag, in: query, allowEmptyValue: true, schema: {type: boolean}}
        - {name: either, in: query, schema: {oneOf: [{type: integer}, {type: array, items: {}, minItems: 2}]}}
        - {name: since, in: query, schema: {type: string, format: date}}
        - {name: session, in: cookie, schema: {type: string, minLength: 3}}
        - {name: X-Ids, in: header, schema: {type: array, items: {type: integer}}}
"""


@pytest.mark.parametrize(
    ("query", "headers", "expected"),
    [
        ("ids=1,2,3&filter[min]=1.5&w=1&h=2&json=%7B%22a%22%3A1%7D&flag=&either=5&since=2026-01-31&api_key=k", {}, []),
        ("either=a&either=b&flag=true", {"Cookie": "session=abc", "X-Ids": "1, 2"}, []),
        ("ids=1,x", {}, [("query", "ids", "/1")]),
        ("ids=1,2,3,4", {}, [("query", "ids", "")]),
        ("filter[min]=x", {}, [("query", "filter", "/min")]),
        ("filter[a][b]=x", {}, [("query", "filter", "")]),
        ("w=x", {}, [("query", "box", "/w")]),
        ("json=%7B%7D", {}, [("query", "json", "")]),
        ("json=%7B", {}, [("query", "json", "")]),
        ("flag=maybe", {}, [("query", "flag", "")]),
        ("flag=true&flag=true", {}, [("query", "flag", "")]),
        ("either=word", {}, [("query", "either", "")]),
        ("since=tomorrow", {}, [("query", "since", "")]),
        ("unknown=1&filterx[a]=1", {}, [("query", "unknown", ""), ("query", "filterx[a]", "")]),
        ("%zz", {}, [("query", "", "")]),
        ("", {"Cookie": "session=ab", "X-Ids": "1,b"}, [("header", "X-Ids", "/1"), ("cookie", "session", "")]),
    ],
)
def test_parameters_of_every_kind_are_checked(
    tmp_path: Path, query: str, headers: dict[str, str], expected: list[tuple[str, str, str]]
) -> None:
    """Styles, content, empty values, alternatives, keys of security schemes, and what is not known."""
    get = operation(read(tmp_path, STYLED))
    found = get.head_violations({}, query, Headers.of(headers.items()), only_known=True)
    assert expected == [(item.where, item.name, item.pointer) for item in found]


def test_read_only_properties_are_not_required_in_requests(tmp_path: Path) -> None:
    """Nor are write-only ones in responses; behind references, too."""
    text = """
openapi: 3.0.3
paths:
  /x:
    post:
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/S'}}}}
      responses: {2xx: {content: {application/json: {schema: {$ref: '#/components/schemas/S'}}}}}
components:
  schemas:
    Id: {type: integer, readOnly: true}
    S:
      required: [id, secret, name]
      properties: {id: {$ref: '#/components/schemas/Id'}, secret: {type: string, writeOnly: true}, name: {type: string}}
"""
    post = operation(read(tmp_path, text, responses=True), method="POST")
    assert post.body is not None
    request = post.body.media.find(post_json())
    response = post.response(201)
    assert request is not None
    assert request[0] is not None
    assert response is not None
    assert response.media is not None
    entry = response.media.find(post_json())
    assert entry is not None
    assert entry[0] is not None
    assert [] == request[0].violations(b'{"secret":"s","name":"n"}', post_json())
    assert 1 == len(request[0].violations(b'{"name":"n"}', post_json()))
    assert [] == entry[0].violations(b'{"id":1,"name":"n"}', post_json())
    assert 1 == len(entry[0].violations(b'{"name":"n"}', post_json()))
    assert post.response(404) is None


def post_json():  # a shorthand
    from vizgate.validation.content.media_type import MediaType

    return MediaType("application/json")


def test_servers_stand_before_the_paths(tmp_path: Path) -> None:
    """Those of an operation win over those of its path, those over the document's; base_path over all."""
    document = read(
        tmp_path,
        """
openapi: 3.1.0
servers: [{url: https://a.example/v1}, {url: /v2}]
paths:
  /x: {get: {}}
  /y: {servers: [{url: /y}], get: {}, put: {servers: [{url: /put}]}}
""",
    )
    table = document.table(None)
    assert ["/v1/x", "/v2/x", "/y/y", "/put/y"] == [
        path for path in ("/x", "/v1/x", "/v2/x", "/y/y", "/v1/y", "/put/y") if table.find(path) is not None
    ]
    assert document.table("/base/").find("/base/x") is not None
    assert "ApiDocument api.yaml" in repr(document)


def test_base_path_over_servers_of_operations_is_ambiguous_only_where_it_is(tmp_path: Path) -> None:
    """Operations of one path that have servers of their own stand under one base path together."""
    document = read(tmp_path, "openapi: 3.1.0\npaths: {/y: {get: {}, put: {servers: [{url: /put}]}}}\n")
    found = document.table("/b").find("/b/y")
    assert found is not None
    assert "GET, HEAD, PUT" == found[0].allow
