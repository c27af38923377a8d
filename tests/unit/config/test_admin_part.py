"""The rules of ``admin_part``: where the admin listener is, whatever else is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from vizgate.config.admin_part import AdminPart, admin_part
from vizgate.config.model.address import Address, UnixAddress
from vizgate.config.problems import ConfigError


def part(folder: Path, text: str, **environment: str) -> AdminPart:
    file = folder / "vizgate.yaml"
    file.write_text(text)
    return admin_part(str(file), environment)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("version: 1", AdminPart(Address("127.0.0.1", 9900))),
        ("server: {admin: 'off'}", AdminPart(None)),
        ("server: {admin: 127.0.0.1:7}", AdminPart(Address("127.0.0.1", 7))),
        ("server: {admin: unix:/run/v.sock}", AdminPart(UnixAddress("/run/v.sock"))),
        ("server: {admin: '127.0.0.1:${PORT}'}", AdminPart(Address("127.0.0.1", 8))),
        ("server: {admin_token: '${TOKEN}'}", AdminPart(Address("127.0.0.1", 9900), "t")),
        ("server: {admin_token: '${MISSING}'}", AdminPart(Address("127.0.0.1", 9900))),
        ("server: {admin_token: {file: token}}", AdminPart(Address("127.0.0.1", 9900), "of-file")),
        ("server: {admin_token: {file: missing}}", AdminPart(Address("127.0.0.1", 9900))),
        (
            "server: {admin_tokens: [{name: a, token: r}, {name: b, token: o, role: operator}]}",
            AdminPart(Address("127.0.0.1", 9900), "o"),
        ),
        ("server: {admin_tokens: [{name: b, hash: x, role: operator}, {name: a, token: r}]}",
         AdminPart(Address("127.0.0.1", 9900), "r")),
        ("server: {admin_tokens: nonsense, nobody: knows}\nroutes: [{}]", AdminPart(Address("127.0.0.1", 9900))),
    ],
)  # fmt: skip
def test_listener_and_token_are_found(tmp_path: Path, text: str, expected: AdminPart) -> None:
    """The token that may do most; what is faulty elsewhere is the gateway's business."""
    (tmp_path / "token").write_text("of-file\n")
    assert expected == part(tmp_path, text, PORT="8", TOKEN="t")


def test_environment_has_the_last_word(tmp_path: Path) -> None:
    """As it has for the gateway."""
    found = part(tmp_path, "server: {admin: 127.0.0.1:7}", VIZGATE_SERVER__ADMIN="127.0.0.1:9")
    assert Address("127.0.0.1", 9) == found.address


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("server: {admin: 'here'}", "is not an address"),
        ("server: {admin: '127.0.0.1:${MISSING}'}", "Write --admin"),
        ("a: [", "not valid YAML"),
        ("- a", "must be a mapping"),
    ],
)
def test_address_that_cannot_be_read_is_told_with_its_place(tmp_path: Path, text: str, problem: str) -> None:
    """So is a file that is none."""
    with pytest.raises(ConfigError, match=problem) as caught:
        part(tmp_path, text)
    assert "vizgate.yaml:" in str(caught.value)
    with pytest.raises(ConfigError, match="cannot read the file"):
        admin_part(str(tmp_path / "none.yaml"), {})
