"""The connection to the database, and the few things that its two engines spell differently."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    BigInteger,
    ColumnElement,
    Connection,
    Engine,
    Insert,
    Table,
    TableValuedAlias,
    Text,
    any_,
    bindparam,
    cast,
    column,
    create_engine,
    event,
    func,
    insert,
    literal_column,
    make_url,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection, ExceptionContext
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.problems import Problem

PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")
"""FULL: what was answered for must survive a power cut; with WAL that is one flush a commit."""

WAIT = 10.0
"""Seconds for which a transaction waits for another one's locks. What waits longer has gone wrong: a person
gets an apology, and nothing is half done."""

SESSION = "-c synchronous_commit=on -c timezone=UTC -c statement_timeout=60s"
"""Of a connection to PostgreSQL, whatever the server's own settings are."""

POOL: dict[str, Any] = {"pool_size": 10, "max_overflow": 10, "pool_timeout": 10, "pool_recycle": 1800}
"""Connections kept, and added in a burst; seconds to wait for one; seconds after which one is made anew."""

CONNECT_SECONDS = 10

DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+psycopg"}

TELLTALES = ("sqlalchemy.engine.Engine", "aiosqlite")
"""Loggers whose debug lines hold the rows and values themselves: these lines are never written, whatever the
level that somebody sets while looking for a fault."""

WRITES, LOOKS = "edaran_writes", "edaran_looks"
MIGRATION_LOCK = 0x65646172616E
"""The number by which processes agree on PostgreSQL to migrate one after the other ("edaran")."""


class LedgerEngine(AsyncEngine):
    """An engine whose `begin` is for transactions that write, and `connect` for those that only read.

    SQLite has one writer at a time: a transaction that first reads and then writes is refused if somebody
    wrote in between, however long it would wait. So the one that will write says so at its start.
    """

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        async with self.connect() as connection:
            await connection.execution_options(**{WRITES: True})
            async with connection.begin():
                yield connection


def looking(engine: AsyncEngine) -> AsyncEngine:
    """The same database, for statements of which each may see what is newest: a transaction around one that
    only reads takes longer than the reading."""
    if engine.dialect.name == "postgresql":
        return engine.execution_options(isolation_level="AUTOCOMMIT")
    return engine.execution_options(**{LOOKS: True})


def open_engine(address: str | URL, wait: float = WAIT) -> LedgerEngine:
    """An engine for "sqlite:///path" or "postgresql://…". A SQLite file and its folder are created
    readable by their owner only. Raises `Problem` for an address that no driver here can open."""
    try:
        url = make_url(address)
        url = url.set(drivername=DRIVERS.get(url.drivername, url.drivername))
        made = _sqlite(url, wait) if url.get_backend_name() == "sqlite" else _postgresql(url, wait)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        # The address itself may hold a password: it is not repeated.
        raise Problem(
            "store.bad_address", setting="EDARAN_DATABASE__URL", kind=type(error).__name__
        ) from error
    except OSError as error:
        raise Problem("store.no_access", setting="EDARAN_DATABASE__URL", reason=error) from error
    event.listen(made.sync_engine, "handle_error", _hide_values)
    for name in TELLTALES:
        logging.getLogger(name).addFilter(_not_detailed)
    return LedgerEngine(made.sync_engine)


def _not_detailed(record: logging.LogRecord) -> bool:
    return record.levelno > logging.DEBUG


def _hide_values(context: ExceptionContext) -> None:
    """PostgreSQL quotes the row concerned in the second line of its message ("Key (number)=(…) already
    exists"): only the first stays, since messages end in logs."""
    for error in (context.original_exception, context.sqlalchemy_exception):
        if error is not None and error.args and isinstance(error.args[0], str):
            error.args = (error.args[0].partition("\nDETAIL")[0].partition("\nCONTEXT")[0], *error.args[1:])


