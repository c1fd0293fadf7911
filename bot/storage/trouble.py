"""What went wrong in the database, said so that an operator can repair it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from bot.problems import Problem

SETTING = "EDARAN_DATABASE__URL"

LOCKED = {5, 6, "55P03", "57014", "40P01", "40001"}
"""SQLite's BUSY and LOCKED; PostgreSQL's lock_not_available, query_canceled (its time was up), deadlock and
serialization failure."""

FULL = {13, "53100", "53200", "54000"}
"""SQLite's FULL; PostgreSQL's disk_full, out_of_memory and program_limit_exceeded."""

READ_ONLY = {8, "25006"}
BROKEN = {10, 11, 26, "XX001", "XX002", "58030"}
"""SQLite's IOERR, CORRUPT and NOTADB; PostgreSQL's data_corrupted, index_corrupted and io_error."""


def problem_of(error: SQLAlchemyError) -> Problem:
    """One line for what failed. Holds nothing of the rows concerned, which a server's message can quote."""
    cause = error.orig if isinstance(error, DBAPIError) else None
    code = _code(cause)
    for codes, key in (
        (LOCKED, "store.locked"),
        (FULL, "store.full"),
        (READ_ONLY, "store.read_only"),
        (BROKEN, "store.broken"),
    ):
        if code in codes:
            return Problem(key, setting=SETTING)
    if isinstance(error, PoolTimeoutError):
        return Problem("store.locked", setting=SETTING)
    if isinstance(error, IntegrityError) or (cause is not None and not _about_connection(cause, code)):
        return Problem("store.failed", kind=type(cause).__name__, code=code or "?")
    return Problem("store.no_access", setting=SETTING, reason=str(cause or type(error).__name__))


@contextmanager
def plainly() -> Iterator[None]:
    """Errors of the database inside leave as a `Problem`. What the transaction did is undone by then."""
    try:
        yield
    except SQLAlchemyError as error:
        raise problem_of(error) from error


def _code(cause: BaseException | None) -> int | str | None:
    """SQLite's primary result code, or PostgreSQL's SQLSTATE; None: neither."""
    while cause is not None:
        number = getattr(cause, "sqlite_errorcode", None)
        if isinstance(number, int):
            return number & 0xFF
        state = getattr(cause, "sqlstate", None)
        if isinstance(state, str):
            return state
        cause = cause.__cause__
    return None


def _about_connection(cause: BaseException, code: int | str | None) -> bool:
    """Whether it failed before any statement, so that the message is about addresses and rights only."""
    if isinstance(code, str):
        return code[:2] in ("08", "28", "3D", "53", "57")
    return code == 14 or (code is None and "Operational" in type(cause).__name__)  # 14: SQLite's CANTOPEN
