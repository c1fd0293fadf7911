"""The subscriptions in the ledger: codes without names. No method tells how many there are."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, exists, func, or_, select, union_all, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.campaigns.campaign import CampaignState
from bot.campaigns.content import Content
from bot.campaigns.recipients import Recipient
from bot.campaigns.subscriptions import NO_RULE, Changed, Row, Subscriber, touched
from bot.model import RuleRef
from bot.people.identity import Account
from bot.storage import campaign_versions
from bot.storage.campaign_circulars import last_sent
from bot.storage.campaign_tables import answered_laws, campaigns, circular_versions, subscriptions
from bot.storage.engine import insert_or
from bot.storage.faults import spoken
from bot.storage.recipients import Trees, recipients
from bot.storage.tables import identities, people, profiles, unreachable
from bot.storage.trouble import problem_of

NEVER = 2**53
"""A refusal does not expire."""

BY = "policies"
"""Who has made a version that nobody has sent."""

AT_ONCE = 500

BEGUN = (CampaignState.RUNNING, CampaignState.PAUSED, CampaignState.DONE)


class SqlSubscriptions:
    """Keeps `bot.campaigns.subscriptions.Kept`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._trees = Trees()

    async def add(self, rows: Sequence[Row]) -> None:
        try:
            async with self._engine.begin() as connection:
                refused = await _those(connection, {row.refusal for row in rows})
                new = [
                    _values(row.key, row.rule, row.expires_at) for row in rows if row.refusal not in refused
                ]
                if new:
                    kept = insert_or(self._engine, subscriptions, replace=("expires_at",))
                    await connection.execute(kept, new)
        except SQLAlchemyError as error:
            raise problem_of(error) from error

    async def rules(self) -> Sequence[RuleRef]:
        its = subscriptions.c
        query = select(its.circular, its.rule).where(its.circular != NO_RULE.circular).distinct()
        async with self._engine.connect() as connection:
            return [RuleRef(*row) for row in await connection.execute(query)]

    async def remove(self, keys: Sequence[str]) -> None:
        async with self._engine.begin() as connection:
            for some in _chunks(keys):
                await connection.execute(delete(subscriptions).where(subscriptions.c.key.in_(some)))

    async def refuse(self, key: str) -> None:
        async with self._engine.begin() as connection:
            await connection.execute(insert_or(self._engine, subscriptions), _values(key, NO_RULE, NEVER))

    async def refuses(self, key: str) -> bool:
        async with self._engine.connect() as connection:
            return bool(await _those(connection, {key}))

    # --- the law ---

    async def laws(self) -> Mapping[str, str]:
        with spoken():
            async with self._engine.connect() as connection:
                rows = await connection.execute(select(answered_laws))
                return {row.circular: row.law for row in rows}

    async def learn(self, laws: Mapping[str, str]) -> None:
        rows = [{"circular": circular, "law": law} for circular, law in laws.items()]
        if rows:
            with spoken():
                async with self._engine.begin() as connection:
                    await connection.execute(insert_or(self._engine, answered_laws), rows)

    async def law_changed(self, new: Content, at: int) -> None:
        """The version is written down, though nobody has sent it: the news name it."""
        sent = await last_sent(self._engine, new)
        its = answered_laws.c
        with spoken():
            async with self._engine.begin() as connection:
                query = select(its.law).where(its.circular == new.circular).with_for_update()
                old = (await connection.execute(query)).scalar_one_or_none()
                if old is None or new.law is None or old == new.law:
                    return  # another process was quicker
                replaces = sent.version.id if sent else None
                version = await campaign_versions.add_version(connection, new, BY, at, replaces=replaces)
                await _tell(connection, new.circular, old, new.law, version.id)

    # --- a change ---

    async def changed(self, now: int) -> Sequence[Changed]:
        its, version = subscriptions.c, circular_versions.c
        query = (
            select(its.circular, its.rule, version.id, version.subject, version.number)
            .join(circular_versions, version.id == its.version_id)
            .where(its.expires_at > now)
            .distinct()
        )
        async with self._engine.connect() as connection:
            rows = await connection.execute(query)
            return [Changed(RuleRef(r.circular, r.rule), r.id, r.subject, r.number) for r in rows]

    async def take(self, keys: Sequence[str], now: int) -> frozenset[str]:
        its = subscriptions.c
        taken: set[str] = set()
        async with self._engine.begin() as connection:
            for some in _chunks(sorted(keys)):
                told = its.key.in_(some) & its.version_id.is_not(None) & (its.expires_at > now)
                gone = delete(subscriptions).where(told).returning(its.key)
                taken.update((await connection.execute(gone)).scalars())
        return frozenset(taken)

    async def accounts(
        self, after: Account | None, most: int, channels: Sequence[str], now: datetime
    ) -> Sequence[Subscriber]:
        async with self._engine.connect() as connection:
            page = (await connection.execute(_accounts(channels, after, most))).all()
            known = await self._known(connection, page, channels, now)
        return [_subscriber(row, known.get(row.person_id)) for row in page]

    async def _known(
        self, connection: AsyncConnection, page: Sequence[Any], channels: Collection[str], now: datetime
    ) -> dict[int, Recipient]:
        found: dict[int, Recipient] = {}
        day = now.astimezone(UTC).date()
        for regency in {row.regency for row in page}:
            among = [row.person_id for row in page if row.regency == regency and row.person_id is not None]
            tree = await self._trees.of(connection, regency)
            found |= await recipients(connection, tree, among, day, channels)
        return found


