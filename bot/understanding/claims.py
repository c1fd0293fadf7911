"""Which number of a message belongs to which fact: what claims it, and what stands around it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from bot.understanding.amounts import Amount, Unit
from bot.understanding.marks import Cue, Mark
from bot.understanding.template import Words
from bot.understanding.time_expression import Expression
from bot.vocabulary import Fact

Scan = Callable[[Sequence[str], bytearray], list[Mark]]
"""Finds the marks of a message's words, as `Lexicon.scan` does."""


@dataclass(frozen=True, slots=True)
class Stated:
    """A fact of kind number or date, with its phrases and the unit it counts in, None if it has none."""

    fact: Fact
    phrases: tuple[Words, ...]
    unit: Unit | None

    def value(self, amount: Amount) -> Fraction | None:
        """The amount in the fact's unit, None if it measures something else."""
        if self.unit is None:
            return amount.value if amount.unit is None else None
        return amount.said_in(self.unit)


class Claim(NamedTuple):
    """A phrase of a fact in the places [first, after), and the amount that is said of it."""

    stated: Stated
    first: int
    after: int
    amount: Amount
    beside: bool


class Surroundings:
    """What stands around the numbers of one message; looked up only for a number that needs it."""

    def __init__(
        self, norms: Sequence[str], times: Sequence[Expression], scan: Scan, small: frozenset[str]
    ) -> None:
        self._norms, self._scan, self._small = norms, scan, small
        self._dated = {
            place
            for said in times
            if said.days or said.of_day
            for first, after in said.spans
            for place in range(first, after)
        }
        self._found: tuple[frozenset[int], frozenset[int]] | None = None

    def leads(self, first: int, after: int) -> bool:
        """Whether the places between a phrase and an amount hold only small words, acts, facts and times."""
        return all(place in self._dated or self._passes(place) for place in range(first, after))

    def names_act(self, place: int) -> bool:
        """Whether the word at `place` says what is done: a bare number behind it may be a day or an hour."""
        return place in self._places()[1]

    def ends_at(self, place: int) -> bool:
        """Whether the word at `place` is none that a bare number in front of it could count."""
        return place >= len(self._norms) or self._passes(place)

    def _passes(self, place: int) -> bool:
        if self._norms[place] in self._small:
            return True
        return place in self._places()[0]

    def _places(self) -> tuple[frozenset[int], frozenset[int]]:
        """The places of acts and facts, and those of acts alone."""
        if self._found is None:
            marks = self._scan(self._norms, bytearray(len(self._norms)))
            acts = _places_of(mark for mark in marks if mark.cue in (Cue.ACT, Cue.HINT))
            self._found = acts | _places_of(mark for mark in marks if mark.cue is Cue.FACT), acts
        return self._found


def _places_of(marks: Iterable[Mark]) -> frozenset[int]:
    return frozenset(place for mark in marks for place in range(mark.first, mark.last))


def of_a_time(amount: Amount, times: Sequence[Expression]) -> bool:
    """Whether the number says when ("2 jam lagi", "jam 2", "tanggal 25"), not how much. How long something
    lasts is both: a quantity, and the length of the time asked about."""
    for said in times:
        if any(first < amount.after and amount.first < after for first, after in said.spans):
            counts = said.generic and not (said.days or said.of_day or said.bound)
            lasts = amount.unit is not None and (counts or said.length is not None)
            if not lasts or said.shift is not None:
                return True
    return False
