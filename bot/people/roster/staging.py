"""The rows of a file in a temporary database, so that a roster of any length needs little memory.

The database has no name in the file system: it is gone with the process, however that ends.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from sqlite_utils import Database

from bot.people.roster.rows import Ended, Reason, Rejection, StaffRow
from bot.people.roster.tree import UnitTree
from bot.people.roster.words import folded

CHUNK = 5_000

Cells: TypeAlias = tuple[Any, ...]
"""A row of a table, in the order of its columns."""

ROSTER = {
    "row": int,
    "number": str,
    "name": str,
    "folded": str,
    "status": str,
    "phone": str,
    "phone_known": int,
    "pattern": str,
    "pattern_known": int,
    "unit": int,
}
REJECTED = {"row": int, "number": str, "name": str, "folded": str, "reasons": str}
REMARKS = {"row": int, "name": str, "key": str, "texts": str}

ROWS = "substr(group_concat(row, ', '), 1, 60)"
"""The rows of a group, as far as a reason names them."""

CACHE = -32_000
"""KiB of pages in memory; the rest lies in an unnamed file."""


class Staging:
    """Filled with `add`, then `settle` once. `units`: what the rows' `unit` is an index of."""

    def __init__(self, units: UnitTree) -> None:
        self.units = units
        self.db = Database(sqlite3.connect(""))
        self.db.execute(f"PRAGMA cache_size = {CACHE}")
        self.db.execute("PRAGMA journal_mode = OFF")  # nothing here outlives an error
        self.create("roster", ROSTER, key="row")
        self.create("rejected", REJECTED, key="row")
        self.create("remarks", REMARKS)

    def close(self) -> None:
        self.db.close()

    # --- filling ---

    def add(self, rows: Iterable[StaffRow | Rejection | Ended]) -> None:
        people: list[Cells] = []
        rejected: list[Cells] = []
        remarks: list[Cells] = []
        for row in rows:
            if isinstance(row, StaffRow):
                people.append(self._staged(row))
                remarks.extend(_remark(row.row, row.name, reason) for reason in row.remarks)
            elif isinstance(row, Rejection):
                rejected.append(_rejected(row.row, row.number, row.name, row.reasons))
            else:
                reason = Reason("roster.remark_ended", {"day": row.day.isoformat()})
                remarks.append(_remark(row.row, row.name, reason))
        self.insert("roster", people)
        self.insert("rejected", rejected)
        self.insert("remarks", remarks)

    def _staged(self, row: StaffRow) -> Cells:
        unit = self.units.add(row.path, row.unit_code, row.unit_kind)
        told = (row.row, row.number, row.name, folded(row.name), row.status, row.phone, row.phone_known)
        return *told, row.pattern, row.pattern_known, unit

    def create(self, table: str, columns: Mapping[str, type], key: str | None = None) -> None:
        """An empty table; what had this name is gone."""
        self.db.table(table).create(dict(columns), pk=key, replace=True)

    def insert(self, table: str, rows: Sequence[Cells]) -> None:
        """As the driver does it: sqlite-utils looks at every single value, and these are known."""
        if rows:
            marks = ", ".join("?" * len(rows[0]))
            with self.db.conn as connection:
                connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)

    def settle(self) -> None:
        """Of rows that say the same of one person the first stays; of rows that contradict each other
        none."""
        self.db.execute("CREATE INDEX roster_number ON roster(number)")
        said = "json_array(folded, status, phone, pattern, unit)"
        twice = self.db.query(
            f"SELECT number, min(row) AS first, count(DISTINCT {said}) AS versions,"
            f" {ROWS} AS rows FROM roster GROUP BY number HAVING count(*) > 1"
        )
        for group in list(twice):
            same = group["versions"] == 1
            (self._merge if same else self._refuse)(group["number"], group["first"], group["rows"])
        self._remark_shared_phones()
        self.db.execute("DROP INDEX roster_number")
        self.db.execute("CREATE UNIQUE INDEX roster_number ON roster(number)")

    def _merge(self, number: str, first: int, rows: str) -> None:
        reason = Reason("roster.remark_same", {"rows": rows})
        [kept] = self.db.query("SELECT row, name FROM roster WHERE row = ?", [first])
        self.db.execute("DELETE FROM roster WHERE number = ? AND row > ?", [number, first])
        self.insert("remarks", [_remark(kept["row"], kept["name"], reason)])

    def _refuse(self, number: str, first: int, rows: str) -> None:
        reason = Reason("roster.reject_contradiction", {"rows": rows})
        found = list(self.db.query("SELECT row, name FROM roster WHERE number = ?", [number]))
        self.db.execute("DELETE FROM roster WHERE number = ?", [number])
        self.insert("rejected", [_rejected(row["row"], number, row["name"], (reason,)) for row in found])

    def _remark_shared_phones(self) -> None:
        """Of a phone that several have nobody can tell whose it is: they register with a code."""
        shared = self.db.query(
            f"SELECT row, name, rows FROM roster JOIN (SELECT phone, {ROWS} AS rows FROM roster"
            " WHERE phone IS NOT NULL GROUP BY phone HAVING count(*) > 1) USING (phone) ORDER BY row"
        )
        reasons = [
            _remark(row["row"], row["name"], Reason("roster.remark_shared_phone", {"rows": row["rows"]}))
            for row in list(shared)
        ]
        self.insert("remarks", reasons)

    # --- reading ---

    def count(self, table: str) -> int:
        return int(self.db.table(table).count)

    def rejections(self, limit: int | None = None) -> Iterator[Rejection]:
        for row in self.db.query("SELECT * FROM rejected ORDER BY row LIMIT ?", [_all(limit)]):
            reasons = tuple(Reason(key, values) for key, values in json.loads(row["reasons"]))
            yield Rejection(row["row"], row["name"], row["number"], reasons)

    def remarks(self, limit: int | None = None) -> Iterator[tuple[int, str, Reason]]:
        """Row, name, and what is to be known of it."""
        for row in self.db.query("SELECT * FROM remarks ORDER BY row LIMIT ?", [_all(limit)]):
            yield row["row"], row["name"], Reason(row["key"], json.loads(row["texts"]))


def _all(limit: int | None) -> int:
    return -1 if limit is None else limit


def _rejected(row: int, number: str | None, name: str, reasons: Iterable[Reason]) -> Cells:
    return row, number, name, folded(name), json.dumps([(reason.key, reason.values) for reason in reasons])


def _remark(row: int, name: str, reason: Reason) -> Cells:
    return row, name, reason.key, json.dumps(dict(reason.values))
