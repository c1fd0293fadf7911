"""The connection to the database."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Insert, Table, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot.problems import Problem

PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000")
"""FULL: what was answered for must survive a power cut; with WAL that is one flush a commit."""


def open_engine(address: str) -> AsyncEngine:
    """An engine for "sqlite:///path" or "postgresql://…". A SQLite file and its folder are created
    readable by their owner only. Raises `Problem` for an address that no driver here can open."""
    try:
        url = _with_driver(make_url(address))
        if url.get_backend_name() == "sqlite":
            return _sqlite(url)
        return create_async_engine(url, pool_pre_ping=True)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        # The address itself may hold a password: it is not repeated.
        raise Problem(
            "store.bad_address", setting="EDARAN_DATABASE__URL", kind=type(error).__name__
        ) from error
    except OSError as error:
        raise Problem("store.no_access", setting="EDARAN_DATABASE__URL", reason=error.strerror) from error


def _with_driver(url: URL) -> URL:
    return url.set(drivername="sqlite+aiosqlite") if url.drivername == "sqlite" else url


def _sqlite(url: URL) -> AsyncEngine:
    if url.database and url.database != ":memory:":
        _private_file(Path(url.database))
    engine = create_async_engine(url)
    event.listen(engine.sync_engine, "connect", _set_pragmas)
    return engine


def _private_file(path: Path) -> None:
    """SQLite gives its journal the rights of the main file, so the main file is made first."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def _set_pragmas(connection: DBAPIConnection, _: object) -> None:
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def insert_or(engine: AsyncEngine, table: Table, *, replace: tuple[str, ...] = ()) -> Insert:
    """An insert that, where the key exists, replaces the columns named, or does nothing if none is."""
    keys = list(table.primary_key.columns)
    # Both dialects spell it alike, but share no class that says so.
    dialect: Any = postgresql if engine.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table)
    new = {name: statement.excluded[name] for name in replace}
    done: Insert = (
        statement.on_conflict_do_update(index_elements=keys, set_=new)
        if new
        else statement.on_conflict_do_nothing(index_elements=keys)
    )
    return done
