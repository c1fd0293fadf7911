"""Numbers and quantities in words or figures: "dua juta lima ratus ribu", "1,5 jam", "satu jam 30 menit".

Which units there are and how they convert is data (niat.yaml, `besaran`). A quantity is counted in the
smallest unit of its dimension, so that those of one dimension compare, whatever unit they were said in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any, Final, NamedTuple

from bot.understanding.template import Words

_GROUPED: Final = re.compile(r"\d{1,3}(?:\.\d{3})+(?:,\d{1,2})?")
_PLAIN: Final = re.compile(r"\d{1,15}(?:,\d{1,2})?")
_POINTED: Final = re.compile(r"\d{1,3}\.\d{1,2}")  # "1.5 juta"; alone it may be a clock time
_HUNDREDTHS: Final = re.compile(r"\d+[.,]\d{2}")  # "1,30 jam": an hour and a half, or 30 hundredths
_SIXTIETHS: Final = 60


class Unit(NamedTuple):
    """`dimension`: what it measures; `size`: in the smallest unit of that dimension."""

    dimension: str
    size: Fraction


@dataclass(frozen=True, slots=True)
class Amount:
    """A number in the places [first, after) of a message.

    `unit`: the unit said with it, None if there was none. `value`: in the smallest unit of its dimension;
    without a unit the bare number. `exact`: false if it cannot be told what was meant ("2 jam 30").
    """

    value: Fraction
    first: int
    after: int
    unit: Unit | None = None
    exact: bool = True

    def said_in(self, unit: Unit) -> Fraction | None:
        """The number of such units, None for another dimension; a bare number counts them already."""
        if self.unit is None:
            return self.value
        return self.value / unit.size if self.unit.dimension == unit.dimension else None


class Amounts:
    """Compiled once from the data; reading is pure. `norms`: a unit as the words of a message."""

    def __init__(self, words: Mapping[str, Any], norms: Callable[[str], Words]) -> None:
        self._numbers = _fractions(words["angka"])
        self._shares = _fractions(words["pecahan"])
        self._sums = _fractions(words["sekaligus"])
        self._parts = _fractions(words["bagian"])
        self._teens = frozenset(words["belas"])
        self._single = _fractions(words["sekaligus_kelipatan"])
        self._scales = {**_fractions(words["kelipatan"]), **self._single}
        self._before = frozenset(words["satuan_depan"])
        self._norms = norms
        self._units: dict[Words, Unit] = {}
        for dimension, sizes in words["ukuran"].items():
            for unit, size in sizes.items():
                self._units[self._words(unit)] = Unit(dimension, Fraction(str(size)))
        self._one = {word: self._units[self._words(unit)] for word, unit in words["satu_satuan"].items()}
        self._rates = frozenset(words["satu_per_satuan"])
        self._one |= {word: self._units[self._words(u)] for word, u in words["satu_per_satuan"].items()}
        begins = (self._numbers, self._shares, self._sums, self._single, self._one, self._before)
        self._beginnings = frozenset(word for some in begins for word in some)
        self._parted = frozenset(
            (unit.dimension, unit.size) for unit in self._units.values() if self._has_sixtieth(unit)
        )

    def own(self, name: str) -> Unit:
        """The unit of a fact. One that the data does not have is a dimension of its own, known by all of its
        words or the first of them."""
        words = self._words(name)
        unit = self._units.get(words)
        if unit is None:
            unit = Unit(name, Fraction(1))
            for count in range(len(words), 0, -1):
                self._units.setdefault(words[:count], unit)
        return unit

    def known(self) -> frozenset[str]:
        """Every word that can be part of an amount."""
        units = (word for words in self._units for word in words)
        numbers = (self._numbers, self._shares, self._sums, self._parts, self._scales, self._one)
        return frozenset((*(word for some in numbers for word in some), *self._teens, *self._before, *units))

    def all(self, norms: Sequence[str]) -> Iterator[Amount]:
        """Every amount of a message, in order."""
        place = 0
        while place < len(norms):
            if not self._may_begin(norms[place]):
                place += 1
                continue
            amount = self.at(norms, place)
            if amount is not None:
                yield amount
            place = self._past_number(norms, place) if amount is None else amount.after

    def at(self, norms: Sequence[str], first: int) -> Amount | None:
        """The amount that begins at `first`, as long as it goes; None if none does."""
        one = self._one.get(norms[first]) if first < len(norms) else None
        if one is not None:
            return self._longer(Amount(one.size, first, first + 1, one), norms, norms[first] in self._rates)
        if norms[first : first + 1] and norms[first] in self._before:
            return self._prefixed(norms, first)
        return self._counted(norms, first)

    def _prefixed(self, norms: Sequence[str], first: int) -> Amount | None:
        """ "Rp 2 juta"; an abbreviation's dot may follow."""
        place = first + 2 if norms[first + 1 : first + 2] == ["."] else first + 1
        number = self._number(norms, place)
        unit = self._units[(norms[first],)]
        return None if number is None else Amount(number[0] * unit.size, first, number[1], unit)

    def _counted(self, norms: Sequence[str], first: int) -> Amount | None:
        number = self._number(norms, first)
        if number is None:
            return None
        value, after = number
        length = self._unit_at(norms, after)
        if not length:
            return None if self._is_share(norms, first, after) else Amount(value, first, after)
        unit = self._units[tuple(norms[after : after + length])]
        sure = not (_HUNDREDTHS.fullmatch(norms[after - 1]) and (unit.dimension, unit.size) in self._parted)
        return self._longer(Amount(value * unit.size, first, after + length, unit, sure), norms)

    def _longer(self, amount: Amount, norms: Sequence[str], rate: bool = False) -> Amount:
        """With what goes on counting: "2 jam setengah", "2 jam 15 menit". Any other number right behind makes
        it uncertain: "2 jam 30", "30 menit 2 kali", "sehari 2 jam"."""
        unit, place = amount.unit, amount.after
        assert unit is not None
        share = self._shares.get(norms[place]) if place < len(norms) else None
        if share is not None and not self._unit_at(norms, place + 1):
            value = amount.value + share * unit.size
            return Amount(value, amount.first, place + 1, unit, amount.exact and not rate)
        if place >= len(norms) or not self._may_begin(norms[place]):
            return amount
        more = self.at(norms, place)
        if more is None or more.unit is None:
            return Amount(amount.value, amount.first, place, unit, exact=False)
        fits = more.unit.dimension == unit.dimension and more.value < unit.size and not rate
        exact = amount.exact and more.exact and fits and norms[place] not in self._rates
        return Amount(amount.value + (more.value if fits else 0), amount.first, more.after, unit, exact)

    def _number(self, norms: Sequence[str], first: int) -> tuple[Fraction, int] | None:
        """The bare number that begins at `first`, and the place after it."""
        total = hundreds = Fraction(0)
        pending: Fraction | None = None
        place, limit = first, None
        while place < len(norms):
            norm = norms[place]
            scale = self._scales.get(norm)
            if scale is not None:
                one = norm in self._single and pending is None and not hundreds  # "sejuta"
                if (limit is not None and scale >= limit) or (pending is None and not hundreds and not one):
                    return None
                pending = Fraction(1) if one else pending
                total += (hundreds + (pending or 0)) * scale
                hundreds, pending, limit = Fraction(0), None, scale
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
                value = self._simple(norms, place)
                if value is None:
                    break
                if pending is not None and norm not in self._shares:
                    return None
                pending = (pending or 0) + value
            place += 1
        return None if place == first else (total + hundreds + (pending or 0), place)

    def _simple(self, norms: Sequence[str], place: int) -> Fraction | None:
        """What one word counts."""
        norm = norms[place]
        scaled = place + 1 < len(norms) and (
            norms[place + 1] in self._scales or self._unit_at(norms, place + 1) > 0
        )
        named = self._numbers.get(norm, self._shares.get(norm))
        return figure(norm, scaled=scaled) if named is None else named

    def _is_share(self, norms: Sequence[str], first: int, after: int) -> bool:
        """Whether the number is but a share of something unsaid: "setengah"."""
        return after == first + 1 and norms[first] in self._shares

    def _unit_at(self, norms: Sequence[str], place: int) -> int:
        """How many words the longest unit that stands there has, 0 if none does."""
        longest = min(len(norms) - place, 4)
        return next((n for n in range(longest, 0, -1) if tuple(norms[place : place + n]) in self._units), 0)

    def _may_begin(self, norm: str) -> bool:
        return norm in self._beginnings or (norm[0].isdecimal() and figure(norm, scaled=True) is not None)

    def _past_number(self, norms: Sequence[str], place: int) -> int:
        """Behind what looks like a number and cannot be read: its rest is none either."""
        place += 1
        while place < len(norms) and (self._may_begin(norms[place]) or norms[place] in self._scales):
            place += 1
        return place

    def _words(self, unit: str) -> Words:
        return self._norms(unit) or (unit,)

    def _has_sixtieth(self, unit: Unit) -> bool:
        parts = (other.size for other in self._units.values() if other.dimension == unit.dimension)
        return unit.size / _SIXTIETHS in parts


@lru_cache(maxsize=4_096)
def figure(norm: str, *, scaled: bool) -> Fraction | None:
    """A number in figures: "2.000.000", "1,5"; with a word of scale or a unit behind it also "1.5"."""
    if _GROUPED.fullmatch(norm):
        return Fraction(norm.replace(".", "").replace(",", "."))
    if _PLAIN.fullmatch(norm):
        return Fraction(norm.replace(",", "."))
    return Fraction(norm) if scaled and _POINTED.fullmatch(norm) else None


def _fractions(words: Mapping[str, Any]) -> dict[str, Fraction]:
    return {word: Fraction(str(value)) for word, value in words.items()}
