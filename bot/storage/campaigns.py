"""Campaigns in the ledger: made, previewed, taken from state to state, kept in step with the staff."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.campaigns.addressing import Preview, Standing, Terms
from bot.campaigns.campaign import Campaign, CampaignState, DeliveryState, Step, Version
from bot.campaigns.campaign import check_approver as check_second_person
from bot.campaigns.change import Change, Kind, Profile
from bot.campaigns.content import Content
from bot.campaigns.costs import Paid
from bot.campaigns.evidence import Event
from bot.problems import Problem
from bot.storage import campaign_versions
from bot.storage import delivery_keeping as keeping
from bot.storage.access import note
from bot.storage.audiences import Found, People, Wanted, bound
from bot.storage.campaign_counts import Cell, move
from bot.storage.campaign_row import campaign_of, put_step, state_of
from bot.storage.campaign_tables import campaigns, delivery_counts
from bot.storage.deliveries import SqlDeliveries
from bot.storage.delivery_keeping import Kept
from bot.storage.evidence import append
from bot.storage.faults import spoken
from bot.storage.subscriptions import mark_changed
from bot.storage.whatsapp_costs import closed

OPEN_AFTER_DUE = 90 * 86_400
"""Seconds after its deadline for which a campaign still takes in who joins, comes back or registers."""

C = campaigns.c


@dataclass(frozen=True, slots=True)
class Draft:
    """A campaign to be made. `change`: only those whom it concerns are asked; None: all."""

    regency: str
    version: int
    audience: str
    due: datetime
    quiz: bool = False
    change: Change | None = None


class SqlCampaigns:
    """`clock`: seconds since 1970. Who may do what is asked before (`rights.require`); here `by` is only
    written down."""

    def __init__(self, engine: AsyncEngine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def _now(self) -> int:
        return int(self._clock())

    # --- versions ---

    async def add_version(
        self, content: Content, by: str, *, material: bool = True, replaces: int | None = None
    ) -> Version:
        """The version with this content: the one that there is already, else a new one."""
        with spoken():
            async with self._engine.begin() as connection:
                return await campaign_versions.add_version(
                    connection, content, by, self._now(), material=material, replaces=replaces
                )

    async def version(self, number: int) -> Version:
        async with self._engine.connect() as connection:
            return await campaign_versions.version(connection, number)

    async def latest_version(self, regency: str, circular: str) -> Version | None:
        async with self._engine.connect() as connection:
            return await campaign_versions.latest_version(connection, regency, circular)

    async def content(self, version: int) -> Content:
        async with self._engine.connect() as connection:
            return await campaign_versions.content(connection, version)

    # --- making ---

    async def preview(self, draft: Draft, terms: Terms, day: date, paid: Paid | None = None) -> Preview:
        """Whom it would reach; writes nothing. `paid`: counts whom a paid message would go to. Raises Problem
        for an expression that means nothing."""
        preview = Preview(paid=None if paid is None else 0)
        with spoken():
            async with self._engine.connect() as connection:
                wanted = await _wanted(connection, draft, terms, day)
                async for _, page in People(draft.regency, terms, day).pages(connection, wanted):
                    for found in page:
                        preview.add(found.unit, found.standing)
                    if paid is not None and preview.paid is not None:
                        people = [found.person for found in page if found.standing is Standing.REACHABLE]
                        preview.paid += await closed(connection, people, paid.before, paid.since)
        return preview

    async def create(self, draft: Draft, terms: Terms, day: date, by: str) -> tuple[Campaign, Preview]:
        """The campaign and its deliveries, in one transaction; one after the other where the version is the
        same, so that nobody is asked twice. Raises Problem: the expression means nothing, or nobody; the
        deadline is over."""
        if draft.due.timestamp() <= self._now():
            raise Problem("campaign.due_over", due=draft.due.isoformat())
        with spoken():
            async with self._engine.begin() as connection:
                await campaign_versions.lock(connection, draft.version)
                wanted = await _wanted(connection, draft, terms, day)
                campaign = await self._insert(connection, draft, by)
                preview, change = Preview(), Counter[Cell]()
                pages = People(draft.regency, terms, day, campaign).pages(connection, wanted)
                async for _, page in pages:
                    for found in page:
                        preview.add(found.unit, found.standing)
                    await keeping.deliver(connection, campaign, page, self._now(), None, change)
                if not preview.addressed:
                    raise Problem("campaign.nobody", audience=draft.audience)
                await move(connection, campaign, change)
                await self._noted(connection, campaign, draft.regency, by, "create", preview.addressed)
                return await _campaign(connection, campaign), preview

    async def _insert(self, connection: AsyncConnection, draft: Draft, by: str) -> int:
        now = self._now()
        values = {
            "regency": draft.regency,
            "version_id": draft.version,
            "audience": draft.audience,
            "concerned": _written(draft.change),
            "due_at": int(draft.due.timestamp()),
            "state": CampaignState.DRAFT,
            "author": by,
            "quiz": draft.quiz,
            "created_at": now,
            "updated_at": now,
        }
        return int((await connection.execute(insert(campaigns).values(values).returning(C.id))).scalar_one())

    async def _noted(
        self, connection: AsyncConnection, campaign: int, regency: str, by: str, what: str, count: int | None
    ) -> None:
        now = self._now()
        await note(connection, now, by, f"campaign.{what}", regency=regency, count=count)
        if what == "create":
            await append(connection, [Event("created", now, campaign, details={"addressed": count or 0})])

    # --- reading ---

    async def get(self, campaign: int) -> Campaign:
        """Raises Problem if there is none."""
        with spoken():
            async with self._engine.connect() as connection:
                return await _campaign(connection, campaign)

    async def of_regency(self, regency: str) -> Sequence[Campaign]:
        """The latest first."""
        with spoken():
            async with self._engine.connect() as connection:
                rows = await connection.execute(
                    select(campaigns).where(C.regency == regency).order_by(C.id.desc())
                )
                return [campaign_of(row) for row in rows]

    async def in_state(self, *states: CampaignState) -> Sequence[Campaign]:
        with spoken():
            async with self._engine.connect() as connection:
                rows = await connection.execute(select(campaigns).where(C.state.in_(states)).order_by(C.id))
                return [campaign_of(row) for row in rows]

    async def progress(self, campaign: int) -> Mapping[DeliveryState, int]:
        """How many deliveries are in which state."""
        counts = delivery_counts.c
        query = select(counts.state, func.sum(counts.count)).where(counts.campaign_id == campaign)
        with spoken():
            async with self._engine.connect() as connection:
                rows = await connection.execute(query.group_by(counts.state))
                return {DeliveryState(state): int(count) for state, count in rows if count}

    # --- steps ---

    async def step(
        self,
        campaign: int,
        step: Step,
        by: str,
        *,
        seen: CampaignState | None = None,
        starts: datetime | None = None,
    ) -> Campaign:
        """Takes the campaign on. `seen`: the state that the actor was shown. `starts`: of an approval, when
        it is to run; None: at once. Raises Problem: the step is not open, somebody was quicker, or the
        approver is the author."""
        with spoken():
            async with self._engine.begin() as connection:
                state = await state_of(connection, campaign, lock=True)
                found = await _campaign(connection, campaign)
                if seen is not None and seen is not state:
                    raise Problem("campaign.overtaken", state=state.value)
                values: dict[str, object] = {}
                if step is Step.APPROVE:
                    check_second_person(found, by)
                    values = {"approver": by, "starts_at": _seconds(starts) or self._now()}
                await note(connection, self._now(), by, f"campaign.{step.value}", regency=found.regency)
                await put_step(connection, campaign, state, step, self._now(), **values)
                return await _campaign(connection, campaign)

    async def start_due(self, among: Collection[int] | None = None) -> Sequence[int]:
        """Starts the approved campaigns whose time has come; their ids. `among`: only these."""
        due = select(C.id).where(C.state == CampaignState.APPROVED, C.starts_at <= self._now())
        due = due if among is None else due.where(C.id.in_(among))
        with spoken():
            async with self._engine.begin() as connection:
                found = list(await connection.scalars(due.with_for_update(key_share=True)))
                for campaign in found:
                    await put_step(connection, campaign, CampaignState.APPROVED, Step.START, self._now())
                    await mark_changed(connection, campaign)
        return found

    # --- the staff changes ---

    async def open_ones(self, regency: str) -> Sequence[Campaign]:
        """Those that still take in who joins."""
        query = select(campaigns).where(C.regency == regency, *self._open()).order_by(C.id)
        with spoken():
            async with self._engine.connect() as connection:
                return [campaign_of(row) for row in await connection.execute(query)]

    async def open_regencies(self) -> Sequence[str]:
        """Those that have such campaigns."""
        with spoken():
            async with self._engine.connect() as connection:
                return sorted(await connection.scalars(select(C.regency).where(*self._open()).distinct()))

    def _open(self) -> tuple[ColumnElement[bool], ...]:
        return C.state != CampaignState.CANCELLED, C.due_at + OPEN_AFTER_DUE > self._now()

    async def keep(self, campaign: int, terms: Terms, day: date) -> Kept:
        """After a roster import, and daily: adds who has joined or is back from leave, with a deadline of
        her own once it runs; withdraws who has left, who is not addressed any more and has not got it yet,
        and before it starts who is on leave by now. A short transaction for each page of people."""
        added = withdrawn = 0
        found = await self.get(campaign)
        draft = Draft(found.regency, found.version, found.audience, found.due)
        with spoken():
            async with self._engine.connect() as connection:
                change = await _concerned(connection, campaign)
                wanted = await _wanted(connection, draft, terms, day, change)
                everybody = People(found.regency, terms, day, campaign)
                async for covered, page in everybody.pages(connection, wanted):
                    done = await self._keep_page(campaign, covered, page, day)
                    added, withdrawn = added + done.added, withdrawn + done.withdrawn
        return Kept(added, withdrawn)

    async def _keep_page(self, campaign: int, covered: range, page: Sequence[Found], day: date) -> Kept:
        async with self._engine.connect() as connection:
            if await keeping.in_step(connection, campaign, covered, page, day):
                return Kept()
        async with self._engine.begin() as connection:
            return await keeping.keep(connection, campaign, covered, page, day, self._now())


async def refresh(
    campaigns: SqlCampaigns, deliveries: SqlDeliveries, regency: str, terms: Terms, day: date
) -> None:
    """Brings the campaigns of a regency in step with its staff: after an import, when somebody has linked an
    account, and daily. The newest first: whom that asks, an older version does not ask again."""
    for campaign in reversed(await campaigns.open_ones(regency)):
        await campaigns.keep(campaign.id, terms, day)
        await deliveries.settle(campaign.id)


# --- reading a campaign ----------------------------------------------------------------------


async def _campaign(connection: AsyncConnection, campaign: int) -> Campaign:
    row = (await connection.execute(select(campaigns).where(C.id == campaign))).one_or_none()
    if row is None:
        raise Problem("campaign.unknown", campaign=campaign)
    return campaign_of(row)


def _seconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp())


async def _wanted(
    connection: AsyncConnection, draft: Draft, terms: Terms, day: date, change: Change | None = None
) -> Wanted:
    matches = await bound(connection, draft.audience, draft.regency, terms, day)
    return Wanted(draft.regency, draft.version, matches, change or draft.change)


def _written(change: Change | None) -> str | None:
    if change is None:
        return None
    return json.dumps({"profiles": sorted(change.concerned), "default_pattern": change.default_pattern})


async def _concerned(connection: AsyncConnection, campaign: int) -> Change | None:
    text = (await connection.execute(select(C.concerned).where(C.id == campaign))).scalar_one()
    if text is None:
        return None
    read = json.loads(text)
    profiles = frozenset(Profile(*entry) for entry in read["profiles"])
    return Change(Kind.MATERIAL, profiles, False, read["default_pattern"])
