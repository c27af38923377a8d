"""``vizgate diff``: what a reload changes, for people, for programs, and as an exit code."""

from __future__ import annotations

import json

OLD = """\
services: {users: {targets: [http://127.0.0.1:1]}}
routes:
  - {name: user, match: {path: "/users/*"}, service: users}
"""
NEW = """\
server: {listen: 127.0.0.1:9}
services: {users: {targets: [http://127.0.0.1:1]}}
routes:
  - {name: user, match: {path: "/users/*"}, service: users, timeout: 5s}
  - {name: me, match: {path: /users/x}, service: users}
"""


def test_diff_of_equal_files_exits_with_0(run, write):
    """As diff(1): nothing to do."""
    old, new = write(OLD, "old.yaml"), write(OLD.replace("127.0.0.1:1]", "127.0.0.1:1 ]"), "new.yaml")
    assert (0, f"{old} and {new} do the same\n", "") == run("diff", old, new)


def test_diff_tells_changes_effects_and_moves(run, write):
    """What is different, what it brings about, and which requests go another way; the exit code is 1."""
    code, out, err = run("diff", write(OLD, "old.yaml"), write(NEW, "new.yaml"))
    assert (1, "") == (code, err)
    assert out.splitlines() == [
        "- server.listen['127.0.0.1:8080']: {address: 127.0.0.1:8080}",
        "+ server.listen['127.0.0.1:9']: {address: 127.0.0.1:9}",
        "~ routes.user.timeout: 0s -> 5s",
        "+ routes.me: {name: me, match: {path: /users/x}, service: users}",
        "",
        "A reload brings about:",
        "  listener  server.listen  127.0.0.1:8080 closes; connections there end after their requests",
        "  listener  server.listen  127.0.0.1:9 opens",
        "",
        "Requests that go another way:",
        "  GET /users/x: user -> me",
        "  POST /users/x: user -> me",
    ]


def test_diff_as_json_says_the_same(run, write):
    """For programs, with the same exit codes; equal files give empty lists."""
    old, new = write(OLD, "old.yaml"), write(NEW, "new.yaml")
    code, out, _ = run("diff", old, new, "--json")
    document = json.loads(out)
    assert 1 == code
    wanted = {"kind": "changed", "path": "routes.user.timeout", "old": "0s", "new": "5s", "note": ""}
    assert wanted in document["changes"]
    assert {"request": "GET /users/x", "old": "user", "new": "me"} in document["moves"]
    assert "127.0.0.1:9 opens" in [effect["message"] for effect in document["effects"]]
    code, out, _ = run("diff", old, old, "--json")
    assert (0, {"changes": [], "effects": [], "moves": []}) == (code, json.loads(out))


def test_diff_of_what_cannot_be_used_exits_with_2(run, write):
    """A broken file is neither equal nor different."""
    old, broken = write(OLD, "old.yaml"), write("routes: [{}]", "broken.yaml")
    code, out, err = run("diff", old, broken)
    assert (2, "") == (code, out)
    assert err.startswith(f"{broken}:1:10 routes[0]")
    assert 2 == run("diff", old)[0]
    assert 2 == run("diff", old, "no-such-file.yaml")[0]


def test_diff_tells_what_a_reload_would_refuse(run, write):
    """The same table that refuses a reload says so before."""
    text = "server: {{listen: [{{address: 'unix:/run/a.sock', mode: '{}'}}]}}"
    code, out, _ = run("diff", write(text.format("0600"), "old.yaml"), write(text.format("0660"), "new.yaml"))
    assert 1 == code
    assert "  restart   mode and owner of a Unix socket  only a restart changes it: who may open a socket" in out
