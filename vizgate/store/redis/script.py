"""A program as a Redis script.

In: ``Script``, what stands around the Lua of a program (reading the time and the cells, keeping them with an expiry),
and numbers as text. Not in: sending it (``store.redis.connection``).

Cells are kept as text, so that ``GET`` shows them to people; 17 digits bring every double back as it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha1
from typing import Self

from vizgate.extension.store import Cells, Program
from vizgate.store.redis.resp import words

# Longer than any period that a program counts in; a larger number of milliseconds is one that PX refuses.
_MAX_TTL_S = 1_000_000_000

_FRAME = """\
local function program(cells, now, arguments)
{lua}
end

local function numbers(texts)
  local found = {{}}
  for index, text in ipairs(texts) do found[index] = tonumber(text) end
  return found
end

local function words(text)
  local found = {{}}
  for word in string.gmatch(text, '%S+') do found[#found + 1] = word end
  return found
end

local function text_of(values)
  local texts = {{}}
  for index, value in ipairs(values) do texts[index] = string.format('%.17g', value) end
  return table.concat(texts, ' ')
end
"""

# The time is that of Redis: the clocks of those who ask may differ.
_RUN = """
local time = redis.call('TIME')
local kept = redis.call('GET', KEYS[1])
local cells, ttl, result = program(numbers(words(kept or '')), time[1] + time[2] / 1000000, numbers(ARGV))
if #cells > 0 and ttl > 0 then
  local milliseconds = math.ceil(math.min(ttl, {max_ttl}) * 1000)
  redis.call('SET', KEYS[1], text_of(cells), 'PX', string.format('%.0f', milliseconds))
elseif kept then
  redis.call('DEL', KEYS[1])
end
return text_of(result)
"""

# For tests: nothing is kept, and everything the program sees is an argument: cells, time, its arguments.
_STEP = """
local cells, ttl, result = program(numbers(words(ARGV[1])), tonumber(ARGV[2]), numbers(words(ARGV[3])))
return text_of(cells) .. ';' .. text_of({ttl}) .. ';' .. text_of(result)
"""


@dataclass(frozen=True, slots=True)
class Script:
    """Lua text, and the name that Redis gives to it."""

    text: str
    sha: bytes

    @classmethod
    def of(cls, program: Program) -> Self:
        """*program* on the cells of ``KEYS[1]``, with the arguments in ``ARGV``; the answer is its result as text."""
        text = _FRAME.format(lua=program.lua) + _RUN.replace("{max_ttl}", str(_MAX_TTL_S))
        return cls(text, sha1(text.encode(), usedforsecurity=False).hexdigest().encode())

    def call(self, key: bytes, arguments: Cells) -> bytes:
        """The command that runs it, by its name."""
        return b"*%d\r\n$7\r\nEVALSHA\r\n$40\r\n%b\r\n$1\r\n1\r\n$%d\r\n%b\r\n%b" % (
            len(arguments) + 4,
            self.sha,
            len(key),
            key,
            _in_command(arguments),
        )


# Arguments are mostly the settings of a limit, so the same ones come again and again. (0.0 and -0.0 are one here.)
@lru_cache(maxsize=1024)
def _in_command(arguments: Cells) -> bytes:
    return words(*(repr(number).encode() for number in arguments))


def step_script(program: Program) -> str:
    """Lua that takes one step of *program* and keeps nothing: cells, time and arguments are ``ARGV``, as texts.

    The answer is ``cells;ttl;result``. It shows whether both forms of a program do the same.
    """
    return _FRAME.format(lua=program.lua) + _STEP


def to_text(numbers: Cells) -> str:
    """*numbers* as Lua reads them, each exactly."""
    return " ".join(map(repr, numbers))


def from_text(text: str | bytes) -> Cells:
    """The numbers that ``to_text``, or a script, has written. Raises: ValueError: it is something else."""
    return tuple(map(float, text.split()))
