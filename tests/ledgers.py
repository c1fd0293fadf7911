"""Ledgers with something of everything in them; all that is in one, to compare."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

from sqlalchemy import Table, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.storage import campaign_tables  # noqa: F401  # its tables belong to a whole ledger
from bot.storage.engine import count_on, open_engine
from bot.storage.tables import metadata

Snapshot = dict[str, list[dict[str, Any]]]

NIP = "199001012015042001"
PHONE = "+6280000000001"
LEFT = date(2020, 6, 1)
DAY = date(2026, 1, 5)

ROWS: dict[str, list[dict[str, Any]]] = {
    "units": [
        {"id": 1, "regency": "a", "parent_id": None, "name": "Kabupaten A"},
        {"id": 2, "regency": "a", "parent_id": 9, "name": "SDN 1", "kind": "sekolah", "closed_on": DAY},
        {"id": 9, "regency": "a", "parent_id": 1, "name": "Dinas Pendidikan", "code": "1.01", "pattern": "p"},
        {"id": 10, "regency": "b", "parent_id": None, "name": "Kabupaten B"},
    ],
    "people": [
        {"id": 1, "regency": "a", "number": NIP, "name": "Ani Contoh", "status": "pns", "phone": PHONE},
        {"id": 2, "regency": "a", "number": "198001012005041002", "name": "Budi Contoh", "left_on": LEFT},
        {"id": 30, "regency": "b", "number": "HL-7", "name": "Citra Contoh", "pattern": "enam_hari"},
    ],
    "placements": [
        {"id": 1, "person_id": 1, "unit_id": 2, "kind": "primary", "since": date(2024, 1, 1)},
        {
            "id": 2,
            "person_id": 1,
            "unit_id": 9,
            "kind": "secondment",
            "since": DAY,
            "until": date(2026, 3, 1),
        },
        {"id": 3, "person_id": 2, "unit_id": 9, "kind": "primary", "since": DAY, "until": date(2026, 2, 1)},
        {"id": 4, "person_id": 30, "unit_id": 10, "kind": "primary", "since": DAY},
    ],
    "absences": [
        {"id": 1, "person_id": 1, "kind": "cuti", "since": DAY, "until": date(2026, 1, 9)},
        {"id": 2, "person_id": 2, "kind": "cuti", "since": DAY},
    ],
    "assignments": [
        {"id": 1, "person_id": 1, "role": "kepala_unit", "unit_id": 2, "standing": "plt", "since": DAY}
        | {"granted_by": "operator:test", "granted_at": 50},
        {"id": 2, "person_id": 30, "role": "pengelola", "unit_id": None, "standing": "definitif"}
        | {"since": DAY, "granted_by": "operator:test", "granted_at": 51},
    ],
    "identities": [
        {"channel": "telegram", "external_id": "7", "person_id": 1, "linked_at": 60, "how": "contact"},
        {"channel": "telegram", "external_id": "8", "person_id": 2, "linked_at": 60, "how": "code"},
    ],
    "codes": [
        {"id": 1, "person_id": 1, "digest": "d1", "issued_by": "operator:test", "issued_at": 1}
        | {"expires_at": 2, "used_at": 3},
        {"id": 2, "person_id": 2, "digest": "d2", "issued_by": "person:1", "issued_at": 1, "expires_at": 2},
    ],
    "code_tries": [{"channel": "telegram", "external_id": "7", "failures": 2, "last_at": 70}],
    "profiles": [
        {"channel": "telegram", "external_id": "7", "regency": "a", "language": "id", "stopped_at": 80},
        {"channel": "telegram", "external_id": "guest", "regency": "a", "status": "pns", "step": "unit"},
    ],
    "handled_updates": [{"bot_id": 42, "update_id": 2**40, "handled_at": 90}],
    "unreachable": [{"channel": "telegram", "chat_id": "7", "reason": "blocked", "since": 91}],
    "unit_changes": [
        {"id": 1, "unit_id": 9, "at": 92, "actor": "operator:test", "parent_id": 1, "name": "Lama"}
    ],
    "access_log": [
        {"id": 1, "at": 93, "actor": "person:30", "action": "see_person", "regency": "a", "person_id": 1},
        {
            "id": 2,
            "at": 94,
            "actor": "person:2",
            "action": "see_unit",
            "regency": "a",
            "unit_id": 9,
            "count": 2,
        },
        {"id": 3, "at": 95, "actor": "account:telegram:7", "action": "code.wrong"},
        {"id": 4, "at": 96, "actor": "person:1", "action": "see_person", "regency": "a", "person_id": 1},
        {"id": 5, "at": 97, "actor": "person:30", "action": "see_person", "regency": "a", "person_id": 2},
    ],
    "counters": [
        {
            "day": DAY,
            "regency": "a",
            "unit_id": 9,
            "activity": "x",
            "verdict": "y",
            "circular": "z",
            "count": 5,
        }
    ],
    "roster_mappings": [{"regency": "a", "mapping": '{"nip": "NIP BARU"}', "updated_at": 5}],
    "roster_imports": [
        {"id": 1, "regency": "a", "digest": "f", "at": 5, "actor": "operator:test", "counts": "{}"}
    ],
    "changes": [{"what": "staff", "number": 3}],
}
"""Invented people. Units come in an order in which some refer to later ones."""

VALUES: dict[type, Any] = {int: 1, str: "x", bool: True, date: DAY, bytes: b"\x00\xff"}


def _any_row(table: Table) -> dict[str, Any]:
    """One row with something in every column, so that a new table is never forgotten; what refers to another
    row refers to the first one, which is there by then."""
    own = {key.parent.name for key in table.foreign_keys if key.column.table is table}
    return {c.name: VALUES[c.type.python_type] for c in table.columns if c.name not in own}


ROWS |= {table.name: [_any_row(table)] for table in metadata.sorted_tables if table.name not in ROWS}

FILLED: dict[str, dict[str, Any]] = {
    "profiles": {"created_at": 5, "updated_at": 6},
    "people": {"joined_on": DAY, "updated_at": 6},
}


async def fill(engine: AsyncEngine) -> None:
    """Puts `ROWS` into an empty ledger, which has no table that they leave out."""
    async with engine.begin() as connection:
        for table in (table for table in metadata.sorted_tables if table.name in ROWS):
            for row in sorted(ROWS[table.name], key=lambda row: row.get("parent_id") or 0):
                await connection.execute(insert(table), FILLED.get(table.name, {}) | row)
            await count_on(connection, table)


async def snapshot(engine: AsyncEngine) -> Snapshot:
    """Table → its rows, in the order of their keys."""

    async def rows(connection: AsyncConnection, name: str) -> list[dict[str, Any]]:
        table = metadata.tables[name]
        found = await connection.execute(select(table).order_by(*table.primary_key.columns))
        return [dict(row) for row in found.mappings()]

    async with engine.connect() as connection:
        return {name: await rows(connection, name) for name in ROWS}


@asynccontextmanager
async def locked(url: str, *names: str) -> AsyncIterator[None]:
    """Another process holds what writers to these tables need."""
    engine = open_engine(url)
    async with engine.begin() as connection:  # alone of SQLite's writers
        if engine.dialect.name == "postgresql":
            await connection.execute(text(f"LOCK TABLE {', '.join(names)} IN ACCESS EXCLUSIVE MODE"))
        yield
    await engine.dispose()
