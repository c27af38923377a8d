"""The router alone: which function takes which request."""

from __future__ import annotations

from vizgate.router import NoMatch, Router

ROUTES = Router.of(
    {
        "GET /users/{id:int}": "show a user",
        "GET /users/me": "show myself",
        "GET,PUT /files/{rest:path}": "files",
    }
)


def describe(method: str, path: str) -> str:
    """What *method* and *path* lead to, in words."""
    found = ROUTES.match(method, "example.com", path.encode())
    if isinstance(found, NoMatch):
        allowed = f", allowed: {', '.join(found.allow)}" if found.allow else ""
        return f"{method} {path} -> {found.status}{allowed}"
    return f"{method} {path} -> {found.value} {dict(found.params)}"


if __name__ == "__main__":
    for method, path in [
        ("GET", "/users/7"),
        ("GET", "/users/me"),
        ("GET", "/files/a/b"),
        ("POST", "/users/7"),
        ("GET", "/"),
    ]:
        print(describe(method, path))
