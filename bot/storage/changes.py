"""Tells other processes that what they remember of the staff is stale.

A transaction that changes people, units, roles, absences or identities calls `staff_changed`; a process that
remembers them compares `staff_version` every second or so.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.engine import insert_or
from bot.storage.tables import changes

STAFF = "staff"


async def staff_changed(connection: AsyncConnection) -> None:
    raised = insert_or(connection.engine, changes, add=("number",))
    await connection.execute(raised, {"what": STAFF, "number": 1})


async def staff_version(connection: AsyncConnection) -> int:
    """0: nothing was ever changed."""
    found = await connection.execute(select(changes.c.number).where(changes.c.what == STAFF))
    return found.scalar_one_or_none() or 0
