"""Brings a database to the version of this program, by Alembic's scripts in migrations/."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.problems import Problem

SCRIPTS = Path(__file__).parent / "migrations"


async def migrate(engine: AsyncEngine, revision: str = "head") -> None:
    """Up to the newest version, or up or down to `revision` ("base": nothing left). Raises `Problem` if the
    database is newer than the program."""
    async with engine.begin() as connection:
        await connection.run_sync(_migrate, revision)


async def ensure_current(engine: AsyncEngine) -> None:
    """Sets an empty database up; raises `Problem` if another one is older or newer than the program."""
    async with engine.begin() as connection:
        await connection.run_sync(_ensure_current)


def _migrate(connection: Connection, revision: str) -> None:
    scripts, current = _known(connection)
    config = _config(connection)
    target = scripts.get_current_head() if revision == "head" else revision
    older = [script.revision for script in scripts.walk_revisions("base", current or "base")]
    down = target == "base" or (target != current and target in older)
    (command.downgrade if down else command.upgrade)(config, revision)


def _ensure_current(connection: Connection) -> None:
    scripts, current = _known(connection)
    if current == scripts.get_current_head():
        return
    if current is not None or inspect(connection).get_table_names():
        raise Problem("store.older", command="edaran migrate")
    command.upgrade(_config(connection), "head")


def _known(connection: Connection) -> tuple[ScriptDirectory, str | None]:
    """The scripts, and the database's version (None: never migrated), which must be one of theirs."""
    scripts = ScriptDirectory(str(SCRIPTS))
    current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and current not in {script.revision for script in scripts.walk_revisions()}:
        raise Problem("store.newer", version=current, known=scripts.get_current_head())
    return scripts, current


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
