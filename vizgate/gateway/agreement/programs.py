"""What gateways leave for each other in the store.

In: three programs: who was there first is right (``KeepFirst``), or who spoke last (``KeepLatest``), or whoever comes
now (``Swap``). Not in: what is said (the modules beside this).

Whoever can write to the store can write anything. What cannot have come from here counts as nothing, so that it is
replaced, and does not stand above every later word.
"""

from __future__ import annotations

from typing import ClassVar

from vizgate.extension.store import NO_CELLS, Cells, Step

# A time that no clock shows: in the year 5138.
_NO_STAMP_S = 1e11


class KeepFirst:
    """Cells: what whoever came first has brought. Arguments: how many seconds it is kept from now on, then what is
    brought, at least one number. Result: the cells, so that all who ask have the same.
    """

    name: ClassVar[str] = "keep_first"
    is_lasting: ClassVar[bool] = True
    lua: ClassVar[str] = """
if #cells ~= #arguments - 1 then
  cells = {}
  for index = 2, #arguments do cells[index - 1] = arguments[index] end
end
return cells, arguments[1], cells
"""

    def run(self, cells: Cells, now_s: float, arguments: Cells) -> Step:  # noqa: ARG002  # the signature of Program
        """See ``Program.run``; the class has cells, arguments and result."""
        kept = cells if len(cells) == len(arguments) - 1 else arguments[1:]
        return Step(kept, arguments[0], kept)


class KeepLatest:
    """Cells: a stamp and a value, of which the pair with the larger stamp stays, and of one stamp the larger value.

    Arguments: seconds as above, then a stamp and a value; with a stamp of 0 nothing is brought. Result: what was there
    before, ``(0, 0)`` for nothing.

    The order of the calls does not matter, and a call that comes twice does nothing twice: whoever does not know
    whether it was heard says it again.
    """

    name: ClassVar[str] = "keep_latest"
    is_lasting: ClassVar[bool] = True
    lua: ClassVar[str] = """
local stamp, value = arguments[2], arguments[3]
if #cells ~= 2 or not (cells[1] < 100000000000) then
  if stamp == 0 then return {}, 0, {0, 0} end
  return {stamp, value}, arguments[1], {0, 0}
end
if stamp > cells[1] or (stamp == cells[1] and value > cells[2]) then
  return {stamp, value}, arguments[1], cells
end
return cells, arguments[1], cells
"""

    def run(self, cells: Cells, now_s: float, arguments: Cells) -> Step:  # noqa: ARG002  # the signature of Program
        """See ``Program.run``; the class has cells, arguments and result."""
        ttl_s, brought = arguments[0], arguments[1:]
        if len(cells) != 2 or not cells[0] < _NO_STAMP_S:
            return Step(brought if brought[0] else NO_CELLS, ttl_s, (0.0, 0.0))
        return Step(max(cells, brought), ttl_s, cells)


class Swap:
    """Cells: a number. Arguments: seconds as above, then another number, or 0 to leave the one that is there. Result:
    the number that was there before, 0 for none.
    """

    name: ClassVar[str] = "swap"
    is_lasting: ClassVar[bool] = True
    lua: ClassVar[str] = """
local kept, before = arguments[2], cells[1] or 0
if before ~= before then before = 0 end
if kept == 0 then kept = before end
if kept == 0 then return {}, 0, {0} end
return {kept}, arguments[1], {before}
"""

    def run(self, cells: Cells, now_s: float, arguments: Cells) -> Step:  # noqa: ARG002  # the signature of Program
        """See ``Program.run``; the class has cells, arguments and result."""
        ttl_s, number = arguments
        # What is no number is not even equal to itself, and would be news for ever.
        before = cells[0] if cells and cells[0] == cells[0] else 0.0
        kept = number or before
        return Step((kept,) if kept else NO_CELLS, ttl_s, (before,))


KEEP_FIRST = KeepFirst()
KEEP_LATEST = KeepLatest()
SWAP = Swap()
