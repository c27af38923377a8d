"""Field types for settings: what the YAML may say, and what the program gets.

In: the annotated types that pydantic models of components and plugins use, ``Secret``, and how they know that
settings come from a text. Not in: the parsing rules (``units``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    PlainSerializer,
    PlainValidator,
    Strict,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
)

from vizgate import units
from vizgate.extension.values.regular_file import open_regular
from vizgate.units import Rate

_MAX_SECRET_BYTES = 64 * units.KIB

# Every text may come from the environment, so each pattern for editors lets "${NAME}" stand.
_OR_VARIABLE = r"|\$\{"
_DURATION_PATTERN = r"^ *([0-9]+(\.[0-9]+)? ?(ms|s|m|h|d)|0+(\.0+)?) *$" + _OR_VARIABLE
_ZERO_PATTERN = r"^ *0+(\.0+)? ?(ms|s|m|h|d)? *$"
_SIZE_PATTERN = r"^ *[0-9]+(\.[0-9]+)? ?(B|KiB|MiB|GiB)? *$" + _OR_VARIABLE
_RATE_PATTERN = r"^ *[0-9]+ ?/ ?(second|sec|minute|min|hour|day|([0-9]+(\.[0-9]+)? ?)?(ms|s|m|h|d)) *$" + _OR_VARIABLE
_SHARE_PATTERN = r"^ *[0-9]{1,3}(\.[0-9]+)? ?% *$" + _OR_VARIABLE


@dataclass(frozen=True, slots=True)
class TextSource:
    """Pydantic's validation context when settings come from a text that people write.

    Then a number without a unit is refused where a unit belongs; in Python code a number is plain seconds, bytes or
    fraction. ``base``: the folder that relative paths start from. ``memo``: what has been read for this one
    configuration, so that a file that many parts name is read once. ``files``: what was read beside the text.
    """

    base: Path
    files: set[Path] = field(default_factory=set, compare=False, repr=False)
    memo: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)


class Expanded(str):
    """A text out of ``${NAME}`` or the environment, where everything is text: it may be read as a number, too."""

    __slots__ = ()


class Defaulted(Expanded):
    """A text out of ``${NAME:-default}`` whose default stands in the configuration, for everybody who may read that."""

    __slots__ = ()


def is_written(value: object) -> bool:
    """Whether *value* is a text that stands in the configuration itself."""
    return isinstance(value, str) and (not isinstance(value, Expanded) or isinstance(value, Defaulted))


class Secret:
    """A text that shows itself only to ``reveal``: never in a repr, an error, a dump or a log.

    Args: is_plain: whether it stands in the configuration itself, for everybody who may read that.
    """

    __slots__ = ("_value", "is_plain")

    def __init__(self, value: str, *, is_plain: bool = False) -> None:
        self._value = value
        self.is_plain = is_plain

    def reveal(self) -> str:
        """The text itself."""
        return self._value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return "Secret('**********')"

    def __str__(self) -> str:
        return "**********"


def _number_with_unit(parse: Callable[[str], float], example: str) -> Callable[[object, ValidationInfo], float]:
    def read(value: object, info: ValidationInfo) -> float:
        if isinstance(value, str):
            return parse(value)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ValueError(f"must be a text such as '{example}'")  # noqa: TRY004  # pydantic reports ValueError only
        if not 0 <= value < float("inf"):
            raise ValueError(f"must not be negative or infinite. Write for example '{example}'")
        if value and isinstance(info.context, TextSource):
            return parse(f"{value}")
        return value

    return read


def _read_size(value: object) -> int:
    if isinstance(value, str):
        return units.parse_size(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError("must be a size such as '64KiB'")
    return value


def _read_rate(value: object) -> Rate:
    if isinstance(value, Rate):
        return value
    if isinstance(value, str):
        return units.parse_rate(value)
    raise ValueError("must be a text such as '100/minute'")


def _positive(value: float) -> float:
    if value <= 0:
        raise ValueError("must be more than zero")
    return value


def _at_most_all(value: float) -> float:
    if value > 1:
        raise ValueError("must be at most 1.0, which is 100%")
    return value


def _from_expanded(value: object) -> object:
    """A text of the environment as the number or flag it spells; anything else as it is, for a strict check after."""
    if isinstance(value, Expanded):
        text = value.strip()
        if text in {"true", "false"}:
            return text == "true"
        for number in (int, float):
            try:
                return number(text)
            except ValueError:
                continue
    return value


def _read_secret(value: object, info: ValidationInfo) -> Secret:
    if isinstance(value, Secret):
        return value
    if isinstance(value, str):
        return Secret(value, is_plain=isinstance(info.context, TextSource) and is_written(value))
    if isinstance(value, Mapping) and set(value) == {"file"} and isinstance(value["file"], str):
        return _secret_of_file(_read(_resolve(value["file"], info), info))
    raise ValueError("must be a text, usually '${NAME}', or {file: path}")


def _secret_of_file(path: Path) -> Secret:
    """The text of *path* without line ends at its end. Raises: ValueError: it names the file, never its text."""
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_SECRET_BYTES + 1)
    except OSError as exc:
        raise ValueError(f"cannot read the secret from '{path}': {exc.strerror}") from None
    if len(data) > _MAX_SECRET_BYTES:
        raise ValueError(f"the secret in '{path}' is over {units.format_size(_MAX_SECRET_BYTES)}")
    try:
        return Secret(data.decode("utf-8").rstrip("\r\n"))
    except UnicodeDecodeError:
        raise ValueError(f"the secret in '{path}' is not UTF-8 text") from None


def _keep_origin(value: object, read: ValidatorFunctionWrapHandler) -> str:
    text: str = read(value)
    return value if isinstance(value, Expanded) else text


def _read_new_path(value: object, info: ValidationInfo) -> Path:
    if not isinstance(value, (str, Path)) or not str(value) or "\0" in str(value):
        raise ValueError("must be the path of a file")
    return _resolve(value, info)


def _read_path(value: object, info: ValidationInfo) -> Path:
    path = _read(_read_new_path(value, info), info)
    try:
        with open_regular(path):
            return path
    except OSError as exc:
        raise ValueError(f"cannot read the file '{path}': {exc.strerror}") from None


def _read(path: Path, info: ValidationInfo) -> Path:
    """*path*, noted as one that the configuration depends on."""
    if isinstance(info.context, TextSource):
        info.context.files.add(path)
    return path


def _resolve(path: str | Path, info: ValidationInfo) -> Path:
    return info.context.base / path if isinstance(info.context, TextSource) else Path(path)


def _text_schema(kind: str, pattern: str, example: str, **more: Any) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": pattern, "examples": [example], "x-type": kind, **more})


_read_duration = BeforeValidator(_number_with_unit(units.parse_duration, "30s"))
_write_duration = PlainSerializer(units.format_duration, return_type=str, when_used="json")
_write_size = PlainSerializer(units.format_size, return_type=str, when_used="json")
_size_schema = {
    "anyOf": [{"type": "string", "pattern": _SIZE_PATTERN}, {"type": "integer", "minimum": 0}],
    "examples": ["64KiB"],
    "x-type": "size",
}

#: Seconds, written ``500ms``, ``2s``, ``1m``, ``1h``, ``7d``; ``0`` may stand without a unit.
Duration = Annotated[
    float,
    _read_duration,
    _write_duration,
    WithJsonSchema(
        {
            "anyOf": [{"type": "string", "pattern": _DURATION_PATTERN}, {"const": 0}],
            "examples": ["30s"],
            "x-type": "duration",
        }
    ),
]

#: As ``Duration``, but more than zero.
PositiveDuration = Annotated[
    float,
    _read_duration,
    AfterValidator(_positive),
    _write_duration,
    _text_schema("duration above 0", _DURATION_PATTERN, "30s", **{"not": {"pattern": _ZERO_PATTERN}}),
]

#: Bytes, written ``512``, ``64KiB``, ``10MiB``, ``1GiB``.
Size = Annotated[int, BeforeValidator(_read_size), _write_size, WithJsonSchema(_size_schema)]

#: A fraction from 0.0 to 1.0, written ``50%``.
Share = Annotated[
    float,
    BeforeValidator(_number_with_unit(units.parse_share, "50%")),
    AfterValidator(_at_most_all),
    PlainSerializer(units.format_share, return_type=str, when_used="json"),
    _text_schema("share", _SHARE_PATTERN, "50%"),
]

#: A ``units.Rate``, written ``100/minute`` or ``10/2s``.
RateField = Annotated[
    Rate,
    PlainValidator(_read_rate),
    PlainSerializer(units.format_rate, return_type=str, when_used="json"),
    _text_schema("rate", _RATE_PATTERN, "100/minute"),
]

#: A whole number; unlike plain ``int`` it takes no quoted text, except from the environment.
Integer = Annotated[int, Strict(), BeforeValidator(_from_expanded)]

#: A number; unlike plain ``float`` it takes no quoted text, except from the environment.
Number = Annotated[float, Strict(), BeforeValidator(_from_expanded)]

#: ``true`` or ``false``, and nothing that looks like them.
Flag = Annotated[bool, Strict(), BeforeValidator(_from_expanded)]

#: A ``Secret``, written as a text, usually ``${NAME}``, or as ``{file: path}`` relative to the YAML file.
SecretField = Annotated[
    Secret,
    PlainValidator(_read_secret),
    PlainSerializer(str, return_type=str),
    WithJsonSchema(
        {
            "x-type": "secret",
            "anyOf": [
                {"type": "string"},
                {
                    "type": "object",
                    "properties": {"file": {"type": "string"}},
                    "required": ["file"],
                    "additionalProperties": False,
                },
            ],
        }
    ),
]

#: A text that keeps whether it came out of a variable, for those who look for secrets.
Text = Annotated[str, WrapValidator(_keep_origin)]

#: The path of a file that the gateway will write and need not exist yet, relative to the YAML file.
NewFile = Annotated[
    Path,
    PlainValidator(_read_new_path),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "minLength": 1, "x-type": "file"}),
]

#: The path of a file that can be read at load, relative to the YAML file.
ExistingFile = Annotated[
    Path,
    PlainValidator(_read_path),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "minLength": 1, "x-type": "file"}),
]
