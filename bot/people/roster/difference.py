"""Who joins, leaves, moves, changes: the file's rows beside the people of the ledger."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from bot.people.roster.changes import Alike, Change, Kind, LedgerPerson, UnitPlan
from bot.people.roster.staging import Staging
from bot.people.roster.tree import ROOT
from bot.people.roster.words import folded

MOST_LEAVING = 10
"""One in so many may leave at once; more is more likely a file that lacks a part."""


LEDGER = {
    "id": int,
    "number": str,
    "name": str,
    "status": str,
    "phone": str,
    "pattern": str,
    "gone": int,
    "unit": int,
}
UNIT_MAP = {"unit": int, "id": int}

_NEW = {
    "phone": "CASE WHEN r.phone_known THEN r.phone ELSE l.phone END",
    "pattern": "CASE WHEN r.pattern_known THEN r.pattern ELSE l.pattern END",
}

_COMPARED = f"""
CREATE TABLE change AS
SELECT CASE
         WHEN l.id IS NULL OR l.gone THEN 'joined'
         WHEN m.id IS NULL OR l.unit IS NOT m.id THEN 'moved'
         WHEN r.name IS NOT l.name OR r.status IS NOT l.status
           OR {_NEW["phone"]} IS NOT l.phone OR {_NEW["pattern"]} IS NOT l.pattern THEN 'changed'
         ELSE 'unchanged'
       END AS kind,
       l.id AS person, r.row AS row, r.number AS number, r.name AS name, r.status AS status,
       {_NEW["phone"]} AS phone, {_NEW["pattern"]} AS pattern, r.unit AS unit, l.unit AS old_unit,
       l.name AS old_name, l.status AS old_status, l.phone AS old_phone, l.pattern AS old_pattern,
       l.id IS NOT NULL AND l.gone AS returned
FROM roster r JOIN unit_map m ON m.unit = r.unit LEFT JOIN ledger l ON l.number = r.number
"""

# Nobody leaves because of a row that could not be read: it is told by its number, or by the name where the
# number is nobody's.
_LEAVING = """
INSERT INTO change
SELECT 'left', l.id, NULL, l.number, l.name, l.status, l.phone, l.pattern, NULL, l.unit,
       l.name, l.status, l.phone, l.pattern, 0
FROM ledger l
WHERE NOT l.gone
  AND NOT EXISTS (SELECT 1 FROM roster r WHERE r.number = l.number)
  AND l.number NOT IN (SELECT number FROM rejected WHERE number IS NOT NULL)
  AND folded(l.name) NOT IN
      (SELECT folded FROM rejected WHERE number IS NULL OR number NOT IN (SELECT number FROM ledger))
"""

# A phone, or a name (titles follow a comma) with the day of birth that a NIP and an NI PPPK begin with.
_NUMBER = (
    "number, name, phone, bare(name) AS bare, CASE WHEN length(number) = 18 THEN substr(number, 1, 8) END"
)
_PAIR = "gone.person, gone.number AS old_number, gone.name AS old_name, come.row, come.number, come.name"
_ALIKE = f"""
INSERT INTO alike
WITH gone AS MATERIALIZED (SELECT person, {_NUMBER} AS born FROM change WHERE kind = 'left'),
     come AS MATERIALIZED
       (SELECT row, {_NUMBER} AS born FROM change WHERE kind = 'joined' AND person IS NULL)
