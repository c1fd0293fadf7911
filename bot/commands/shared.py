"""What every command about staff needs: the open ledger, the actor, and where text goes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

if TYPE_CHECKING:
    from bot.people.rights import Actor
    from bot.storage.store import Store

T = TypeVar("T")

Json = Annotated[bool, typer.Option("--json", help="Satu dokumen JSON di keluaran baku.")]
Regency = Annotated[str, typer.Option("--regency", help="Kabupaten, misalnya lumajang.")]


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


@asynccontextmanager
async def ledger() -> AsyncIterator[Store]:
    """The ledger of the settings, closed afterwards."""
    from bot.config import load_settings
    from bot.storage.store import open_store

    store = await open_store(load_settings().database.url)
    try:
        yield store
    finally:
        await store.close()


def operator() -> Actor:
    """Whoever can run commands on this machine can read its database: she acts as the operator, and the
    access log has her name on this machine."""
    import getpass
    from datetime import date

    from bot.people.rights import Actor
    from bot.people.staff import Assignment, Role

    held = Assignment(Role.OPERATOR, None, date.min)
    return Actor(f"operator:{getpass.getuser()}", None, (held,))
