"""The times of one message, as the frame needs them: what each words means, and the choice between
several."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.understanding.time_reading import Group, Place


@dataclass(frozen=True, slots=True)
class Times:
    """`groups`: the time expressions in order. `pieces`: the offsets of every stretch of words that speaks
    of a time, also where it gives none; the words between two pieces of one expression do not belong to it.
    `choose`: which readings of some groups are asked about.
    """

    groups: tuple[Group, ...]
    pieces: tuple[Place, ...]
    choose: Callable[[tuple[Group, ...]], Group]

    def group_at(self, start: int, end: int) -> int | None:
        """The expression that a piece belongs to, None if it gives no time."""
        found = (i for i, group in enumerate(self.groups) if group[0].start < end and start < group[0].end)
        return next(found, None)


NO_TIMES = Times((), (), lambda groups: ())
