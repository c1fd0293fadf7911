"""The units of the file beside those of the ledger: which are new, which go by another name now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from bot.people.roster.changes import LedgerUnit, PlannedUnit, UnitPlan
from bot.people.roster.naming import UnitClasses
from bot.people.roster.tree import ROOT, FileUnit
from bot.people.roster.words import folded


def plan_units(found: Iterable[FileUnit], ledger: Sequence[LedgerUnit], classes: UnitClasses) -> UnitPlan:
    """A unit is known by its name and place, else by its code: then it was renamed or moved. A class that the
    file gives is written; one that only the name tells, where the ledger has none."""
    return _Planning(found, ledger, classes).plan()


class _Planning:
    def __init__(self, found: Iterable[FileUnit], ledger: Sequence[LedgerUnit], classes: UnitClasses) -> None:
        self._found = tuple(found)
        self._classes = classes
        self._root = next((unit for unit in ledger if unit.parent is None), None)
        self._by_place = _by_place(ledger)
        self._by_code = _by_code(ledger)
        self._codes = Counter(unit.code for unit in self._found)

    def plan(self) -> UnitPlan:
        known = self._recognised()
        return tuple(self._planned(unit, known) for unit in self._found)

    def _recognised(self) -> Mapping[int, LedgerUnit | None]:
        """By index. Places first, all of them: a unit that kept its place is not another one's new name."""
        known: dict[int, LedgerUnit | None] = {ROOT: self._root}
        for unit in self._found[1:]:
            above = known[unit.parent or ROOT]
            known[unit.index] = self._by_place.get((above.id, folded(unit.name))) if above else None
        taken = {unit.id for unit in known.values() if unit}
        for unit in self._found[1:]:
            same = self._by_code.get(unit.code or "") if self._codes[unit.code] == 1 else None
            if known[unit.index] is None and same and same.id not in taken and same.parent is not None:
                known[unit.index] = same
                taken.add(same.id)
        return known

    def _planned(self, unit: FileUnit, known: Mapping[int, LedgerUnit | None]) -> PlannedUnit:
        old = known[unit.index]
        if unit.index == ROOT:
            return PlannedUnit(ROOT, None, unit.name, None, None, old)
        code = unit.code if self._codes[unit.code] == 1 else None
        if old is None:
            kind = unit.kind or self._classes.of(unit.name)
            return PlannedUnit(unit.index, unit.parent, unit.name, code, kind, None)
        above = known[unit.parent or ROOT]
        same_place = above is not None and above.id == old.parent and folded(old.name) == folded(unit.name)
        name = old.name if same_place else unit.name
        kind = unit.kind or old.kind or self._classes.of(name)
        wanted = (name, code or old.code, kind, False, above.id if above else None)
        changed = wanted != (old.name, old.code, old.kind, old.closed, old.parent)
        return PlannedUnit(unit.index, unit.parent, name, wanted[1], kind, old, changed)


def _by_place(ledger: Sequence[LedgerUnit]) -> dict[tuple[int, str], LedgerUnit]:
    """Of two that look alike the open one, then the older one, counts."""
    ordered = sorted(ledger, key=lambda unit: (not unit.closed, -unit.id))
    return {(unit.parent, folded(unit.name)): unit for unit in ordered if unit.parent is not None}


def _by_code(ledger: Sequence[LedgerUnit]) -> dict[str, LedgerUnit]:
    """Codes that exactly one open unit has."""
    counts = Counter(unit.code for unit in ledger if not unit.closed)
    return {unit.code: unit for unit in ledger if unit.code and not unit.closed and counts[unit.code] == 1}
