"""Links between accounts and people, and one-time codes, in the ledger.

Transactions lock in one order, so that none waits for another in a circle: the sender's tries, the person,
her codes, her accounts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.people.codes import Life, Tries
from bot.people.identity import Account, Holder, Linking, NewCode, Result
from bot.storage.access import note
from bot.storage.changes import staff_changed
from bot.storage.engine import insert_or
from bot.storage.gathering import Gathering
from bot.storage.tables import code_tries, codes, identities, people, roster_imports

AT_ONCE = 500
"""People named in one statement: databases limit its length."""

HOLDER = (people.c.id, people.c.regency, people.c.left_on)


class SqlIdentities:
    """Keeps `bot.people.identity.Identities`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._holders = Gathering(self._read_holders)

    async def holder(self, account: Account) -> Holder | None:
        return await self._holders.get(account)

    async def _read_holders(self, asked: Sequence[Account]) -> Mapping[Account, Holder]:
        found: dict[Account, Holder] = {}
        linked = select(*HOLDER, identities.c.external_id).join(
            identities, identities.c.person_id == people.c.id
        )
        async with self._engine.connect() as connection:
            for channel in {account.channel for account in asked}:
                those = [account.external_id for account in asked if account.channel == channel]
                mine = (identities.c.channel == channel, identities.c.external_id.in_(those))
                for row in await connection.execute(linked.where(*mine)):
                    found[Account(channel, row.external_id)] = _holder(row)
        return found

    async def accounts(self, person: int) -> Sequence[Account]:
        async with self._engine.connect() as connection:
            return await _accounts(connection, person)

    async def with_phone(self, phone: str) -> Sequence[Holder]:
        query = select(*HOLDER).where(people.c.phone == phone).order_by(people.c.id)
        async with self._engine.connect() as connection:
            return [_holder(row) for row in await connection.execute(query)]

    async def data_as_of(self, holder: Holder) -> int | None:
        imported = select(func.max(roster_imports.c.at)).where(roster_imports.c.regency == holder.regency)
        own = select(people.c.updated_at).where(people.c.id == holder.person)
        async with self._engine.connect() as connection:
            moment = (await connection.execute(imported)).scalar_one()
            return moment or (await connection.execute(own)).scalar_one_or_none()

    async def linked(self, among: Sequence[int]) -> frozenset[int]:
        """Those of the people who have an account on some channel."""
        found: set[int] = set()
        async with self._engine.connect() as connection:
            for some in _chunks(among):
                query = select(identities.c.person_id).where(identities.c.person_id.in_(some))
                found.update((await connection.execute(query)).scalars())
        return frozenset(found)

    # --- linking ---

    async def link(self, account: Account, person: int, at: int) -> bool:
        try:
            async with self._engine.begin() as connection:
                holder = await _locked(connection, people.c.id == person)
                if holder is None or await _account_on(connection, person, account.channel) is not None:
                    return False
                await _join(connection, account, holder, at, "contact")
        except IntegrityError:  # somebody was quicker
            return False
        return True

    async def redeem(
        self, account: Account, digest: str, at: int, serves: Callable[[Holder], bool]
    ) -> Linking:
        try:
            async with self._engine.begin() as connection:
                return await self._redeem(connection, account, digest, at, serves)
        except IntegrityError:  # the account became somebody's at the same moment
            return Linking(Result.ANOTHER)

    async def _redeem(
        self,
        connection: AsyncConnection,
        account: Account,
        digest: str,
        at: int,
        serves: Callable[[Holder], bool],
    ) -> Linking:
        if not await _try(connection, account, at):
            return Linking(Result.WAIT)
        bearer = await _locked(connection, people.c.id == _person_of(digest))
        current = await _holder_of(connection, account)
        if bearer is not None and current is not None and current.person == bearer.person:
            return Linking(Result.ALREADY)
        if bearer is None or not serves(bearer) or not await _is_live(connection, digest, at):
            await note(connection, at, account.actor, "identity.code_refused")
            return Linking(Result.WRONG)
        if current is not None:
            return Linking(Result.ANOTHER)
        return await self._use(connection, account, bearer, digest, at)

    async def _use(
        self, connection: AsyncConnection, account: Account, bearer: Holder, digest: str, at: int
    ) -> Linking:
        await connection.execute(update(codes).where(codes.c.digest == digest).values(used_at=at))
        old = await _account_on(connection, bearer.person, account.channel)
        if old is not None:
            await _part(connection, old, bearer, at, account.actor)
        await connection.execute(delete(code_tries).where(*_key(code_tries, account)))
        await _join(connection, account, bearer, at, "code")
        return Linking(Result.LINKED, old)

    async def unlink(self, person: int, actor: str, at: int, channel: str | None = None) -> Sequence[Account]:
        async with self._engine.begin() as connection:
            holder = await _locked(connection, people.c.id == person)
            if holder is None:
                return []
            await _revoke(connection, [holder], actor, at)
            accounts = await _accounts(connection, person)
            gone = [account for account in accounts if channel in (None, account.channel)]
            for account in gone:
                await _part(connection, account, holder, at, actor)
            return gone

    # --- codes ---

    async def issue(self, new: Sequence[NewCode], actor: str, at: int) -> None:
        if not new:
            return
        async with self._engine.begin() as connection:
            await _revoke(connection, [code.holder for code in new], actor, at)
            rows = [
                {"person_id": code.holder.person, "digest": code.digest, "expires_at": code.expires_at}
                for code in new
            ]
            shared = {"issued_by": actor, "issued_at": at}
            await connection.execute(insert(codes), [row | shared for row in rows])
            for code in new:
                await _note(connection, at, actor, "identity.code_issued", code.holder)

    async def revoke(self, people: Sequence[Holder], actor: str, at: int) -> int:
        async with self._engine.begin() as connection:
            return await _revoke(connection, people, actor, at)