def is_there(address: str) -> bool:
    """Whether opening it makes no new file. Of a server it is not asked."""
    url = make_url(address)
    return url.get_backend_name() != "sqlite" or not url.database or Path(url.database).exists()


def sqlite_file(engine: AsyncEngine) -> Path | None:
    """The file of the database; None: it is on a server, or in memory."""
    name = engine.url.database
    return Path(name) if engine.dialect.name == "sqlite" and name and name != ":memory:" else None


# --- PostgreSQL ------------------------------------------------------------------------------


def _postgresql(url: URL, wait: float) -> AsyncEngine:
    given = url.query.get("options", "")
    own = f"{SESSION} -c lock_timeout={int(wait * 1000)}ms"
    return create_async_engine(
        url.difference_update_query(["options"]),
        pool_pre_ping=True,
        hide_parameters=True,  # an exception's text must not hold what a person's row holds
        connect_args={
            "connect_timeout": CONNECT_SECONDS,
            "options": " ".join([own, *([given] if isinstance(given, str) else given)]).strip(),
        },
        **POOL,
    )


# --- SQLite ----------------------------------------------------------------------------------


def _sqlite(url: URL, wait: float) -> AsyncEngine:
    if url.database and url.database != ":memory:":
        _private_file(Path(url.database))
    # isolation_level None: Python's driver begins no transactions of its own, which would leave out reads
    # and changes of tables.
    engine = create_async_engine(
        url, hide_parameters=True, connect_args={"isolation_level": None, "timeout": wait}
    )
    event.listen(engine.sync_engine, "connect", _set_pragmas)
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


def open_twin(engine: AsyncEngine, wait: float = WAIT) -> Engine:
    """The same SQLite file for transactions that run as a whole in a thread."""
    url = engine.url.set(drivername="sqlite+pysqlite")
    arguments = {"isolation_level": None, "timeout": wait, "check_same_thread": False}
    twin = create_engine(url, hide_parameters=True, connect_args=arguments)
    event.listen(twin, "connect", _set_pragmas)
    event.listen(twin, "begin", _begin)
    event.listen(twin, "handle_error", _hide_values)
    return twin


def _private_file(path: Path) -> None:
    """SQLite gives its journal the rights of the main file, so the main file is made first."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def _set_pragmas(connection: DBAPIConnection, _: object) -> None:
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get(LOOKS):
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get(WRITES) else "BEGIN")


# --- what they spell differently -------------------------------------------------------------


def insert_or(
    engine: AsyncEngine, table: Table, *, replace: tuple[str, ...] = (), add: tuple[str, ...] = ()
) -> Insert:
    """An insert that, where the key exists, replaces the columns in `replace` and adds to those in `add`, or
    does nothing if none is named."""
    keys = list(table.primary_key.columns)
    # Both dialects spell it alike, but share no class that says so.
    dialect: Any = postgresql if engine.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table)
    new = {name: statement.excluded[name] for name in replace}
    new |= {name: table.c[name] + statement.excluded[name] for name in add}
    done: Insert = (
        statement.on_conflict_do_update(index_elements=keys, set_=new)
        if new
        else statement.on_conflict_do_nothing(index_elements=keys)
    )
    return done


async def add_rows(
    connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]], *, add: tuple[str, ...] = ()
) -> None:
    """Inserts rows that all name the same columns. `add`: columns that are added to where the key exists.
    Raises ValueError if the rows name different columns."""
    if not rows:
        return
    names = _names(rows)
    statement = insert_or(connection.engine, table, add=add) if add else insert(table)
    if connection.dialect.name != "postgresql":
        await connection.execute(statement, rows)
        return
    given = _as_table(table, rows)
    await connection.execute(statement.from_select(names, select(*given.c)))


async def set_rows(connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Sets in each row that has these keys what else is named; all name the same columns. Raises ValueError
    if they do not, or if a key is missing, or there is nothing else."""
    if not rows:
        return
    keys = [column.name for column in table.primary_key]
    names = [name for name in _names(rows) if name not in keys]
    if not names or len(names) + len(keys) != len(rows[0]):
        raise ValueError(f"rows of {table.name} need their keys and something to set: {sorted(rows[0])}")
    if connection.dialect.name != "postgresql":
        which = [table.c[name] == bindparam(f"key_{name}") for name in keys]
        statement = update(table).where(*which).values({name: bindparam(name) for name in names})
        renamed = [{f"key_{n}" if n in keys else n: value for n, value in row.items()} for row in rows]
        await connection.execute(statement, renamed)
        return
    given = _as_table(table, rows)
    which = [table.c[name] == given.c[name] for name in keys]
    await connection.execute(update(table).where(*which).values({name: given.c[name] for name in names}))


