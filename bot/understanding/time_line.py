"""The lexemes of one message, to look at place by place.

A reader of the grammar takes the line and a place and gives back an `Expression` that starts there (and
says where it ends), or None.
"""

from __future__ import annotations

from bot.understanding.time_lexemes import Lexeme
from bot.understanding.time_senses import Sense

_NOTHING = Sense()


_AHEAD = 8
"""No reader looks further past the end than this many places, or before the start than one."""


class Line:
    """Looking past either end finds nothing; no look-up raises."""

    __slots__ = ("_found", "_joined", "_nexts", "_senses")

    def __init__(self, found: list[Lexeme]) -> None:
        self._found = found
        after = -1
        joined, nexts = [], []
        for lexeme in found:
            touches = lexeme.first == after
            joined.append(touches)
            nexts.append(lexeme.sense if touches else _NOTHING)
            after = lexeme.after
        self._senses = [lexeme.sense for lexeme in found] + _EMPTY
        self._joined = joined + _NEVER
        self._nexts = nexts + _EMPTY

    def __len__(self) -> int:
        return len(self._found)

    def at(self, place: int) -> Lexeme:
        return self._found[place]

    def sense(self, place: int) -> Sense:
        return self._senses[place]

    def next(self, place: int) -> Sense:
        """The sense at `place` if it stands right after the lexeme before it, else nothing."""
        return self._nexts[place]

    def joined(self, place: int) -> bool:
        """Whether a lexeme stands at `place`, right after the one before."""
        return self._joined[place]

    def past_glue(self, place: int) -> int:
        """From `place` past words like "pada" that only glue, if a joined lexeme follows; else `place`."""
        after = place
        while "glue" in self._nexts[after].roles:
            after += 1
        return after if self._joined[after] else place


_NEVER = [False] * _AHEAD
_EMPTY = [_NOTHING] * _AHEAD
