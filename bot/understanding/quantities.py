"""Numbers and dates that a message gives to a fact: "harganya 2 juta", "diterima 3 Maret", or, where the bot
has just asked for it, "500 ribu" alone.

A wrong number is worse than none: what is approximate, a range, or said of who knows what gives no value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from bot.model import FactValue, Token
from bot.understanding.marks import Cue, Mark
from bot.understanding.template import Norms, Words, listed
from bot.understanding.time_days import Day, DayKind, days
from bot.understanding.time_expression import Expression
from bot.vocabulary import Fact, FactKind, Vocabulary

PAST, AHEAD = "lampau", "mendatang"

_GROUPED: Final = re.compile(r"\d{1,3}(?:\.\d{3})+(?:,\d{1,2})?")
_PLAIN: Final = re.compile(r"\d{1,15}(?:,\d{1,2})?")
_POINTED: Final = re.compile(r"\d{1,3}\.\d{1,2}")  # "1.5 juta"; alone it may be a clock time
_MOST_SMALL_WORDS: Final = 3
"""How many small words may stand between a phrase and its number, and how far a hedge reaches."""
_HALF: Final = 0.5  # "satu setengah juta"
_LOOKED_BACK: Final = {DayKind.WEEKDAY: 6, DayKind.MONTHDAY: 30, DayKind.DATE: 364}
"""Days that come again: how far back the last one may lie."""

Said = tuple[list[Mark], list[Expression]]


@dataclass(frozen=True, slots=True)
class Amount:
    """A number in the places [first, after) of a message."""

    value: int | float
    first: int
    after: int


class Quantities:
    """Compiled once from the vocabulary; reading is pure."""

    def __init__(self, vocabulary: Vocabulary, norms: Norms) -> None:
        words = vocabulary.language["niat"]["besaran"]
        self._numbers: Mapping[str, float] = words["angka"]
        self._sums: Mapping[str, float] = words["sekaligus"]
        self._parts: Mapping[str, int] = words["bagian"]
        self._teens = frozenset(words["belas"])
        self._single: Mapping[str, int] = words["sekaligus_kelipatan"]
        self._scales: Mapping[str, int] = {**words["kelipatan"], **self._single}
        self._least: Mapping[str, int] = words["terkecil"]
        self._small = frozenset(words["sela"])
        self._hedges = frozenset(words["tidak_pasti"])
        self._facts = tuple(
            (fact, tuple(_phrases(fact, norms)), _unit_words(fact, norms))
            for fact in vocabulary.facts.values()
            if fact.kind in (FactKind.NUMBER, FactKind.DATE) and fact.source is None
        )
        phrases = (word for _, said, unit in self._facts for words in (*said, unit) for word in words)
        self.known: frozenset[str] = frozenset(
            (*self._numbers, *self._sums, *self._parts, *self._teens, *self._scales, *self._small, *phrases)
        )

    def read(
        self, tokens: tuple[Token, ...], times: Sequence[Expression], today: date, expecting: str | None
    ) -> Said:
        """Marks for the facts stated, and the time expressions that are such facts and not the time asked
        about. `expecting`: the fact that the bot has just asked for, if any."""
        if not self._facts:
            return [], []
        norms = [token.norm for token in tokens]
        marks: list[Mark] = []
        used: list[Expression] = []
        for fact, phrases, unit in self._facts:
            heads = list(_places(norms, phrases))
            if fact.id == expecting and not heads and self._bare(norms, times, unit):
                heads = [(0, 0)]
            for first, after in heads:
                if self._hedges.isdisjoint(norms[max(first - _MOST_SMALL_WORDS, 0) : first]):
                    self._read_at(fact, norms, times, today, (first, after), marks, used)
        values: dict[str, set[object]] = {}
        for mark in marks:
            values.setdefault(mark.name, set()).add(mark.value)
        return [mark for mark in marks if len(values[mark.name]) == 1], used

    def _read_at(
        self,
        fact: Fact,
        norms: Sequence[str],
        times: Sequence[Expression],
        today: date,
        head: tuple[int, int],
        marks: list[Mark],
        used: list[Expression],
    ) -> None:
        """Takes the value that stands behind the phrase at `head`."""
        starts = self._starts(norms, head[1])
        if fact.kind is FactKind.NUMBER:
            amount = next(filter(None, (self._amount(norms, place) for place in starts)), None)
            if amount is not None and self._certain(fact, amount, norms):
                marks.append(_mark(fact, amount.value, head[0], amount.after))
            return
        said = next((e for place in starts for e in times if e.first == place), None)
        day = None if said is None else _date(said, fact.direction, today)
        if said is not None and day is not None and not self._hedged(norms, said.after):
            marks.append(_mark(fact, day, head[0], said.after))
            used.append(said)

    def _starts(self, norms: Sequence[str], after: int) -> list[int]:
        """The places at which a value may begin: behind at most a few small words."""
        found = [after]
        while len(found) <= _MOST_SMALL_WORDS and found[-1] < len(norms) and norms[found[-1]] in self._small:
            found.append(found[-1] + 1)
        return found

    def _certain(self, fact: Fact, amount: Amount, norms: Sequence[str]) -> bool:
        """Whether the number is exact and can be meant in the fact's unit: "500" is no sum of rupiah."""
        too_small = amount.value < self._least.get(fact.unit or "", 0) and amount.value != 0
        return not too_small and not self._hedged(norms, amount.after)

    def _hedged(self, norms: Sequence[str], after: int) -> bool:
        """Whether what follows makes it a range or an estimate: "2 juta lebih", "1 sampai 2 juta"."""
        follows = (norm for norm in norms[after : after + 2] if norm not in self._small)
        return next(follows, "") in self._hedges

    def _bare(self, norms: Sequence[str], times: Sequence[Expression], unit: Words) -> bool:
        """Whether the message is nothing but one value."""
        dated = {place for e in times for place in range(e.first, e.after)}
        rest = [n for place, n in enumerate(norms) if place not in dated]
        return all(n in self.known or n in unit or _figure(n, scaled=True) is not None for n in rest)

    # --- numbers ---

    def _amount(self, norms: Sequence[str], first: int) -> Amount | None:
        """The number that begins at `first`, as long as it goes: "dua juta lima ratus ribu"."""
        total = hundreds = 0.0
        pending: float | None = None
        place, limit = first, float("inf")
        while place < len(norms):
            norm = norms[place]
            scale = self._scales.get(norm)
            if scale is not None:
                one = norm in self._single and pending is None and not hundreds  # "sejuta"
                if scale >= limit or (pending is None and not hundreds and not one):
                    return None
                pending = 1 if one else pending
                total += (hundreds + (pending or 0)) * scale
                hundreds, pending, limit = 0.0, None, scale
            elif norm in self._sums:
                if pending is not None:
                    return None
                hundreds += self._sums[norm]
            elif norm in self._parts or norm in self._teens:
                if pending is None:
                    return None
                hundreds += pending + 10 if norm in self._teens else pending * self._parts[norm]
                pending = None
            else:
                scaled_next = place + 1 < len(norms) and norms[place + 1] in self._scales
                value = self._numbers.get(norm, _figure(norm, scaled=scaled_next))
                if value is None:
                    break
                if pending is not None and value != _HALF:
                    return None
                pending = (pending or 0) + value
            place += 1
        if place == first:
            return None
        value = total + hundreds + (pending or 0)
        return Amount(int(value) if value == int(value) else value, first, place)


