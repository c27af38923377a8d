"""Field types for settings: what the YAML may say, and what the program gets."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, ValidationError

from vizgate.extension.values.fields import (
    Duration,
    ExistingFile,
    Expanded,
    Flag,
    Integer,
    Number,
    PositiveDuration,
    RateField,
    Secret,
    SecretField,
    Share,
    Size,
    TextSource,
)
from vizgate.units import Rate


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    duration: Duration = 1.0
    positive: PositiveDuration = 1.0
    size: Size = 1
    share: Share = 1.0
    rate: RateField = Rate(1, 1.0)
    integer: Integer = 1
    number: Number = 1.0
    flag: Flag = True
    secret: SecretField | None = None
    file: ExistingFile | None = None


def read(base: Path, **values: Any) -> Settings:
    return Settings.model_validate(values, context=TextSource(base))


def fault(base: Path, **values: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        read(base, **values)
    return caught.value.errors()[0]["msg"]


@pytest.mark.parametrize(
    ("key", "written", "expected"),
    [
        ("duration", "500ms", 0.5),
        ("duration", "0", 0.0),
        ("duration", 0, 0),
        ("positive", "2s", 2.0),
        ("size", "64KiB", 65536),
        ("size", 512, 512),
        ("share", "50%", 0.5),
        ("rate", "10/2s", Rate(10, 2.0)),
        ("rate", Rate(1, 2.0), Rate(1, 2.0)),
        ("integer", 3, 3),
        ("integer", Expanded("3"), 3),
        ("number", 1, 1.0),
        ("number", Expanded("0.5"), 0.5),
        ("flag", False, False),
        ("flag", Expanded("false"), False),
    ],
)
def test_field_written_form_gives_value(tmp_path: Path, key: str, written: object, expected: object) -> None:
    """Units are read to plain numbers; a text of the environment may spell a number or a flag."""
    assert getattr(read(tmp_path, **{key: written}), key) == expected


@pytest.mark.parametrize(
    ("key", "written"),
    [
        ("duration", 5),
        ("duration", True),
        ("duration", [1]),
        ("duration", "5"),
        ("duration", -1.0),
        ("duration", float("nan")),
        ("positive", "0s"),
        ("size", -1),
        ("size", True),
        ("size", 1.5),
        ("share", 1),
        ("share", "101%"),
        ("rate", 5),
        ("integer", "3"),
        ("integer", True),
        ("integer", 1.0),
        ("integer", Expanded("x")),
        ("number", "1"),
        ("flag", 1),
        ("flag", "true"),
        ("flag", Expanded("yes")),
        ("secret", 5),
        ("secret", {"file": "x", "more": 1}),
        ("file", 5),
        ("file", ""),
        ("file", "a\0b"),
    ],
)
def test_field_other_form_is_refused(tmp_path: Path, key: str, written: object) -> None:
    """In a text, a number without its unit, and anything of another type, is refused."""
    assert fault(tmp_path, **{key: written})


def test_field_in_python_takes_plain_numbers() -> None:
    """In Python code, where types are checked, a number is seconds, bytes or a fraction."""
    settings = Settings(duration=5, size=3, share=0.25)
    assert (settings.duration, settings.size, settings.share) == (5, 3, 0.25)
    with pytest.raises(ValidationError, match="at most"):
        Settings(share=1.5)


def test_secret_of_file_is_read_relative_to_the_text(tmp_path: Path) -> None:
    """``{file: path}`` reads a secret from a file, without the line end that editors add."""
    (tmp_path / "token").write_text("hunter2\n")
    secret = read(tmp_path, secret={"file": "token"}).secret
    assert secret is not None
    assert secret.reveal() == "hunter2"


def test_secret_never_shows_itself(tmp_path: Path) -> None:
    """A secret is in no repr, no text and no dump; it can still be compared."""
    settings = read(tmp_path, secret="hunter2")
    for shown in (repr(settings), str(settings.secret), settings.model_dump_json(), str(settings.model_dump())):
        assert "hunter2" not in shown
    assert settings.secret == Secret("hunter2")
    assert settings.secret != Secret("other")
    assert hash(settings.secret) == hash(Secret("hunter2"))


@pytest.mark.parametrize("content", [b"hunter2\xff", b"hunter2" * 20_000])
def test_secret_of_unusable_file_is_refused_without_showing_it(tmp_path: Path, content: bytes) -> None:
    """A file that is no text, or far too long for a secret, is refused by its name."""
    (tmp_path / "token").write_bytes(content)
    message = fault(tmp_path, secret={"file": "token"})
    assert "token" in message
    assert "hunter2" not in message


def test_secret_of_missing_file_names_the_file(tmp_path: Path) -> None:
    """A secret file that is not there is named."""
    assert "cannot read the secret" in fault(tmp_path, secret={"file": "nope"})


def test_existing_file_is_a_regular_one(tmp_path: Path) -> None:
    """A FIFO would hold whoever reads it for ever, a device may have no end: refused at once."""
    os.mkfifo(tmp_path / "fifo")
    assert "it is no regular file" in fault(tmp_path, file="fifo")
    assert "it is no regular file" in fault(tmp_path, file="/dev/zero")
    assert "Is a directory" in fault(tmp_path, file=".")


def test_existing_file_is_resolved_relative_to_the_text(tmp_path: Path) -> None:
    """A path starts from the folder of the YAML; a file that cannot be read is refused at load."""
    (tmp_path / "ca.pem").touch()
    assert read(tmp_path, file="ca.pem").file == tmp_path / "ca.pem"
    assert "cannot read the file" in fault(tmp_path, file="other.pem")


def test_dump_writes_units_as_people_do() -> None:
    """What is dumped as JSON can stand in a YAML."""
    settings = Settings(duration=0.5, size=65536, share=0.5, rate=Rate(10, 2.0))
    dumped = settings.model_dump(mode="json", include={"duration", "size", "share", "rate"})
    assert dumped == {"duration": "500ms", "size": "64KiB", "share": "50%", "rate": "10/2s"}