SELECT {_PAIR}, 'phone' FROM gone JOIN come ON come.phone = gone.phone
UNION ALL
SELECT {_PAIR}, 'birth' FROM gone JOIN come ON come.bare = gone.bare AND come.born = gone.born
WHERE come.phone IS NOT gone.phone OR gone.phone IS NULL
"""
ALIKE = {
    "person": int,
    "old_number": str,
    "old_name": str,
    "row": int,
    "number": str,
    "name": str,
    "by": str,
}


class Difference:
    """Made by `compare`. Reads from the staging database, so that it needs little memory."""

    def __init__(self, staging: Staging, plan: UnitPlan, paths: Mapping[int, str]) -> None:
        self.staging = staging
        self.plan = plan
        self.ledger_paths = paths
        self._names = {unit.index: unit for unit in plan}
        found = staging.db.query("SELECT kind, count(*) AS count FROM change GROUP BY kind")
        counts = {row["kind"]: int(row["count"]) for row in found}
        self.counts: Mapping[Kind, int] = {kind: counts.get(kind.value, 0) for kind in Kind}
        self.rejected = staging.count("rejected")
        self.remarked = staging.count("remarks")
        self.resembling = staging.count("alike")
        """Pairs of `alike`."""
        [present] = staging.db.query("SELECT count(*) AS count FROM ledger WHERE NOT gone")
        self.present = int(present["count"])
        """People of the staff before."""

    @property
    def changes_nothing(self) -> bool:
        people = any(count for kind, count in self.counts.items() if kind is not Kind.UNCHANGED)
        return not people and not any(unit.is_new or unit.changed for unit in self.plan)

    @property
    def too_many_leave(self) -> bool:
        return self.counts[Kind.LEFT] * MOST_LEAVING > self.present

    def changes(self, kind: Kind, limit: int | None = None) -> Iterator[Change]:
        """In the order of the file; those who left by number."""
        wanted = [kind.value, -1 if limit is None else limit]
        rows = self.staging.db.query(
            "SELECT * FROM change WHERE kind = ? ORDER BY row, number LIMIT ?", wanted
        )
        for row in rows:
            yield _change(row)

    def batches(self, kind: Kind, size: int = 1_000) -> Iterator[Sequence[Change]]:
        changes = self.changes(kind)
        return iter(lambda: list(islice(changes, size)), [])

    def alike(self, limit: int | None = None) -> Iterator[Alike]:
        """Who may only have another number, in the order of the file. Nothing is done about them."""
        wanted = [-1 if limit is None else limit]
        query = "SELECT * FROM alike ORDER BY row, old_number LIMIT ?"
        return (Alike(**row) for row in self.staging.db.query(query, wanted))

    def path(self, unit: int) -> str:
        """The names from below the regency down to a unit of the file."""
        names = []
        at: int | None = unit
        while at is not None and at != ROOT:
            names.append(self._names[at].name)
            at = self._names[at].parent
        return " / ".join(reversed(names)) or self._names[ROOT].name


def load_ledger(staging: Staging, people: Sequence[LedgerPerson]) -> None:
    """One batch of the ledger's people. `prepare` goes before the first."""
    rows = [(p.id, p.number, p.name, p.status, p.phone, p.pattern, p.left, p.unit) for p in people]
    staging.insert("ledger", rows)


def prepare(staging: Staging, plan: UnitPlan) -> None:
    """Empty tables for the ledger's people and for the difference: another try starts afresh."""
    staging.db.execute("DROP TABLE IF EXISTS change")
    staging.create("ledger", LEDGER, key="id")
    staging.create("unit_map", UNIT_MAP, key="unit")
    staging.create("alike", ALIKE)
    staging.insert("unit_map", [(unit.index, unit.known.id if unit.known else None) for unit in plan])


def compare(staging: Staging, plan: UnitPlan, paths: Mapping[int, str]) -> Difference:
    """After all people of the ledger were loaded. `paths`: of the ledger's units, by id."""
    staging.db.register_function(folded, deterministic=True, replace=True)
    staging.db.execute("CREATE UNIQUE INDEX ledger_number ON ledger(number)")
    staging.db.execute(_COMPARED)
    staging.db.execute(_LEAVING)
    staging.db.execute("CREATE INDEX change_kind ON change(kind, row)")
    if next(staging.db.query("SELECT 1 FROM change WHERE kind = 'left' LIMIT 1"), None) is not None:
        staging.db.register_function(bare, deterministic=True, replace=True)
        staging.db.execute(_ALIKE)
    return Difference(staging, plan, paths)


def bare(name: str) -> str:
    """Without the titles after it, as far as they stand after a comma."""
    return folded(name.partition(",")[0])


def _change(row: Mapping[str, Any]) -> Change:
    values = {name: value for name, value in row.items() if name not in ("kind", "returned")}
    return Change(Kind(row["kind"]), returned=bool(row["returned"]), **values)
