"""Reads what is known of people to whom something is to be written, a page of them at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.campaigns.campaign import CampaignState, DeliveryState, Unreachable
from bot.campaigns.recipients import Pending, Recipient, Way
from bot.model import Absence
from bot.people.identity import Account
from bot.people.staff import PlacementKind
from bot.storage.campaign_tables import acknowledgments, campaigns, circular_versions, deliveries, tasks
from bot.storage.changes import staff_version
from bot.storage.reachable import chat_of, profile_of, usable
from bot.storage.staff_queries import holds
from bot.storage.superseding import superseded
from bot.storage.tables import absences, identities, people, placements, profiles, units, unreachable
from bot.storage.unreachable import WHY

WAITED_FOR = (CampaignState.RUNNING.value, CampaignState.DONE.value)
"""Campaigns whose acknowledgments are waited for."""

ARRIVED = (DeliveryState.SENT.value, DeliveryState.UNCERTAIN.value)

AT_ONCE = 500
"""People named in one statement."""


# --- conditions on `people` and `deliveries` -------------------------------------------------


def unanswered() -> ColumnElement[bool]:
    """Of a delivery beside its campaign: it is waited for, not acknowledged on any channel, no newer version
    asks her, and no question of hers about it waits for an answer."""
    standing = and_(
        acknowledgments.c.version_id == campaigns.c.version_id,
        acknowledgments.c.person_id == deliveries.c.person_id,
        acknowledgments.c.undone_at.is_(None),
    )
    open_task = and_(
        tasks.c.campaign_id == deliveries.c.campaign_id,
        tasks.c.person_id == deliveries.c.person_id,
        tasks.c.closed_at.is_(None),
    )
    return and_(
        campaigns.c.id == deliveries.c.campaign_id,
        campaigns.c.state.in_(WAITED_FOR),
        deliveries.c.acknowledged_at.is_(None),
        ~exists().where(standing).correlate(deliveries, campaigns),
        ~superseded(),
        ~exists().where(open_task).correlate(deliveries),
    )


def arrived() -> ColumnElement[bool]:
    return deliveries.c.state.in_(ARRIVED)


def due_at() -> ColumnElement[int]:
    """By the ledger: leave is not counted yet."""
    return func.coalesce(deliveries.c.due_at, campaigns.c.due_at)


def begun_at() -> ColumnElement[int]:
    """From when on she could read it, as far as is known."""
    return func.coalesce(deliveries.c.sent_at, deliveries.c.claimed_at, deliveries.c.added_at)


def reached(channels: Collection[str]) -> ColumnElement[bool]:
    """Of `people`: some account of hers on these channels can be written to."""
    own = and_(identities.c.person_id == people.c.id, identities.c.channel.in_(channels))
    return exists().where(own, usable()).correlate(people)


# --- the tree --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tree:
    """The units of one regency: id → (parent, name, pattern)."""

    units: Mapping[int, tuple[int | None, str, str | None]]
    root: int

    def lineage(self, unit: int) -> tuple[int, ...]:
        line: list[int] = []
        step: int | None = unit
        while step is not None and step in self.units and step not in line:
            line.append(step)
            step = self.units[step][0]
        return tuple(line)

    def pattern(self, lineage: Iterable[int]) -> str | None:
        return next((p for unit in lineage if (p := self.units[unit][2]) is not None), None)

    def name(self, unit: int) -> str:
        return self.units[unit][1] if unit in self.units else ""


async def _read_tree(connection: AsyncConnection, regency: str) -> Tree:
    columns = (units.c.id, units.c.parent_id, units.c.name, units.c.pattern)
    rows = await connection.execute(select(*columns).where(units.c.regency == regency))
    found = {row.id: (row.parent_id, row.name, row.pattern) for row in rows}
    return Tree(found, next((unit for unit, (parent, _, _) in found.items() if parent is None), 0))


class Trees:
    """Keeps each regency's tree until the staff changes."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, Tree]] = {}

    async def of(self, connection: AsyncConnection, regency: str) -> Tree:
        version = await staff_version(connection)
        known = self._known.get(regency)
        if known is None or known[0] != version:
            known = self._known[regency] = version, await _read_tree(connection, regency)
        return known[1]


# --- people ----------------------------------------------------------------------------------


async def recipients(
    connection: AsyncConnection, tree: Tree, among: Sequence[int], day: date, channels: Collection[str]
) -> dict[int, Recipient]:
    """Those of the people who serve on `day`."""
    found: dict[int, Recipient] = {}
    for start in range(0, len(among), AT_ONCE):
        found |= await _some(connection, tree, among[start : start + AT_ONCE], day, channels)
    return found