def _names(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The columns that all of them name."""
    names = rows[0].keys()
    other = next((row for row in rows if row.keys() != names), None)
    if other is not None:
        raise ValueError(f"rows name different columns: {sorted(names ^ other.keys())}")
    return list(names)


def _as_table(table: Table, rows: Sequence[Mapping[str, Any]]) -> TableValuedAlias:
    """The rows as one value, in their order: to be told of each by a statement of its own costs PostgreSQL,
    and the driver, more than to keep it."""
    given = bindparam("rows", json.dumps(rows, default=_spelled), Text())
    columns = (column(name, table.c[name].type) for name in rows[0])
    return (
        func.json_to_recordset(cast(given, postgresql.JSON()))
        .table_valued(*columns)
        .render_derived(with_types=True)
    )


def _spelled(value: object) -> str:
    """What JSON has no way of its own for, as PostgreSQL reads it."""
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"not for a row of many: {type(value).__name__}")


def among(
    connection: AsyncConnection, of: ColumnElement[int], values: Collection[int]
) -> ColumnElement[bool]:
    """One of many. PostgreSQL and its driver take an array in a third of the time of as many parameters."""
    if connection.dialect.name != "postgresql":
        return of.in_(values)
    return of == any_(bindparam(None, list(values), postgresql.ARRAY(BigInteger())))


def lock_for_migration(connection: Connection) -> None:
    """Waits until no other process migrates this database; for the rest of the transaction. SQLite needs
    nothing: a transaction that writes is alone."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL lock_timeout = 0"))
        connection.execute(text("SET LOCAL statement_timeout = 0"))  # a big table takes its time
        connection.execute(select(func.pg_advisory_xact_lock(MIGRATION_LOCK)))


async def lock_tables(connection: AsyncConnection, tables: Sequence[Table]) -> None:
    """Nobody else writes to these tables until the transaction ends; everybody can read them."""
    if connection.dialect.name == "postgresql":
        names = ", ".join(connection.dialect.identifier_preparer.format_table(table) for table in tables)
        await connection.execute(text("SET LOCAL statement_timeout = 0"))
        await connection.execute(text(f"LOCK TABLE {names} IN SHARE ROW EXCLUSIVE MODE"))


async def one_snapshot(connection: AsyncConnection) -> None:
    """All that this connection reads until it is closed is the state of one moment. Call it first."""
    if connection.dialect.name == "postgresql":
        await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        await connection.execute(text("SET LOCAL statement_timeout = 0"))


async def count_on(connection: AsyncConnection, table: Table) -> None:
    """After rows were inserted with their ids: the next id is a new one. SQLite sees to it by itself."""
    key = table.autoincrement_column
    if key is None or connection.dialect.name != "postgresql":
        return
    sequence = func.pg_get_serial_sequence(table.name, key.name)
    if (await connection.execute(select(sequence))).scalar_one() is None:
        return
    newest = select(func.max(key)).scalar_subquery()
    start = func.coalesce(newest, literal_column("1"))
    await connection.execute(select(func.setval(sequence, start, newest.is_not(None))))
