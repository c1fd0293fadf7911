"""Everything about a person: gathered, erased, made anonymous."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, delete, func, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.people.privacy import Erasure, Kept, erasure, person_of
from bot.storage import evidence, proxies
from bot.storage.access import note
from bot.storage.campaign_tables import (
    acknowledgments,
    campaigns,
    circular_versions,
    deliveries,
    escalations,
    proxy_requests,
    reminders,
    tasks,
)
from bot.storage.changes import staff_changed
from bot.storage.tables import (
    absences,
    access_log,
    assignments,
    code_tries,
    codes,
    identities,
    people,
    placements,
    profiles,
    units,
    unreachable,
    whatsapp_accounts,
)

Rows = Sequence[dict[str, Any]]

ANONYMOUS = "anonymous-"
"""How the number of an entry begins that has no name any more; the ledger's id follows, to keep it unique."""

DEEPEST = 50
"""Steps from a unit to its regency."""


class SqlPersonalData:
    """Keeps `bot.people.privacy.PersonalData`. `clock` gives seconds since 1970."""

    def __init__(self, engine: AsyncEngine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    async def find(self, reference: str) -> int | None:
        """The id of "regency/number", or of an id of the ledger. None: there is nobody."""
        regency, slash, number = reference.partition("/")
        where: ColumnElement[bool]
        if slash:
            where = (people.c.regency == regency) & (people.c.number == number)
        elif reference.isdecimal() and len(reference) < 18:  # what has 18 digits is a NIP without its regency
            where = people.c.id == int(reference)
        else:
            return None
        async with self._engine.connect() as connection:
            return (await connection.execute(select(people.c.id).where(where))).scalar_one_or_none()

    async def about(self, person: int, by: str, action: str) -> Kept | None:
        async with self._engine.begin() as connection:
            kept = await _gather(connection, person)
            if kept is not None:
                regency = kept.person["regency"]
                await note(connection, int(self._clock()), by, action, regency=regency, person=person)
        return kept

    async def about_account(self, channel: str, external_id: str) -> Kept | None:
        account = {"channel": channel, "external_id": external_id}
        link = select(identities.c.person_id).where(_key_in(identities, [account]))
        async with self._engine.begin() as connection:
            person = (await connection.execute(link)).scalar_one_or_none()
            kept = await _gather(connection, person) if person is not None else None
            if kept is None:
                guest = replace(Kept(), **await _of_accounts(connection, [account], None))
                anything = guest.profiles or guest.tries or guest.unreachable or guest.actions
                return guest if anything else None
            at, regency = int(self._clock()), kept.person["regency"]
            await note(connection, at, f"person:{person}", "export_person", regency=regency, person=person)
        return kept

    async def erase(self, person: int, by: str, today: date, kept_days: int) -> Erasure | None:
        async with self._engine.begin() as connection:
            found = await _rows(connection, select(people).where(people.c.id == person))
            if not found:
                return None
            done = erasure(found[0]["left_on"], today, kept_days)
            await erase_from(connection, [person], anonymous=done.anonymous)
            at, regency = int(self._clock()), found[0]["regency"]
            await note(connection, at, by, "erase_person", regency=regency, person=person)
            await staff_changed(connection)
        return done


# --- gathering -------------------------------------------------------------------------------


async def _gather(connection: AsyncConnection, person: int) -> Kept | None:
    async def of(table: Any, order: str) -> Rows:
        query = select(table).where(table.c.person_id == person).order_by(table.c[order])
        return await _rows(connection, query)

    found = await _rows(connection, select(people).where(people.c.id == person))
    if not found:
        return None
    placed, roles = await of(placements, "since"), await of(assignments, "since")
    given, looks = await of(codes, "issued_at"), await of(access_log, "at")
    above = await _lineages(connection, {row["unit_id"] for row in placed})
    shown = select(access_log).where(_lists(found[0]["regency"], above)).order_by(access_log.c.at)
    lists = await _rows(connection, shown)
    accounts = await of(identities, "linked_at")
    sent = await _of_campaigns(connection, person)
    actors = [row["actor"] for row in (*looks, *lists)] + [row["granted_by"] for row in roles]
    actors += [row[by] or "" for row in sent["proxies"] for by in ("requested_by", "decided_by")]
    actors += [row["closed_by"] or "" for row in sent["tasks"]]
    actors += [f"person:{row['told_id']}" for row in sent["escalations"]]
    kept = Kept(
        **sent,
        person=found[0],
        placements=placed,
        absences=await of(absences, "since"),
        roles=roles,
        identities=accounts,
        codes=given,
        looks=looks,
        lists=lists,
        units=await _units(connection, {row["unit_id"] for row in (*placed, *roles, *lists)}),
        names=await _names(connection, actors + [row["issued_by"] for row in given]),
    )
    return replace(kept, **await _of_accounts(connection, accounts, person))


async def _of_campaigns(connection: AsyncConnection, person: int) -> dict[str, Any]:
    """The circulars that were sent to her, and what became of them."""
    named = func.coalesce(circular_versions.c.number, circular_versions.c.subject).label("circular")

    async def of(table: Table, order: str) -> Rows:
        of_campaign = campaigns.c.id == table.c.campaign_id
        version = circular_versions.c.id == campaigns.c.version_id
        both = table.join(campaigns, of_campaign).join(circular_versions, version)
        query = select(table, named).select_from(both).where(table.c.person_id == person)
        return await _rows(connection, query.order_by(table.c[order]))

    return {
        "deliveries": await of(deliveries, "campaign_id"),
        "acknowledgments": await of(acknowledgments, "at"),
        "proxies": await of(proxy_requests, "requested_at"),
        "tasks": await of(tasks, "at"),
        "reminders": await of(reminders, "at"),
        "escalations": await of(escalations, "at"),
    }


async def _of_accounts(connection: AsyncConnection, accounts: Rows, person: int | None) -> dict[str, Any]:
    """What is kept under accounts: profiles, wrong codes, chats that cannot be reached, what was done."""
    actors = [_actor(row) for row in accounts] + ([f"person:{person}"] if person is not None else [])
    chats = tuple_(unreachable.c.channel, unreachable.c.chat_id)
    return {
        "profiles": await _rows(connection, select(profiles).where(_key_in(profiles, accounts))),
        "tries": await _rows(connection, select(code_tries).where(_key_in(code_tries, accounts))),
        "unreachable": await _rows(connection, select(unreachable).where(chats.in_(_keys(accounts)))),
        "whatsapp": await _rows(
            connection,
            select(whatsapp_accounts).where(whatsapp_accounts.c.external_id.in_(_numbers(accounts))),
        ),
        "actions": await _rows(
            connection, select(access_log).where(access_log.c.actor.in_(actors)).order_by(access_log.c.at)
        ),
    }


def _actor(account: dict[str, Any]) -> str:
    """As `bot.people.identity.Account.actor`."""
    return f"account:{account['channel']}:{account['external_id']}"


def _lists(regency: str, above: set[int]) -> ColumnElement[bool]:
    """Lists of her units, of those above, and of the whole regency."""
    whole = and_(access_log.c.unit_id.is_(None), access_log.c.regency == regency)
    return and_(
        access_log.c.person_id.is_(None),
        access_log.c["count"].is_not(None),
        or_(access_log.c.unit_id.in_(above), whole),
    )


async def _lineages(connection: AsyncConnection, start: set[int]) -> set[int]:
    """The units and all above them."""
    known, step = set[int](), start
    for _ in range(DEEPEST):
        step = step - known
        if not step:
            break
        known |= step
        parents = select(units.c.parent_id).where(units.c.id.in_(step), units.c.parent_id.is_not(None))
        step = set((await connection.execute(parents)).scalars())
    return known


async def _units(connection: AsyncConnection, wanted: set[int | None]) -> dict[int, str]:
    rows = await _rows(connection, select(units.c.id, units.c.name).where(units.c.id.in_(wanted - {None})))
    return {row["id"]: row["name"] for row in rows}


async def _names(connection: AsyncConnection, actors: Iterable[str]) -> dict[int, str]:
    wanted = {identity for actor in actors if (identity := person_of(actor)) is not None}
    rows = await _rows(connection, select(people.c.id, people.c.name).where(people.c.id.in_(wanted)))
    return {row["id"]: row["name"] for row in rows}


async def _rows(connection: AsyncConnection, query: Select[Any]) -> Rows:
    return [dict(row) for row in (await connection.execute(query)).mappings()]


def _numbers(accounts: Rows) -> list[str]:
    """The external ids of those on WhatsApp."""
    return [external_id for channel, external_id in _keys(accounts) if channel == "whatsapp"]


def _keys(accounts: Rows) -> list[tuple[str, str]]:
    return [(row["channel"], row["external_id"]) for row in accounts]


def _key_in(table: Any, accounts: Rows) -> ColumnElement[bool]:
    return tuple_(table.c.channel, table.c.external_id).in_(_keys(accounts))


# --- erasing ---------------------------------------------------------------------------------


async def erase_from(connection: AsyncConnection, persons: Sequence[int], *, anonymous: bool) -> None:
    """Profiles, accounts, codes and telephone numbers of these people go; with `anonymous`, all that tells
    who they were, in the evidence too. The entry itself stays: acknowledgments refer to its id."""
    accounts = await _rows(connection, select(identities).where(identities.c.person_id.in_(persons)))
    # First of all: whoever records what became of a message waits here, and then finds no account any more.
    theirs, key = deliveries.c.person_id.in_(persons), deliveries.primary_key.columns
    await connection.execute(select(*key).where(theirs).order_by(*key).with_for_update())  # as all others do
    await connection.execute(update(deliveries).where(theirs).values(external_id=None, message_id=None))
    # In the order in which other transactions lock: wrong tries, the person, her codes, her accounts.
    await connection.execute(delete(code_tries).where(_key_in(code_tries, accounts)))
    await connection.execute(update(people).where(people.c.id.in_(persons)).values(phone=None))
    for table in (codes, identities, *((absences,) if anonymous else ())):
        await connection.execute(delete(table).where(table.c.person_id.in_(persons)))
    await connection.execute(delete(profiles).where(_key_in(profiles, accounts)))
    chats = tuple_(unreachable.c.channel, unreachable.c.chat_id)  # a private chat has its account's id
    await connection.execute(delete(unreachable).where(chats.in_(_keys(accounts))))
    ours = whatsapp_accounts.c.external_id.in_(_numbers(accounts))
    await connection.execute(delete(whatsapp_accounts).where(ours))
    for row in accounts:
        own = update(access_log).where(access_log.c.actor == _actor(row))
        await connection.execute(own.values(actor=f"person:{row['person_id']}"))
    for person in persons if anonymous else ():
        nameless = {"number": f"{ANONYMOUS}{person}", "name": ANONYMOUS[:-1], "pattern": None}
        await connection.execute(update(people).where(people.c.id == person).values(nameless))
        await evidence.forget(connection, person)
        await proxies.forget(connection, person)