async def mark_changed(connection: AsyncConnection, campaign: int) -> None:
    """The campaign begins. If its version is the first of its kind to go out and changes rules, those who are
    subscribed now to what it touches are to be told; unless it was told when policies/ changed."""
    begins, old, new = campaigns.c, circular_versions.alias("old"), circular_versions.c
    others = campaigns.alias("others").c
    before = func.coalesce(answered_laws.c.law, old.c.law)
    query = (
        select(new.id, new.circular, new.law, before.label("before"))
        .select_from(campaigns.join(circular_versions, new.id == begins.version_id))
        .outerjoin(old, old.c.id == new.replaces_id)
        .outerjoin(answered_laws, answered_laws.c.circular == new.circular)
        .where(begins.id == campaign, new.material, new.law.is_not(None), before.is_not(None))
        .where(~exists().where(others.version_id == new.id, others.id != campaign, others.state.in_(BEGUN)))
    )
    found = (await connection.execute(query)).one_or_none()
    if found is not None:
        await _tell(connection, found.circular, found.before, found.law, found.id)


async def _tell(connection: AsyncConnection, circular: str, old: str, new: str, version: int) -> None:
    await mark(connection, circular, sorted(touched(old, new)), version)
    now = insert_or(connection.engine, answered_laws, replace=("law",))
    await connection.execute(now, {"circular": circular, "law": new})


async def mark(connection: AsyncConnection, circular: str, rules: Sequence[str], version: int) -> None:
    its = subscriptions.c
    for some in _chunks(rules):
        concerned = update(subscriptions).where(its.circular == circular, its.rule.in_(some))
        await connection.execute(concerned.values(version_id=version))


async def expire(connection: AsyncConnection, now: int) -> int:
    """For the daily job: what is over goes; how much of it did."""
    gone = delete(subscriptions).where(subscriptions.c.expires_at <= now)
    return (await connection.execute(gone)).rowcount


def _values(key: str, rule: RuleRef, expires_at: int) -> dict[str, Any]:
    return {"key": key, "circular": rule.circular, "rule": rule.rule, "expires_at": expires_at}


async def _those(connection: AsyncConnection, keys: Collection[str]) -> set[str]:
    """Those of the keys that are refusals."""
    found: set[str] = set()
    for some in _chunks(sorted(keys)):
        its = subscriptions.c
        query = select(its.key).where(its.key.in_(some), its.circular == NO_RULE.circular)
        found.update((await connection.execute(query)).scalars())
    return found


def _chunks(several: Sequence[str]) -> Iterator[Sequence[str]]:
    return (several[at : at + AT_ONCE] for at in range(0, len(several), AT_ONCE))


# --- accounts --------------------------------------------------------------------------------


def _closed(table: Any) -> ColumnElement[bool]:
    """Nothing can be sent to the account's chat."""
    chat = and_(unreachable.c.channel == table.c.channel, unreachable.c.chat_id == table.c.external_id)
    return exists().where(chat).correlate(table)


def _members(channels: Sequence[str]) -> Select[Any]:
    own = and_(profiles.c.channel == identities.c.channel, profiles.c.external_id == identities.c.external_id)
    return (
        select(
            identities.c.channel,
            identities.c.external_id,
            identities.c.person_id,
            people.c.regency,
            people.c.pattern,
            profiles.c.language,
        )
        .select_from(identities.join(people, people.c.id == identities.c.person_id).outerjoin(profiles, own))
        .where(identities.c.channel.in_(channels), profiles.c.stopped_at.is_(None), ~_closed(identities))
    )


def _guests(channels: Sequence[str]) -> Select[Any]:
    linked = and_(
        identities.c.channel == profiles.c.channel, identities.c.external_id == profiles.c.external_id
    )
    nobody = identities.c.person_id.label("person_id")
    return (
        select(
            profiles.c.channel,
            profiles.c.external_id,
            nobody,
            profiles.c.regency,
            profiles.c.pattern,
            profiles.c.language,
        )
        .select_from(profiles.outerjoin(identities, linked))
        .where(identities.c.person_id.is_(None), profiles.c.channel.in_(channels))
        .where(profiles.c.regency.is_not(None), profiles.c.stopped_at.is_(None), ~_closed(profiles))
    )


def _accounts(channels: Sequence[str], after: Account | None, most: int) -> Select[Any]:
    both = union_all(_members(channels), _guests(channels)).subquery()
    query = select(both).order_by(both.c.channel, both.c.external_id).limit(most)
    if after is None:
        return query
    later = and_(both.c.channel == after.channel, both.c.external_id > after.external_id)
    return query.where(or_(both.c.channel > after.channel, later))


def _subscriber(row: Any, known: Recipient | None) -> Subscriber:
    account = Account(row.channel, row.external_id)
    if row.person_id is None:
        guest = Recipient(0, "", 0, (), row.pattern, account=account, language=row.language)
        return Subscriber(account, row.regency, guest)
    if known is None:  # has left
        return Subscriber(account, row.regency, Recipient(row.person_id, "", 0, ()))
    who = Recipient(
        known.person, "", known.unit, (), known.pattern, known.absences, account, None, row.language
    )
    return Subscriber(account, row.regency, who)