def _figure(norm: str, *, scaled: bool) -> float | None:
    """A number in figures: "2.000.000", "1,5"; with a word of scale behind it also "1.5"."""
    if _GROUPED.fullmatch(norm):
        return float(norm.replace(".", "").replace(",", "."))
    if _PLAIN.fullmatch(norm):
        return float(norm.replace(",", "."))
    return float(norm) if scaled and _POINTED.fullmatch(norm) else None


# --- dates -----------------------------------------------------------------------------------


def _date(said: Expression, direction: str | None, today: date) -> date | None:
    """The one day that was said; a day that comes again ("3 Maret", "Senin") is the last or the next one, as
    the fact's direction says, and no day without one."""
    if said.of_day or said.end or said.symbol or said.bound or said.shift or said.length or said.generic:
        return None
    if said.now and not said.days:
        return today
    recurring = [day for day in said.days if day.kind in _LOOKED_BACK and not day.year and not day.which]
    if not recurring or len(recurring) < len(said.days):
        return _single(said.days, today)
    if direction == AHEAD:
        return _single(said.days, today)
    if direction != PAST:
        return None
    first = today - timedelta(days=max(_LOOKED_BACK[day.kind] for day in recurring))
    found = _single(_without_weekday(recurring), first)
    weekdays = {day.n for day in recurring if day.kind is DayKind.WEEKDAY}
    fits = found is not None and found <= today and (not weekdays or found.weekday() in weekdays)
    return found if fits else None


def _without_weekday(recurring: Sequence[Day]) -> tuple[Day, ...]:
    """ "Selasa 3 Maret": the date tells the day, the weekday only has to fit."""
    return tuple(day for day in recurring if day.kind is not DayKind.WEEKDAY) or tuple(recurring)


def _single(said: tuple[Day, ...], today: date) -> date | None:
    found = days(said, today)
    return found[0].start if len(found) == 1 and found[0].single else None


# --- words -----------------------------------------------------------------------------------


def _mark(fact: Fact, value: FactValue, first: int, after: int) -> Mark:
    return Mark(Cue.FACT, first, after, fact.id, value)


def _phrases(fact: Fact, norms: Norms) -> Iterator[Words]:
    yield from (words for phrase in listed(fact.phrases) if (words := norms(phrase)))


def _unit_words(fact: Fact, norms: Norms) -> Words:
    return norms(fact.unit) if fact.unit else ()


def _places(norms: Sequence[str], phrases: Sequence[Words]) -> Iterator[tuple[int, int]]:
    """Where one of the phrases stands; the longest of those that begin at one place."""
    for first in range(len(norms)):
        fitting = (len(words) for words in phrases if tuple(norms[first : first + len(words)]) == words)
        length = max(fitting, default=0)
        if length:
            yield first, first + length


def with_quantities(marks: list[Mark], quantities: Sequence[Mark], covered: bytearray) -> list[Mark]:
    """The marks together with those of numbers and dates, in the order of the text."""
    for mark in quantities:
        covered[mark.first : mark.last] = b"\x01" * (mark.last - mark.first)
    return sorted([*marks, *quantities], key=lambda m: (m.first, m.last)) if quantities else marks
