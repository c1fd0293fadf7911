"""Tells other processes that what they remember is stale: of the staff, or of whom nothing reaches.

A transaction that changes people, units, roles, absences or identities calls `staff_changed`, one that finds
chats to which nothing can be sent `unreachable_changed`; a process that remembers them compares `versions`
every second or so.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.engine import insert_or
from bot.storage.tables import changes

STAFF, UNREACHABLE = "staff", "unreachable"


async def staff_changed(connection: AsyncConnection) -> None:
    await _changed(connection, STAFF)


async def unreachable_changed(connection: AsyncConnection) -> None:
    await _changed(connection, UNREACHABLE)


async def _changed(connection: AsyncConnection, what: str) -> None:
    raised = insert_or(connection.engine, changes, add=("number",))
    await connection.execute(raised, {"what": what, "number": 1})


async def staff_version(connection: AsyncConnection) -> int:
    """0: nothing was ever changed."""
    return (await versions(connection)).get(STAFF, 0)


async def versions(connection: AsyncConnection) -> Mapping[str, int]:
    """What was ever changed → how often."""
    rows = await connection.execute(select(changes.c.what, changes.c.number))
    return {row.what: row.number for row in rows}