async def _some(
    connection: AsyncConnection, tree: Tree, some: Sequence[int], day: date, channels: Collection[str]
) -> dict[int, Recipient]:
    serving = people.c.left_on.is_(None) | (people.c.left_on > day)
    who = select(people.c.id, people.c.name, people.c.pattern).where(people.c.id.in_(some), serving)
    works = await places_of(connection, some, day)
    away = await absences_of(connection, some)
    accounts = await _accounts(connection, some)
    found = {}
    for row in await connection.execute(who):
        unit = works.get(row.id, tree.root)
        lineage = tree.lineage(unit)
        ways, why = _reached(accounts.get(row.id, ()), channels)
        account, language = ways[0] if ways else (None, None)
        pattern = row.pattern or tree.pattern(lineage)
        leaves = tuple(away.get(row.id, ()))
        place = tree.name(unit)
        found[row.id] = Recipient(
            row.id, row.name, unit, lineage, pattern, leaves, account, why, language, place, ways
        )
    return found


async def places_of(connection: AsyncConnection, some: Sequence[int], day: date) -> Mapping[int, int]:
    """Person → the unit where she works that day."""
    query = select(placements).where(placements.c.person_id.in_(some), holds(placements, day))
    ordered = query.order_by(placements.c.kind == PlacementKind.SECONDMENT, placements.c.since)
    # The last one counts: a secondment, the latest.
    return {row.person_id: row.unit_id for row in await connection.execute(ordered)}


async def absences_of(connection: AsyncConnection, some: Sequence[int]) -> Mapping[int, list[Absence]]:
    """Of those who have any."""
    query = select(absences).where(absences.c.person_id.in_(some)).order_by(absences.c.since)
    found: dict[int, list[Absence]] = defaultdict(list)
    for row in await connection.execute(query):
        found[row.person_id].append(Absence(row.kind, row.since, row.until))
    return found


async def _accounts(connection: AsyncConnection, some: Sequence[int]) -> Mapping[int, Sequence[Any]]:
    query = (
        select(
            identities.c.person_id,
            identities.c.channel,
            identities.c.external_id,
            profiles.c.language,
            profiles.c.stopped_at,
            unreachable.c.reason,
        )
        .select_from(identities.outerjoin(profiles, profile_of()).outerjoin(unreachable, chat_of()))
        .where(identities.c.person_id.in_(some))
        .order_by(identities.c.channel)
    )
    found: dict[int, list[Any]] = defaultdict(list)
    for row in await connection.execute(query):
        found[row.person_id].append(row)
    return found


def _reached(
    accounts: Sequence[Any], channels: Collection[str]
) -> tuple[tuple[Way, ...], Unreachable | None]:
    """Where she can be written to, as `channels` have it; why nowhere."""
    open_ones = [row for row in accounts if row.stopped_at is None and row.reason is None]
    ways = tuple(
        (Account(row.channel, row.external_id), row.language)
        for channel in channels
        for row in open_ones
        if row.channel == channel
    )
    if ways:
        return ways, None
    if not accounts or open_ones:
        return (), Unreachable.NO_IDENTITY
    if any(row.stopped_at is not None for row in accounts):
        return (), Unreachable.STOPPED
    return (), WHY.get(accounts[0].reason, Unreachable.BLOCKED)


# --- what they have not acknowledged ---------------------------------------------------------


def pending_query(some: Sequence[int], state: ColumnElement[bool], campaign: int | None) -> Select[Any]:
    only = [campaigns.c.id == campaign] if campaign is not None else []
    return (
        select(
            deliveries.c.person_id,
            deliveries.c.campaign_id,
            circular_versions.c.subject,
            circular_versions.c.number,
            due_at().label("due_at"),
            begun_at().label("sent_at"),
            deliveries.c.channel,
        )
        .join(campaigns, campaigns.c.id == deliveries.c.campaign_id)
        .join(circular_versions, circular_versions.c.id == campaigns.c.version_id)
        .where(deliveries.c.person_id.in_(some), unanswered(), state, *only)
        .order_by(deliveries.c.person_id, deliveries.c.campaign_id)
    )


def pending_of(row: Row[Any], **more: Any) -> Pending:
    due, sent = (datetime.fromtimestamp(moment, UTC) for moment in (row.due_at, row.sent_at))
    return Pending(row.campaign_id, row.subject, row.number, due, sent, channel=row.channel, **more)
