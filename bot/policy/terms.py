"""`bila` to Condition: the closed language of conditions, checked against the vocabulary.

A mapping is a conjunction. Its keys are facts, or `semua` (all of), `salah_satu` (any of), `bukan` (not).
A fact's value is one value, a list of values, `selain` (anything but), or comparisons; of the time of day,
a window [from, to) that may go over midnight, or several.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from bot.model import FactValue
from bot.policy.clock import DAY_MINUTES, minutes_of
from bot.policy.condition import All, Condition, Cut, Measure, Not, Some, Test
from bot.policy.document import Document
from bot.policy.problems import Path, Problem, suggestion
from bot.vocabulary import Fact, FactKind, Named, Vocabulary

_LOW: Mapping[str, int] = {"paling_sedikit": 0, "lebih_dari": 1, "sejak": 0}
"""Comparisons that bound from below, and on which side of the bound the cut lies (0: it is included)."""
_HIGH: Mapping[str, int] = {"paling_banyak": 1, "kurang_dari": 0, "sampai": 0, "paling_lambat": 1}
"""Comparisons that bound from above (1: the bound is included; `sampai`, like every end, is not)."""
_OF_NUMBERS = ("paling_sedikit", "lebih_dari", "paling_banyak", "kurang_dari")
_OF_DATES = ("sejak", "sampai", "paling_lambat")
_BOTH_ENDS = 2


class TermReader:
    """Reads the conditions of one document; what is wrong is added to `problems`."""

    def __init__(self, document: Document, vocabulary: Vocabulary, problems: list[Problem]) -> None:
        self._document = document
        self._vocabulary = vocabulary
        self._problems = problems

    def condition(self, data: Any, path: Path) -> Condition:
        if not isinstance(data, Mapping) or (not data and path[-1] != "bila"):
            self._wrong(path, "policy.error.condition_shape", value=data)
            return All(())
        parts = [self._entry(str(key), value, (*path, str(key))) for key, value in data.items()]
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _entry(self, key: str, value: Any, path: Path) -> Condition:
        match key:
            case "semua":
                return All(self._parts(value, path))
            case "salah_satu":
                return Some(self._parts(value, path))
            case "bukan":
                return Not(self.condition(value, path))
        fact = self._vocabulary.facts.get(key)
        if fact is None:
            known = (*self._vocabulary.facts, "semua", "salah_satu", "bukan")
            self._wrong(path, "policy.error.unknown_fact", name=key, suggestion=suggestion(key, known))
            return All(())
        return self._test(fact, value, path)

    def _parts(self, value: Any, path: Path) -> tuple[Condition, ...]:
        if not isinstance(value, list) or not value:
            self._wrong(path, "policy.error.condition_list", name=path[-1])
            return ()
        return tuple(self.condition(part, (*path, index)) for index, part in enumerate(value))

    def _test(self, fact: Fact, value: Any, path: Path) -> Condition:
        if fact.kind is FactKind.CLOCK and not _excludes(value):
            return self._clock(fact, value, path)
        if isinstance(value, Mapping):
            return self._compared(fact, value, path)
        values = value if isinstance(value, list) else [value]
        if not values:
            self._wrong(path, "policy.error.condition_list", name=fact.id)
        if fact.kind in (FactKind.NUMBER, FactKind.DATE):
            return Some(tuple(self._exactly(fact, item, path) for item in values))
        return Test(fact.id, frozenset(self._values(fact, values, path)))

    def _clock(self, fact: Fact, value: Any, path: Path) -> Condition:
        """One window of the day, or any of several."""
        if isinstance(value, list) and value and all(isinstance(part, list) for part in value):
            return Some(tuple(self._clock(fact, part, (*path, i)) for i, part in enumerate(value)))
        start, end = _ends(value)
        if start is None or end is None or start == end:
            self._wrong(path, "policy.error.clock_window", name=fact.id, value=value)
            return All(())
        return _window(fact.id, start, end or DAY_MINUTES)

    def _exactly(self, fact: Fact, item: Any, path: Path) -> Condition:
        bound = self._bound(fact, item, path, Measure.VALUE)
        return Test(fact.id, None, (bound, 0), _whole((bound, 1), Measure.VALUE))

    def _values(self, fact: Fact, values: Iterable[Any], path: Path) -> Iterable[FactValue]:
        for item in values:
            value = _yes_or_no(item) if fact.kind is FactKind.YES_NO else item
            if not isinstance(value, (bool, str)) or fact.option(value) is None:
                known = ["ya", "tidak"] if fact.kind is FactKind.YES_NO else [o.value for o in fact.options]
                self._wrong(
                    path,
                    "policy.error.unknown_value",
                    name=fact.id,
                    value=item,
                    suggestion=suggestion(item, known),
                )
                continue
            yield value
            yield from self._below(fact, value)

    def _below(self, fact: Fact, value: FactValue) -> Iterable[FactValue]:
        """The classes inside a class of units or statuses: a rule on "opd" speaks of every UPT below it."""
        trees = {"unit": self._vocabulary.units, "status": self._vocabulary.statuses}
        return descendants(trees.get(fact.id, {}), str(value))

    def _compared(self, fact: Fact, comparisons: Mapping[str, Any], path: Path) -> Condition:
        if _excludes(comparisons):
            values = comparisons["selain"]
            listed = values if isinstance(values, list) else [values]
            return Not(self._test(fact, listed, (*path, "selain")))
        measure = _deadline(comparisons) if fact.kind is FactKind.DATE else Measure.VALUE
        if measure != Measure.VALUE:
            comparisons, path = comparisons[measure], (*path, measure)
        known = _comparisons_of(fact, measure)
        if not isinstance(comparisons, Mapping) or not _fits(comparisons, known):
            self._wrong(
                path, "policy.error.comparison", name=fact.id, value=comparisons, known=", ".join(known)
            )
            return All(())
        low = self._cut(fact, comparisons, _LOW, path, measure)
        high = self._cut(fact, comparisons, _HIGH, path, measure)
        return Test(fact.id, None, low, high, measure)

    def _cut(
        self, fact: Fact, comparisons: Mapping[str, Any], sides: Mapping[str, int], path: Path, measure: str
    ) -> Cut | None:
        for name, side in sides.items():
            if name in comparisons:
                return _whole((self._bound(fact, comparisons[name], (*path, name), measure), side), measure)
        return None

    def _bound(self, fact: Fact, value: Any, path: Path, measure: str) -> Any:
        """The bound of a comparison; what does not fit the fact is a problem and replaced."""
        if measure in Measure.DEADLINES:
            fits, key = _is_count(value), "policy.error.bound_whole_number"
        elif fact.kind is FactKind.NUMBER:
            fits, key = _is_number(value), "policy.error.bound_number"
        else:
            fits, key = isinstance(value, date), "policy.error.bound_date"
        if fits:
            return value
        self._wrong(path, key, name=fact.id, value=value)
        return date.max if key == "policy.error.bound_date" else 1

    def _wrong(self, path: Path, key: str, **params: object) -> None:
        self._problems.append(self._document.problem(path, key, **params))


def _comparisons_of(fact: Fact, measure: str) -> tuple[str, ...]:
    if fact.kind is FactKind.NUMBER or measure in Measure.DEADLINES:
        return _OF_NUMBERS
    return (*_OF_DATES, *sorted(Measure.DEADLINES)) if fact.kind is FactKind.DATE else ("selain",)


def _fits(comparisons: Mapping[str, Any], known: tuple[str, ...]) -> bool:
    """Whether all are known ones that can stand together: at most one bound from each side."""
    sides = [name for name in comparisons if name in _LOW], [name for name in comparisons if name in _HIGH]
    allowed = set(known) - Measure.DEADLINES  # which stand alone, with their own comparisons inside
    return allowed.issuperset(comparisons) and max(map(len, sides)) == 1


def _excludes(value: object) -> bool:
    return isinstance(value, Mapping) and set(value) == {"selain"}


def _deadline(comparisons: Mapping[str, Any]) -> str:
    """The kind of days that are counted from a date; the plain value where it is compared itself."""
    named = Measure.DEADLINES.intersection(comparisons)
    return next(iter(named)) if len(named) == len(comparisons) == 1 else Measure.VALUE


def _ends(value: object) -> tuple[int | None, int | None]:
    """The minutes [start, end) of a window as written; a comparison may leave one of them to midnight."""
    if isinstance(value, list) and len(value) == _BOTH_ENDS:
        return minutes_of(value[0]), minutes_of(value[1])
    if not isinstance(value, Mapping) or not value or not _fits(value, _OF_DATES):
        return None, None
    since, until, latest = _OF_DATES
    start = minutes_of(value.get(since, "00:00"))
    if latest not in value:
        return start, minutes_of(value.get(until, "24:00"))
    last = minutes_of(value[latest])
    return start, None if last is None else min(last + 1, DAY_MINUTES)


def _window(fact: str, start: int, end: int) -> Condition:
    """The times of day [start, end), over midnight if the end is the earlier one."""
    low = Test(fact, None, (start, 0), None) if start else None
    high = Test(fact, None, None, (end, 0)) if end < DAY_MINUTES else None
    if low is None or high is None:
        return low or high or All(())
    return Test(fact, None, low.low, high.high) if start < end else Some((low, high))


def _yes_or_no(item: object) -> object:
    return {"ya": True, "tidak": False}.get(item, item) if isinstance(item, str) else item


def _whole(cut: Cut, measure: str) -> Cut:
    """The cut, written in the one way that whole steps have: no day lies between "after the 3rd" and
    "before the 4th", no count between "more than 3" and "at least 4"."""
    bound, side = cut
    if isinstance(bound, date):
        return (bound + timedelta(days=side), 0) if bound < date.max else cut
    return (bound - 1 + side, 1) if measure in Measure.DEADLINES else cut


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def descendants(tree: Mapping[str, Named], root: str) -> tuple[str, ...]:
    """The ids below `root` in a tree of named things, nearest first."""
    found: list[str] = []
    layer = [root]
    while layer:
        layer = [n for n, thing in tree.items() if thing.parent in layer and n not in (root, *found)]
        found.extend(layer)
    return tuple(found)
