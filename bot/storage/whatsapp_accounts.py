"""Who is who on WhatsApp: an account stays one, whichever of its two names a message gives.

WhatsApp names people by a business-scoped user id, by a telephone number, or by both; the number can be
absent, can be changed, and can be given to somebody else. The user id decides where there is one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, bindparam, insert, select, update

from bot.storage.quick import Quick
from bot.storage.tables import whatsapp_accounts as table

K = TypeVar("K")
V = TypeVar("V")

Names = tuple[str | None, str | None]
"""(user id, telephone number as WhatsApp writes it: digits)."""

CACHED = 50_000
"""Accounts kept in memory, about 15 MiB."""

WRITE_EVERY = 600
"""Seconds: a moment is written anew only if it moved by as much. A window that closes is taken for closed
this much early, which costs a template; never late."""


@dataclass(slots=True)
class Seen:
    """Somebody wrote under these names. What follows is found out: who it is, and all her names."""

    names: Names
    at: int
    external_id: str = ""
    known_by: Names = (None, None)


class SqlWhatsappAccounts:
    """Keeps `bot.channels.whatsapp_ports.Accounts`. `put`: has a sighting settled, with others that came at
    the same time, and returns when that is durable."""

    def __init__(self, quick: Quick, put: Callable[[Seen], Awaitable[None]], cached: int = CACHED) -> None:
        self._quick = quick
        self._put = put
        self._most = cached
        self._ids: dict[Names, str] = {}
        self._settled: Sequence[Seen] = ()
        self._unsure = False
        self._heard: dict[str, int] = {}
        self._names: dict[str, Names] = {}

    async def of(self, user_id: str | None, number: str | None, at: int) -> str:
        """The external id of whoever wrote under these names, at least one of which is given, at the moment
        `at` (seconds since 1970)."""
        names = (user_id, number)
        known = self._ids.get(names)
        if known is not None and at < self._heard.get(known, 0) + WRITE_EVERY:
            return known
        seen = Seen(names, at)
        await self._put(seen)
        return seen.external_id

    async def address(self, external_id: str) -> Names:
        """Under which names she can be written to; (None, None): she is not known."""
        if (names := self._names.get(external_id)) is not None:
            return names
        row = await self._row(table.c.external_id == external_id)
        return (row.user_id, row.number) if row else (None, None)

    async def heard_at(self, external_id: str) -> int | None:
        """When she wrote last, to `WRITE_EVERY` seconds; never later than she did. None: never."""
        if (heard := self._heard.get(external_id)) is not None:
            return heard
        row = await self._row(table.c.external_id == external_id)
        return row.heard_at if row else None

    async def renamed(self, old: Names, new: Names) -> None:
        """WhatsApp says that an account has other names now; what it does not name stays as it was."""

        def rename(connection: Connection) -> None:
            row = _find(connection, old)
            if row is not None:
                _name(connection, row, new)

        await self._quick.write(rename)
        self._forget_names()

    # --- inside ---

    def settle(self, connection: Connection, several: Sequence[Seen]) -> None:
        """Several at once, because in the morning everybody writes for the first time: what is plain in
        three statements, what is not (a name is new, or somebody else's) one by one."""
        rows = _rows(connection, several)
        by_id = {row.user_id: row for row in rows if row.user_id}
        by_number = {row.number: row for row in rows if row.number}
        ids, new, known = {row.external_id for row in rows}, dict[str, Seen](), dict[str, int]()
        odd: list[Seen] = []
        for seen in several:
            row = by_id.get(seen.names[0]) or by_number.get(seen.names[1])
            wanted = seen.names[0] or seen.names[1] or ""
            same = row is not None and all(
                n in (None, of) for n, of in zip(seen.names, row[1:3], strict=True)
            )
            if row is not None and same:
                seen.external_id = row.external_id
                known[row.external_id] = max(seen.at, row.heard_at, known.get(row.external_id, 0))
                seen.known_by, seen.at = (row.user_id, row.number), known[row.external_id]
            elif row is None and wanted not in ids and wanted not in new and not _named(new, seen.names):
                seen.external_id, new[wanted] = wanted, seen
                seen.known_by = seen.names
            else:
                odd.append(seen)
        _write(connection, new, known)
        for seen in odd:
            seen.external_id = self._settle(connection, seen.names, seen.at)
        self._settled, self._unsure = several, bool(odd)

    def remember(self) -> None:
        """What was settled last is durable now. Where a name changed hands nothing is remembered: it could
        have been settled before that. Not called in a thread, as `settle` may be."""
        if self._unsure:
            self._forget_names()
        else:
            for seen in self._settled:
                _put(self._ids, seen.names, seen.external_id, self._most)
                _put(self._names, seen.external_id, seen.known_by, self._most)
        for seen in self._settled:
            heard = max(seen.at, self._heard.get(seen.external_id, 0))
            _put(self._heard, seen.external_id, heard, self._most)

    def _settle(self, connection: Connection, names: Names, at: int) -> str:
        """One that is not plain."""
        user_id, number = names
        row = _find(connection, names)
        if row is None:
            external_id = _free_id(connection, user_id or number or "")
            _take_names(connection, names, external_id)
            values = {"external_id": external_id, "user_id": user_id, "number": number, "heard_at": at}
            connection.execute(insert(table), values)
        else:
            external_id, at = row.external_id, max(at, row.heard_at)
            _name(connection, row, names)
            mine = table.c.external_id == external_id
            connection.execute(update(table).where(mine).values(heard_at=at))
        return external_id

    def _forget_names(self) -> None:
        self._ids.clear()
        self._names.clear()

    async def _row(self, where: ColumnElement[bool]) -> Any:
        return await self._quick.read(lambda c: c.execute(select(table).where(where)).one_or_none())


def _rows(connection: Connection, several: Sequence[Seen]) -> Sequence[Any]:
    """The accounts that have one of the names, by whatever name. Its id may be a name that it has lost."""
    ids = [seen.names[0] for seen in several if seen.names[0]]
    numbers = [seen.names[1] for seen in several if seen.names[1]]
    ours = table.c.user_id.in_(ids) | table.c.number.in_(numbers) | table.c.external_id.in_(ids + numbers)
    columns = (table.c.external_id, table.c.user_id, table.c.number, table.c.heard_at)
    return (connection.execute(select(*columns).where(ours))).all()


def _named(new: Mapping[str, Seen], names: Names) -> bool:
    """Whether somebody who is about to be added has one of these names."""
    return any(name is not None and name in seen.names for seen in new.values() for name in names)


def _write(connection: Connection, new: Mapping[str, Seen], known: Mapping[str, int]) -> None:
    if new:
        rows = [
            {"external_id": key, "user_id": seen.names[0], "number": seen.names[1], "heard_at": seen.at}
            for key, seen in new.items()
        ]
        connection.execute(insert(table), rows)
    if known:
        moved = update(table).where(table.c.external_id == bindparam("key")).values(heard_at=bindparam("at"))
        connection.execute(moved, [{"key": key, "at": at} for key, at in known.items()])


def _put(cache: dict[K, V], key: K, value: V, most: int) -> None:
    """The newest at the end; the oldest gives way."""
    cache.pop(key, None)
    while len(cache) >= most:
        del cache[next(iter(cache))]
    cache[key] = value


def _name(connection: Connection, row: Any, names: Names) -> None:
    """Gives an account the names that are said now."""
    now = (names[0] or row.user_id, names[1] or row.number)
    _take_names(connection, now, row.external_id)
    changed = update(table).where(table.c.external_id == row.external_id)
    connection.execute(changed.values(user_id=now[0], number=now[1]))


def _find(connection: Connection, names: Names) -> Any:
    """The account of the user id; without one, that of the number, if the number is not known to have
    changed hands."""
    user_id, number = names
    if user_id is not None:
        row = (connection.execute(select(table).where(table.c.user_id == user_id))).one_or_none()
        if row is not None:
            return row
    if number is None:
        return None
    row = (connection.execute(select(table).where(table.c.number == number))).one_or_none()
    given_on = row is not None and user_id is not None and row.user_id not in (None, user_id)
    return None if given_on else row


def _take_names(connection: Connection, names: Names, keeper: str) -> None:
    """Nobody else has these names any more."""
    for column, name in zip((table.c.user_id, table.c.number), names, strict=True):
        others = (column == name) & (table.c.external_id != keeper)
        if name is not None:
            connection.execute(update(table).where(others).values({column: None}))


def _free_id(connection: Connection, wanted: str) -> str:
    """The wanted id; with a number behind it if it is that of an account whose name was taken over."""
    taken = select(table.c.external_id).where(table.c.external_id.startswith(wanted, autoescape=True))
    used = set((connection.execute(taken)).scalars())
    several = (f"{wanted}-{number}" for number in range(2, len(used) + 3))
    return next(one for one in (wanted, *several) if one not in used)
