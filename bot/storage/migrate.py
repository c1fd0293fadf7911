"""Brings a database to the version of this program, by Alembic's scripts in migrations/.

One transaction holds all steps, on both engines: a database is of one version or of another, never between.
Alembic is imported where there is something to do: whether there is can be told without it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.problems import Problem
from bot.storage.engine import lock_for_migration

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

SCRIPTS = Path(__file__).parent / "migrations"
VERSION_TABLE = "alembic_version"


async def migrate(engine: AsyncEngine, revision: str = "head") -> None:
    """Up to the newest version, or up or down to `revision` ("base": nothing left). Raises `Problem` if the
    database is newer than the program, or there is no such revision."""
    async with engine.begin() as connection:
        await connection.run_sync(_migrate, revision)


async def ensure_current(engine: AsyncEngine) -> None:
    """Sets an empty database up; raises `Problem` if another one is older or newer than the program. Programs
    that start together do so one after the other."""
    async with engine.connect() as connection:
        if await connection.run_sync(_is_newest):
            return
    async with engine.begin() as connection:
        await connection.run_sync(_ensure_current)


def newest() -> str:
    """The version that this program works with: files of migrations begin with theirs, in order."""
    return max(path.name for path in (SCRIPTS / "versions").glob("[0-9]*_*.py")).partition("_")[0]


def version_of(connection: Connection) -> str | None:
    """The version of a database. None: it was never set up."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found: str | None = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()
    return found


def _is_newest(connection: Connection) -> bool:
    """Whether nothing is to be done. What else there is to say of another version is said with Alembic."""
    return version_of(connection) == newest()


def _migrate(connection: Connection, revision: str) -> None:
    from alembic import command

    lock_for_migration(connection)
    scripts, current = _known(connection)
    if revision not in ("head", "base", *(script.revision for script in scripts.walk_revisions())):
        raise Problem("store.no_revision", revision=revision, known=_head(scripts))
    target = _head(scripts) if revision == "head" else revision
    older = [script.revision for script in scripts.walk_revisions("base", current or "base")]
    down = target == "base" or (target != current and target in older)
    (command.downgrade if down else command.upgrade)(_config(connection), revision)


def _ensure_current(connection: Connection) -> None:
    from alembic import command

    lock_for_migration(connection)
    if _is_newest(connection):  # another process was quicker
        return
    if _known(connection)[1] is not None or inspect(connection).get_table_names():
        raise Problem("store.older", command="edaran migrate")
    command.upgrade(_config(connection), "head")


def _scripts() -> ScriptDirectory:
    from alembic.script import ScriptDirectory

    return ScriptDirectory(str(SCRIPTS))


def _head(scripts: ScriptDirectory) -> str:
    head = scripts.get_current_head()
    assert head is not None
    return head


def _known(connection: Connection) -> tuple[ScriptDirectory, str | None]:
    """The scripts, and the database's version (None: never migrated), which must be one of theirs."""
    from alembic.runtime.migration import MigrationContext

    scripts = _scripts()
    current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and current not in {script.revision for script in scripts.walk_revisions()}:
        raise Problem("store.newer", version=current, known=_head(scripts))
    return scripts, current


def _config(connection: Connection) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
