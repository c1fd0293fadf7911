"""The staff in the ledger: what `bot.people.office.Staff` asks of it."""

from __future__ import annotations

from bot.storage.staff_reading import StaffReading
from bot.storage.staff_writing import StaffWriting, lock

__all__ = ["SqlStaff", "lock"]


class SqlStaff(StaffReading, StaffWriting):
    """`SqlStaff(engine, clock)`; `clock` gives seconds since 1970. Remembers nothing: every answer is that of
    the database."""
