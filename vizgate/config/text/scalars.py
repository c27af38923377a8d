"""What a plain scalar stands for, by the rules of YAML 1.2.

In: ``resolve``. Not in: quoted scalars, which are text.
"""

from __future__ import annotations

import re

# YAML 1.2 core schema, without octal and hexadecimal numbers, .inf and .nan: `on`, `no`, `12:30:45`, `010` and dates
# are text.
_CONSTANTS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,4000})", re.ASCII)
_FLOAT = re.compile(r"[-+]?(0|[1-9][0-9]{0,40})?(\.[0-9]{0,40})?([eE][-+]?[0-9]{1,2})?", re.ASCII)


def resolve(text: str) -> str | int | float | bool | None:
    """What a plain scalar stands for."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] not in "+-.0123456789":
        return text
    if _INTEGER.fullmatch(text):
        return int(text)
    # A sign, a dot or an exponent alone matches the pattern, too, but has no digit to be a number.
    if _FLOAT.fullmatch(text) and any(character.isdigit() for character in text.lower().partition("e")[0]):
        return float(text)
    return text
