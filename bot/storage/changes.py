"""Tells other processes that what they remember of the staff is stale.

A transaction that changes people, units, roles, absences or identities calls `staff_changed`; a process that
remembers them compares `staff_version` every second or so.
"""

from __future__ import annotations

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.tables import changes

STAFF = "staff"


async def staff_changed(connection: AsyncConnection) -> None:
    raised = update(changes).where(changes.c.what == STAFF).values(number=changes.c.number + 1)
    if (await connection.execute(raised)).rowcount == 0:
        await connection.execute(insert(changes), {"what": STAFF, "number": 1})


async def staff_version(connection: AsyncConnection) -> int:
    """0: nothing was ever changed."""
    found = await connection.execute(select(changes.c.number).where(changes.c.what == STAFF))
    return found.scalar_one_or_none() or 0