# --- parts of a transaction ------------------------------------------------------------------


async def _try(connection: AsyncConnection, account: Account, at: int) -> bool:
    """Counts the try beforehand: one that succeeds forgets the count. False: the sender has to wait."""
    key = {"channel": account.channel, "external_id": account.external_id}
    await connection.execute(insert_or(connection.engine, code_tries), {**key, "failures": 0, "last_at": at})
    mine = _key(code_tries, account)
    query = select(code_tries.c.failures, code_tries.c.last_at).where(*mine).with_for_update()
    row = (await connection.execute(query)).one()
    tries = Tries(row.failures, row.last_at)
    if tries.waits(at):
        return False
    after = tries.failed(at)
    values = {"failures": after.failures, "last_at": after.last_at}
    await connection.execute(update(code_tries).where(*mine).values(values))
    return True


async def _is_live(connection: AsyncConnection, digest: str, at: int) -> bool:
    query = select(codes.c.expires_at, codes.c.used_at, codes.c.revoked_at).where(codes.c.digest == digest)
    return Life(*(await connection.execute(query.with_for_update())).one()).live(at)


async def _join(connection: AsyncConnection, account: Account, holder: Holder, at: int, how: str) -> None:
    """From now on the account is hers. Codes of hers that still lie about open nothing any more."""
    actor = f"person:{holder.person}"
    await _revoke(connection, [holder], actor, at)
    values = {"channel": account.channel, "external_id": account.external_id, "person_id": holder.person}
    await connection.execute(insert(identities), {**values, "linked_at": at, "how": how})
    await _note(connection, at, actor, "identity.linked", holder)
    await staff_changed(connection)


async def _part(connection: AsyncConnection, account: Account, holder: Holder, at: int, actor: str) -> None:
    await connection.execute(delete(identities).where(*_key(identities, account)))
    await _note(connection, at, actor, "identity.unlinked", holder)
    await staff_changed(connection)


async def _revoke(connection: AsyncConnection, holders: Sequence[Holder], actor: str, at: int) -> int:
    by_person = {holder.person: holder for holder in holders}
    revoked = 0
    for some in _chunks(list(by_person)):
        live = (
            codes.c.person_id.in_(some)
            & codes.c.used_at.is_(None)
            & codes.c.revoked_at.is_(None)
            & (codes.c.expires_at > at)
        )
        found = (await connection.execute(select(codes.c.id, codes.c.person_id).where(live))).all()
        for row in found:
            changed = update(codes).where(codes.c.id == row.id, codes.c.used_at.is_(None))
            await connection.execute(changed.values(revoked_at=at))
            await _note(connection, at, actor, "identity.code_revoked", by_person[row.person_id])
        revoked += len(found)
    return revoked


async def _note(connection: AsyncConnection, at: int, actor: str, action: str, holder: Holder) -> None:
    await note(connection, at, actor, action, regency=holder.regency, person=holder.person)


# --- reading ---------------------------------------------------------------------------------


async def _locked(connection: AsyncConnection, which: ColumnElement[bool]) -> Holder | None:
    """The person, whose accounts and codes nobody else changes until the transaction ends."""
    row = (await connection.execute(select(*HOLDER).where(which).with_for_update())).one_or_none()
    return _holder(row) if row else None


def _person_of(digest: str) -> Any:
    return select(codes.c.person_id).where(codes.c.digest == digest).scalar_subquery()


async def _holder_of(connection: AsyncConnection, account: Account) -> Holder | None:
    linked = select(*HOLDER).join(identities, identities.c.person_id == people.c.id)
    row = (await connection.execute(linked.where(*_key(identities, account)))).one_or_none()
    return _holder(row) if row else None


async def _accounts(connection: AsyncConnection, person: int) -> list[Account]:
    columns = select(identities.c.channel, identities.c.external_id).order_by(identities.c.channel)
    rows = await connection.execute(columns.where(identities.c.person_id == person))
    return [Account(row.channel, row.external_id) for row in rows]


async def _account_on(connection: AsyncConnection, person: int, channel: str) -> Account | None:
    return next((a for a in await _accounts(connection, person) if a.channel == channel), None)


def _key(table: Any, account: Account) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return table.c.channel == account.channel, table.c.external_id == account.external_id


def _holder(row: Any) -> Holder:
    return Holder(row.id, row.regency, row.left_on)


def _chunks(several: Sequence[int]) -> Iterator[Sequence[int]]:
    return (several[at : at + AT_ONCE] for at in range(0, len(several), AT_ONCE))
