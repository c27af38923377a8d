"""A Dockerfile, read as far as the tests need it: instructions, stages, and the commands that a stage runs."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Instruction:
    name: str
    value: str

    @property
    def words(self) -> list[str]:
        """The arguments; those of the exec form as they are."""
        text = self.value.removeprefix("CMD ") if self.name == "HEALTHCHECK" else self.value
        return json.loads(text) if text.startswith("[") else shlex.split(text)


def read(path: Path) -> list[Instruction]:
    """Every instruction, continued lines joined, comments left out."""
    lines = [line for line in path.read_text("utf-8").splitlines() if line.strip() and not line.startswith("#")]
    text = "\n".join(lines).replace("\\\n", " ")
    found = []
    for line in text.splitlines():
        name, _, value = line.strip().partition(" ")
        found.append(Instruction(name, " ".join(value.split())))
    return found


def stages(instructions: list[Instruction]) -> list[list[Instruction]]:
    """The instructions of each stage, its ``FROM`` first."""
    found: list[list[Instruction]] = []
    for each in instructions:
        if each.name == "FROM":
            found.append([])
        found[-1].append(each)
    return found
