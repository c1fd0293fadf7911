"""Who looked at whom, and who changed what: written in the same transaction as the change itself."""

from __future__ import annotations

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.tables import access_log


async def note(
    connection: AsyncConnection,
    at: int,
    actor: str,
    action: str,
    *,
    regency: str | None = None,
    person: int | None = None,
    unit: int | None = None,
    count: int | None = None,
) -> None:
    """`actor`: `Actor.name`. `action`: an `Action`, or what happened ("identity.linked"). `count`: how many
    people a list showed."""
    values = {"at": at, "actor": actor, "action": action, "regency": regency}
    await connection.execute(
        insert(access_log), values | {"person_id": person, "unit_id": unit, "count": count}
    )
