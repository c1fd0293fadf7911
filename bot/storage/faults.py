"""Errors of the database as Problems that may pass; mistakes of this program stay what they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from bot.storage.trouble import problem_of


@contextmanager
def spoken() -> Iterator[None]:
    """What a worker may try again leaves as a `Problem`. A statement that is wrong is not tried again."""
    try:
        yield
    except ProgrammingError:
        raise
    except (DBAPIError, PoolTimeoutError) as error:
        raise problem_of(error) from error
