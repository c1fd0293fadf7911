"""How often what is asked about: by day, large unit, act, verdict and circular; never by whom.

The counters say how many *different people* asked, and learn of nobody in particular:

- Who asked is held in RAM only, as a hash salted anew for each process and day, until the day is closed.
- People are handed on to the ledger in groups of at least `LEAST` of one cell. Whatever two states of the
  ledger are compared, the difference is such groups: no cell, and no change of one, speaks of fewer people.
- What is left of a cell at the end of the day joins the rest of the regency (`REST`), a cell of its own and
  no sum of the others, so that nothing follows by subtraction. Where that is fewer than `LEAST` people too,
  it is dropped.
- A person counts once a day and cell, however often she asks: one person's many questions make no figure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import blake2b

LEAST = 5
"""Different people, fewer than which no figure is about."""

REST = 0
"""In place of a unit: people of the regency whose unit gives no figure of its own, and guests."""

DIGEST_BYTES = 12


@dataclass(frozen=True, slots=True)
class Cell:
    """What is counted together. `day`: in the regency's zone. `unit`: right below the regency, or `REST`.
    `activity`, `circular`: "" for none."""

    day: date
    regency: str
    unit: int
    activity: str
    verdict: str
    circular: str


@dataclass(slots=True)
class _People:
    """Of one cell: those who were handed on, and those who wait until they are enough."""

    counted: set[bytes] = field(default_factory=set)
    waiting: set[bytes] = field(default_factory=set)


class Tally:
    """The counting of one process. `salt` gives random bytes. Each method gives what is to be added to the
    ledger now: cell → people."""

    def __init__(self, salt: Callable[[], bytes], least: int = LEAST) -> None:
        self._salt = salt
        self._least = least
        self._salts: dict[date, bytes] = {}
        self._cells: dict[Cell, _People] = {}

    def add(self, cell: Cell, who: str) -> Mapping[Cell, int]:
        """`who` tells people apart, on all their channels ("person:12"); only its hash is kept."""
        people = self._cells.setdefault(cell, _People())
        digest = self._hash(cell.day, who)
        if digest not in people.counted:
            people.waiting.add(digest)
        return self._hand_on(cell, people)

    def close(self, before: date | None = None) -> Mapping[Cell, int]:
        """Ends the days before `before` (None: all of them, the process stops) and forgets who asked."""
        ended = {cell: people for cell, people in self._cells.items() if before is None or cell.day < before}
        rests: dict[Cell, _People] = {}
        for cell, people in ended.items():
            rest = rests.setdefault(replace(cell, unit=REST), _People())
            rest.waiting |= people.waiting
            rest.counted |= people.counted if cell.unit == REST else set()
            del self._cells[cell]
        for day in {cell.day for cell in ended}:
            self._salts.pop(day, None)
        for rest in rests.values():
            rest.waiting -= rest.counted
        return {cell: number for rest in rests for cell, number in self._hand_on(rest, rests[rest]).items()}

    def _hand_on(self, cell: Cell, people: _People) -> Mapping[Cell, int]:
        number = len(people.waiting)
        if number < self._least:
            return {}
        people.counted |= people.waiting
        people.waiting = set()
        return {cell: number}

    def _hash(self, day: date, who: str) -> bytes:
        salt = self._salts.setdefault(day, self._salt())
        return blake2b(who.encode(), key=salt, digest_size=DIGEST_BYTES).digest()


@dataclass(frozen=True, slots=True)
class Figure:
    """How many people asked (each counted once a day), as it is shown."""

    unit: int
    activity: str
    verdict: str
    circular: str
    people: int


def shown(figures: Sequence[Figure], least: int = LEAST) -> tuple[Figure, ...]:
    """Those that may be shown, the biggest first. The ledger holds no smaller ones; should it ever, they stay
    there."""
    return tuple(sorted((f for f in figures if f.people >= least), key=lambda f: (-f.people, f.unit)))


def large_unit(lineage: Sequence[int], root: int) -> int:
    """The unit right below the regency, of a lineage from the nearest unit to `root`; `REST` for somebody who
    works at the regency itself."""
    below = lineage.index(root) - 1 if root in lineage else -1
    return lineage[below] if below >= 0 else REST
