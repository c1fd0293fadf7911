"""The difference as people check it, and as JSON. Numbers and phones are masked in both."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, TextIO

from bot.people.numbers import mask_number, mask_phone
from bot.people.roster.changes import Alike, Change, Kind, PlannedUnit
from bot.people.roster.columns import Layout
from bot.people.roster.difference import Difference
from bot.people.roster.mapping import to_plain
from bot.people.roster.rows import Reason, Rejection
from bot.rendering.texts import Texts

SHOWN = 20
"""People of each kind that the report names."""

LISTED = (Kind.JOINED, Kind.LEFT, Kind.MOVED, Kind.CHANGED)
NOTHING = "–"


@dataclass(frozen=True, slots=True)
class Report:
    """`file`: its name. `applied`: the ledger was changed."""

    regency: str
    file: str
    layout: Layout
    difference: Difference
    texts: Texts
    applied: bool

    # --- as text ---

    def lines(self) -> Iterator[str]:
        yield self.texts("roster.report_done" if self.applied else "roster.report_dry", file=self.file)
        yield self.texts("roster.report_columns", row=self.layout.header_row, columns=self._columns())
        counts = self.difference.counts
        for kind in Kind:
            yield self.texts(f"roster.count_{kind.value}", count=counts[kind])
        yield self.texts("roster.count_rejected", count=self.difference.rejected)
        if self.difference.too_many_leave and not self.applied:
            yield self.texts("roster.many_leavers", left=counts[Kind.LEFT], people=self.difference.present)
        for key, count, found in self._sections():
            yield from self._section(key, count, found)
        if self.difference.resembling and not self.applied:
            yield self.texts("roster.alike_how", regency=self.regency)

    def _columns(self) -> str:
        mapping = self.layout.mapping
        named = [f"{name.value} ← {' / '.join(headers)}" for name, headers in mapping.columns.items()]
        fixed = [f"{name.value} = {value}" for name, value in mapping.fixed.items()]
        return "; ".join([*named, f"unit ← {' > '.join(mapping.units)}", *fixed])

    def _sections(self) -> Iterator[tuple[str, int, Iterable[str]]]:
        """The key of a headline, how many there are, and the lines."""
        new = [unit for unit in self.difference.plan if unit.is_new]
        yield "roster.title_units", len(new), (self.difference.path(unit.index) for unit in new)
        changed = [unit for unit in self.difference.plan if unit.changed]
        yield "roster.title_units_changed", len(changed), map(self._changed_unit, changed)
        for kind in LISTED:
            found = self.difference.changes(kind, SHOWN)
            yield f"roster.title_{kind.value}", self.difference.counts[kind], map(self._person, found)
        refused = self.difference.staging.rejections(SHOWN)
        yield "roster.title_rejected", self.difference.rejected, map(self._rejection, refused)
        remarks = self.difference.staging.remarks(SHOWN)
        yield "roster.title_remarks", self.difference.remarked, (self._remark(*found) for found in remarks)
        yield "roster.title_alike", self.difference.resembling, map(self._pair, self.difference.alike(SHOWN))

    def _section(self, key: str, count: int, found: Iterable[str]) -> Iterator[str]:
        if count == 0:
            return
        yield ""
        yield self.texts(key, count=count)
        yield from (f"  {line}" for line in islice(found, SHOWN))
        if count > SHOWN:
            yield "  " + self.texts("roster.more", count=count - SHOWN)

    def _changed_unit(self, unit: PlannedUnit) -> str:
        old = self.difference.ledger_paths[unit.known.id] if unit.known else ""
        return f"{old} → {self.difference.path(unit.index)}"

    def _person(self, change: Change) -> str:
        row = f"{self._row(change.row)}  " if change.row is not None else ""
        told = [f"{row}{mask_number(change.number)}  {change.name}"]
        if change.returned:
            told.append(self.texts("roster.returned"))
        if change.kind is not Kind.CHANGED:
            told.append(self._places(change))
        told.extend(self._difference(change, name) for name in change.differing)
        return "; ".join(told)

    def _places(self, change: Change) -> str:
        old = self._old_unit(change) or NOTHING
        if change.unit is None:
            return old
        new = self.difference.path(change.unit)
        return f"{old} → {new}" if change.kind is Kind.MOVED else new

    def _old_unit(self, change: Change) -> str | None:
        return self.difference.ledger_paths.get(change.old_unit) if change.old_unit is not None else None

    def _difference(self, change: Change, name: str) -> str:
        old, new = (_shown(change, which) or NOTHING for which in (f"old_{name}", name))
        return f"{self.texts(f'roster.field_{name}')}: {old} → {new}"

    def _rejection(self, rejection: Rejection) -> str:
        reasons = "; ".join(map(self._reason, rejection.reasons))
        return f"{self._row(rejection.row)}  {rejection.name or NOTHING}: {reasons}"

    def _remark(self, row: int, name: str, reason: Reason) -> str:
        return f"{self._row(row)}  {name}: {self._reason(reason)}"

    def _pair(self, pair: Alike) -> str:
        old, new = (
            f"{mask_number(pair.old_number)}  {pair.old_name}",
            f"{mask_number(pair.number)}  {pair.name}",
        )
        return f"{self._row(pair.row)}  {old} → {new}; {self.texts(f'roster.alike_{pair.by}')}"

    def _row(self, row: int | None) -> str:
        return self.texts("roster.row", row=row)

    def _reason(self, reason: Reason) -> str:
        return self.texts(reason.key, **reason.values)

    # --- as JSON ---

    def write_json(self, out: TextIO) -> None:
        """One document, a person at a time."""
        head = json.dumps(self._head(), ensure_ascii=False, indent=1)
        out.write(head.removesuffix("\n}"))
        for kind in Kind:
            self._write_list(out, kind.value, map(self._entry, self.difference.changes(kind)))
        self._write_list(out, "rejected", map(self._rejected, self.difference.staging.rejections()))
        self._write_list(
            out, "remarks", (self._remarked(*found) for found in self.difference.staging.remarks())
        )
        self._write_list(out, "possibly_same", map(self._paired, self.difference.alike()))
        out.write("\n}\n")

    def _head(self) -> dict[str, Any]:
        difference, plan = self.difference, self.difference.plan
        counts = {kind.value: count for kind, count in difference.counts.items()}
        return {
            "regency": self.regency,
            "file": self.file,
            "applied": self.applied,
            "too_many_leave": difference.too_many_leave,
            "sheet": self.layout.sheet or None,
            "header_row": self.layout.header_row,
            "mapping": to_plain(self.layout.mapping),
            "counts": {**counts, "rejected": difference.rejected, "remarks": difference.remarked},
            "units_new": [difference.path(unit.index) for unit in plan if unit.is_new],
            "units_changed": [self._changed_unit(unit) for unit in plan if unit.changed],
        }

    def _write_list(self, out: TextIO, name: str, entries: Iterable[dict[str, Any]]) -> None:
        out.write(f",\n {json.dumps(name)}: [")
        between = "\n  "
        for entry in entries:
            out.write(between + json.dumps(entry, ensure_ascii=False))
            between = ",\n  "
        out.write("]")

    def _entry(self, change: Change) -> dict[str, Any]:
        entry: dict[str, Any] = {"row": change.row, "person": change.person}
        entry |= {"number": mask_number(change.number), "name": change.name, "status": change.status}
        entry["unit"] = self.difference.path(change.unit) if change.unit is not None else None
        if change.kind in (Kind.MOVED, Kind.LEFT):
            entry["old_unit"] = self._old_unit(change)
        if change.kind is Kind.JOINED:
            entry["returned"] = change.returned
        both = {name: [_shown(change, f"old_{name}"), _shown(change, name)] for name in change.differing}
        return entry | ({"changes": both} if both else {})

    def _rejected(self, rejection: Rejection) -> dict[str, Any]:
        known = mask_number(rejection.number) if rejection.number else None
        reasons = [self._told(reason) for reason in rejection.reasons]
        return {"row": rejection.row, "number": known, "name": rejection.name, "reasons": reasons}

    def _remarked(self, row: int, name: str, reason: Reason) -> dict[str, Any]:
        return {"row": row, "name": name, **self._told(reason)}

    def _paired(self, pair: Alike) -> dict[str, Any]:
        old = {"person": pair.person, "old_number": mask_number(pair.old_number), "old_name": pair.old_name}
        return {"row": pair.row, "number": mask_number(pair.number), "name": pair.name, **old, "by": pair.by}

    def _told(self, reason: Reason) -> dict[str, Any]:
        return {"key": reason.key, "text": self._reason(reason)}


def _shown(change: Change, name: str) -> str | None:
    value: str | None = getattr(change, name)
    mask: Callable[[str], str] = mask_phone if name.endswith("phone") else str
    return mask(value) if value is not None else None
