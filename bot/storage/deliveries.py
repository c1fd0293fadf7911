"""The ledger of deliveries, as the worker moves it: claimed, recorded, lapsed, settled, finished.

Transactions lock in one order: the campaign, its deliveries, the counts, the evidence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import cache
from math import ceil
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Integer,
    Row,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.campaigns.addressing import own_due
from bot.campaigns.campaign import CampaignState, DeliveryState, Step, Unreachable, after
from bot.campaigns.evidence import Event
from bot.campaigns.sending import (
    Claim,
    Halted,
    Later,
    NotReached,
    NotTried,
    Outcome,
    Parcel,
    Refused,
    Result,
    RetryAfter,
    Sent,
)
from bot.problems import Problem
from bot.storage.campaign_counts import Cell, move
from bot.storage.campaign_tables import campaigns, deliveries
from bot.storage.engine import insert_or
from bot.storage.evidence import append
from bot.storage.faults import spoken
from bot.storage.tables import identities, profiles, unreachable
from bot.storage.whatsapp_statuses import CHANNEL as WHATSAPP
from bot.storage.whatsapp_statuses import take_up

AT_ONCE = 500
"""Rows changed by one statement."""

STALE = 3_600
"""Seconds after which a delivery that a lane marked is uncertain though that lane never came back."""

KNOWN = {"blocked": Unreachable.BLOCKED, "deactivated": Unreachable.DEACTIVATED}
"""What the table of unreachable chats says, where it says anything else than that there is no chat."""

NOT_FOUND = "not_found"

D, S = deliveries.c, DeliveryState

TO_SEND = (D.state == S.QUEUED, D.acknowledged_at.is_(None))
"""Who has acknowledged already, at an assembly or to another campaign, is spared the message."""


class SqlDeliveries:
    """Keeps `bot.campaigns.sending.Deliveries`. `channels`: those that are served, the preferred first.
    `clock`: seconds since 1970."""

    def __init__(
        self, engine: AsyncEngine, clock: Callable[[], float], channels: Sequence[str] = ("telegram",)
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._channels = tuple(channels)

    # --- claiming ---

    async def claim(
        self, campaign: int, channel: str, tenure: str, mark: int, most: int, *, again: bool = False
    ) -> Claim:
        token = f"{tenure}.{mark}"
        with spoken():
            async with self._engine.begin() as connection:
                rows = await self._claimed(connection, campaign, channel, token) if again else ()
                rows = rows or await self._claim(connection, campaign, channel, token, most)
                parcels = tuple(Parcel(r.person_id, r.external_id, r.language) for r in rows)
                if parcels:
                    return Claim(CampaignState.RUNNING, parcels)
                return Claim(await state_of(connection, campaign))

    async def _claimed(
        self, connection: AsyncConnection, campaign: int, channel: str, token: str
    ) -> Sequence[Row[Any]]:
        mine = (D.campaign_id == campaign, D.state == S.SENDING, D.claimed_by == token)
        return (await connection.execute(_parcels(channel).where(*mine))).all()

    async def _claim(
        self, connection: AsyncConnection, campaign: int, channel: str, token: str, most: int
    ) -> Sequence[Row[Any]]:
        """Nothing, unless the campaign runs."""
        preferred = self._channels[: self._channels.index(channel)]
        holes = {"campaign": campaign, "most": most, "now": int(self._clock())}
        rows = (await connection.execute(_queued(channel, preferred), holes)).all()
        values = {
            "state": S.SENDING,
            "channel": channel,
            "claimed_at": int(self._clock()),
            "claimed_by": token,
            "attempts": D.attempts + 1,
            "wait_until": None,
            "reason": None,
        }
        await _change(connection, campaign, rows, values, S.SENDING)
        return rows

    # --- recording ---

    async def record(self, campaign: int, channel: str, tenure: str, results: Sequence[Result]) -> None:
        with spoken():
            async with self._engine.begin() as connection:
                await self._record(connection, campaign, channel, tenure, results)

    async def _record(
        self, connection: AsyncConnection, campaign: int, channel: str, tenure: str, results: Sequence[Result]
    ) -> None:
        """Also of what somebody else has declared uncertain in the meantime: here it is known."""
        found = {parcel.person: (parcel, outcome) for parcel, outcome in results}
        mine = (D.state.in_((S.SENDING, S.UNCERTAIN)), D.claimed_by.startswith(f"{tenure}.", autoescape=True))
        open_rows = select(D.person_id, D.unit_id, D.state, D.acknowledged_at).where(
            D.campaign_id == campaign, D.person_id.in_(found), *mine
        )
        rows = (await connection.execute(open_rows.order_by(D.person_id).with_for_update())).all()
        if not rows:
            return
        now, change = int(self._clock()), Counter[Cell]()
        early = await self._early(connection, campaign, channel, [found[row.person_id] for row in rows], now)
        changed = []
        for row in rows:
            parcel, outcome = found[row.person_id]
            values = _outcome(outcome, now)
            if isinstance(outcome, Sent) and (fate := early.get(outcome.message or "")) is not None:
                found[row.person_id] = parcel, fate
                values = _outcome(fate, now) | {"message_id": outcome.message}
            changed.append(values | {"b_person": row.person_id, "external_id": parcel.external_id})
            _moved(change, row, values["state"])
        await connection.execute(_RECORD, [{"b_campaign": campaign} | values for values in changed])
        await self._not_reached(connection, channel, [found[row.person_id] for row in rows], now)
        await move(connection, campaign, change)
        await append(connection, _events(campaign, channel, changed, now))

    async def _early(
        self,
        connection: AsyncConnection,
        campaign: int,
        channel: str,
        results: Iterable[Result],
        now: int,
    ) -> dict[str, Outcome]:
        """Messages that were taken and of which it is known by now that they have failed."""
        if channel != WHATSAPP:
            return {}
        messages = [
            outcome.message for _, outcome in results if isinstance(outcome, Sent) and outcome.message
        ]
        return await take_up(connection, messages, campaign, now)

    async def _not_reached(
        self, connection: AsyncConnection, channel: str, results: Iterable[Result], now: int
    ) -> None:
        """Remembered of the account: nothing else may try it until the person comes back by herself."""
        rows = [
            {
                "channel": channel,
                "chat_id": parcel.external_id,
                "since": now,
                "reason": outcome.reason.value if outcome.reason.value in KNOWN else NOT_FOUND,
            }
            for parcel, outcome in results
            if isinstance(outcome, NotReached) and outcome.reason is not Unreachable.STOPPED
        ]
        if rows:
            await connection.execute(insert_or(self._engine, unreachable, replace=("reason", "since")), rows)

    # --- after a crash ---

    async def lapse(self, campaign: int, channel: str, tenure: str) -> int:
        """Who marked them may still be alive and record later what became of them: `claimed_by` stays."""
        lane, _, _ = tenure.rpartition("#")
        own = D.claimed_by.startswith(f"{lane}#", autoescape=True)
        current = D.claimed_by.startswith(f"{tenure}.", autoescape=True)
        now = int(self._clock())
        left = or_(and_(own, ~current), and_(~own, D.claimed_at < now - STALE))
        which = _rows().where(D.campaign_id == campaign, D.state == S.SENDING, left)

        async def some(connection: AsyncConnection) -> int:
            rows = (await connection.execute(which.limit(AT_ONCE).with_for_update())).all()
            await _change(connection, campaign, rows, {"state": S.UNCERTAIN}, S.UNCERTAIN)
            await append(connection, [_event("uncertain", now, campaign, row.person_id) for row in rows])
            return len(rows)

        return await self._all(some)

    async def requeue(self, campaign: int) -> int:
        """Sends again what is uncertain: somebody has decided that twice is better than never. How many."""
        which = _rows().where(D.campaign_id == campaign, D.state == S.UNCERTAIN, D.acknowledged_at.is_(None))
        now = int(self._clock())

        async def some(connection: AsyncConnection) -> int:
            state = await state_of(connection, campaign, lock=True)
            rows = (await connection.execute(which.limit(AT_ONCE).with_for_update())).all()
            await _change(connection, campaign, rows, {"state": S.QUEUED, "claimed_by": None}, S.QUEUED)
            events = [_event("requeued", now, campaign, row.person_id) for row in rows]
            await _queued_again(connection, campaign, state, events, now)
            return len(rows)

        return await self._all(some)

    async def _all(self, some: Callable[[AsyncConnection], Awaitable[int]]) -> int:
        """As many transactions as it takes: locks are held shortly, and always taken in the same order."""
        total = 0
        with spoken():
            while True:
                async with self._engine.begin() as connection:
                    done = await some(connection)
                if not done:
                    return total
                total += done

    # --- settling ---

    async def settle(self, campaign: int) -> int:
        await self._all(lambda connection: self._unreach(connection, campaign))
        found = await self._all(lambda connection: self._reach(connection, campaign))
        found += await self._all(lambda connection: self._elsewhere(connection, campaign))
        await self._reopen(campaign)
        return found

    async def _reopen(self, campaign: int) -> None:
        """Where somebody took back an acknowledgment that had spared her the message."""
        with spoken():
            async with self._engine.begin() as connection:
                state = await state_of(connection, campaign, lock=True)
                if state is CampaignState.DONE and await _any(connection, campaign, and_(*TO_SEND)):
                    await put_step(connection, campaign, state, Step.REOPEN, int(self._clock()))

    async def _unreach(self, connection: AsyncConnection, campaign: int) -> int:
        reason = why_unreachable(self._channels).label("why")
        lost = ~_reached_on(self._channels)
        which = _rows(reason).where(D.campaign_id == campaign, D.state == S.QUEUED, lost)
        rows = (await connection.execute(which.limit(AT_ONCE).with_for_update(of=deliveries))).all()
        reasons = {row.person_id: row.why for row in rows}
        values = {"state": S.UNREACHABLE, "reason": case(reasons, value=D.person_id)} if rows else {}
        await _change(connection, campaign, rows, values, S.UNREACHABLE)
        now = int(self._clock())
        events = [_event("unreachable", now, campaign, row.person_id, reason=row.why) for row in rows]
        await append(connection, events)
        return len(rows)

    async def _reach(self, connection: AsyncConnection, campaign: int) -> int:
        """Who can be reached by now is queued, and gets as much time as the others had."""
        state, now = await state_of(connection, campaign, lock=True), int(self._clock())
        if state is CampaignState.CANCELLED:
            return 0
        back = _reached_on(self._channels)
        which = _rows().where(D.campaign_id == campaign, D.state == S.UNREACHABLE, back)
        rows = (await connection.execute(which.limit(AT_ONCE).with_for_update(of=deliveries))).all()
        due = await due_of(connection, campaign, now)
        values = {"state": S.QUEUED, "reason": None, "message_id": None, "claimed_by": None, "due_at": due}
        await _change(connection, campaign, rows, values, S.QUEUED)
        events = [_event("reachable", now, campaign, row.person_id) for row in rows]
        await _queued_again(connection, campaign, state, events, now)
        return len(rows)

    async def _elsewhere(self, connection: AsyncConnection, campaign: int) -> int:
        """What one channel did not take goes by another one, once."""
        state, now = await state_of(connection, campaign, lock=True), int(self._clock())
        if state is CampaignState.CANCELLED or len(self._channels) == 1:
            return 0
        failed = (D.state == S.FAILED, D.failed_on.is_(None), D.acknowledged_at.is_(None))
        which = _rows(D.channel).where(
            D.campaign_id == campaign, *failed, _reached_on(self._channels, but=D.channel)
        )
        rows = (await connection.execute(which.limit(AT_ONCE).with_for_update(of=deliveries))).all()
        values = {
            "state": S.QUEUED,
            "reason": None,
            "message_id": None,
            "claimed_by": None,
            "failed_on": D.channel,
        }
        await _change(connection, campaign, rows, values, S.QUEUED)
        events = [_event("elsewhere", now, campaign, row.person_id, channel=row.channel) for row in rows]
        await _queued_again(connection, campaign, state, events, now)
        return len(rows)

    async def halt(self, campaign: int) -> None:
        with spoken():
            async with self._engine.begin() as connection:
                state = await state_of(connection, campaign, lock=True)
                if state is CampaignState.RUNNING:
                    await put_step(connection, campaign, state, Step.PAUSE, int(self._clock()))

    async def finish(self, campaign: int) -> CampaignState:
        with spoken():
            async with self._engine.begin() as connection:
                state = await state_of(connection, campaign, lock=True)
                if state is not CampaignState.RUNNING:
                    return state
                if await _any(connection, campaign, or_(and_(*TO_SEND), D.state == S.SENDING)):
                    return state
                return await put_step(connection, campaign, state, Step.FINISH, int(self._clock()))


# --- parts of transactions -------------------------------------------------------------------


async def state_of(connection: AsyncConnection, campaign: int, *, lock: bool = False) -> CampaignState:
    """Raises Problem if there is no such campaign. `lock`: nobody else changes it until the end."""
    query = select(campaigns.c.state).where(campaigns.c.id == campaign)
    found = (await connection.execute(query.with_for_update() if lock else query)).scalar_one_or_none()
    if found is None:
        raise Problem("campaign.unknown", campaign=campaign)
    return CampaignState(found)


async def put_step(
    connection: AsyncConnection, campaign: int, state: CampaignState, step: Step, now: int, **values: object
) -> CampaignState:
    """The step from `state`, which is locked; its evidence with it. Raises Problem if it is not open."""
    reached = after(state, step)
    changed = update(campaigns).where(campaigns.c.id == campaign)
    await connection.execute(changed.values(state=reached, updated_at=now, **values))
    await append(connection, [Event(step.value, now, campaign, details={"state": reached.value})])
    return reached


async def due_of(connection: AsyncConnection, campaign: int, now: int) -> int | None:
    """The deadline of somebody who is added now; None: the campaign's."""
    c = campaigns.c
    start = func.coalesce(c.starts_at, c.created_at).label("start")
    row = (await connection.execute(select(start, c.due_at).where(c.id == campaign))).one()
    return own_due(row.start, row.due_at, now)


async def _queued_again(
    connection: AsyncConnection, campaign: int, state: CampaignState, events: Sequence[Event], now: int
) -> None:
    """The end of a transaction that has queued people of a campaign, which is locked."""
    if events and state is CampaignState.DONE:
        await put_step(connection, campaign, state, Step.REOPEN, now)
    await append(connection, events)


async def _any(connection: AsyncConnection, campaign: int, which: ColumnElement[bool]) -> bool:
    found = select(exists().where(D.campaign_id == campaign, which))
    return bool((await connection.execute(found)).scalar_one())


async def _change(
    connection: AsyncConnection,
    campaign: int,
    rows: Sequence[Row[Any]],
    values: dict[str, Any],
    state: DeliveryState,
) -> None:
    """The same change of several locked rows, and of their counts."""
    if not rows:
        return
    which = (D.campaign_id == campaign, D.person_id.in_([row.person_id for row in rows]))
    await connection.execute(update(deliveries).where(*which).values(values))
    change = Counter[Cell]()
    for row in rows:
        _moved(change, row, state)
    await move(connection, campaign, change)


def _moved(change: Counter[Cell], row: Any, state: str) -> None:
    done = row.acknowledged_at is not None
    change[Cell(row.unit_id, row.state, done)] -= 1
    change[Cell(row.unit_id, str(state), done)] += 1


# --- outcomes --------------------------------------------------------------------------------

_RECORD = (
    update(deliveries)
    .where(D.campaign_id == bindparam("b_campaign"), D.person_id == bindparam("b_person"))
    .values(
        {
            name: bindparam(name)
            for name in (
                "state",
                "reason",
                "message_id",
                "sent_at",
                "external_id",
                "claimed_by",
                "wait_until",
            )
        }
        | {"attempts": D.attempts - bindparam("b_untried")}
    )
)


def _outcome(outcome: Outcome, now: int) -> dict[str, Any]:
    """The columns that it sets."""
    values: dict[str, Any] = {"reason": None, "message_id": None, "sent_at": None, "claimed_by": None}
    values |= {"wait_until": None, "b_untried": 0}
    match outcome:
        case Sent(message):
            return values | {"state": S.SENT.value, "message_id": message, "sent_at": now}
        case RetryAfter():
            return values | {"state": S.QUEUED.value}
        case NotTried():
            return values | {"state": S.QUEUED.value, "b_untried": 1}
        case Later(seconds, why):
            until = now + ceil(seconds)
            return values | {"state": S.QUEUED.value, "reason": why, "wait_until": until, "b_untried": 1}
        case Halted(why):
            return values | {"state": S.QUEUED.value, "reason": why, "b_untried": 1}
        case Refused(reason):
            return values | {"state": S.FAILED.value, "reason": reason}
        case NotReached(why):
            return values | {"state": S.UNREACHABLE.value, "reason": why.value}
        case _:
            return values | {"state": S.UNCERTAIN.value}


def _events(campaign: int, channel: str, changed: Iterable[dict[str, Any]], now: int) -> list[Event]:
    """Nothing has happened to who is queued again."""
    return [
        _event(values["state"], now, campaign, values["b_person"], channel=channel)
        if values["reason"] is None
        else _event(
            values["state"], now, campaign, values["b_person"], channel=channel, reason=values["reason"]
        )
        for values in changed
        if values["state"] != S.QUEUED
    ]


def _event(kind: str, now: int, campaign: int, person: int, **details: str) -> Event:
    return Event(kind, now, campaign, person, details)


# --- who can be reached ----------------------------------------------------------------------


def _rows(*more: ColumnElement[Any]) -> Any:
    return select(D.person_id, D.unit_id, D.state, D.acknowledged_at, *more).order_by(D.person_id)


def _parcels(channel: str) -> Any:
    """Deliveries beside the person's account on the channel."""
    account = and_(identities.c.person_id == D.person_id, identities.c.channel == channel)
    own = and_(profiles.c.channel == channel, profiles.c.external_id == identities.c.external_id)
    return select(
        D.person_id, D.unit_id, D.state, D.acknowledged_at, identities.c.external_id, profiles.c.language
    ).select_from(deliveries.join(identities, account).outerjoin(profiles, own))


@cache
def _queued(channel: str, preferred: tuple[str, ...]) -> Any:
    """The first `most` of `campaign` for the channel, locked. Built once: that takes longer than asking."""
    campaign: BindParameter[int] = bindparam("campaign", type_=BigInteger())
    runs = exists().where(campaigns.c.id == campaign, campaigns.c.state == CampaignState.RUNNING)
    query = (
        _parcels(channel)
        .where(D.campaign_id == campaign, *TO_SEND, _usable(), runs)
        .where(or_(D.wait_until.is_(None), D.wait_until <= bindparam("now", type_=BigInteger())))
        .where(D.failed_on.is_distinct_from(channel))
        .order_by(D.person_id)
        .limit(bindparam("most", type_=Integer()))
        .with_for_update(of=deliveries, skip_locked=True)
    )
    return query.where(~_reached_on(preferred)) if preferred else query


def _usable() -> ColumnElement[bool]:
    """The account in `identities` can be written to."""
    gone, told = unreachable.alias("gone"), profiles.alias("told")
    lost = exists().where(gone.c.channel == identities.c.channel, gone.c.chat_id == identities.c.external_id)
    stopped = exists().where(
        told.c.channel == identities.c.channel,
        told.c.external_id == identities.c.external_id,
        told.c.stopped_at.is_not(None),
    )
    return and_(~lost.correlate(identities), ~stopped.correlate(identities))


def _reached_on(channels: Sequence[str], but: ColumnElement[str | None] = D.failed_on) -> ColumnElement[bool]:
    """The person of the delivery has an account on one of the channels that can be written to. `but`: the
    channel that has failed, if any."""
    accounts = select(literal(1)).select_from(identities)
    own = (identities.c.person_id == D.person_id, identities.c.channel.in_(channels), _usable())
    return accounts.where(*own, identities.c.channel.is_distinct_from(but)).correlate(deliveries).exists()


def why_unreachable(channels: Sequence[str]) -> ColumnElement[Any]:
    """The reason why nothing reaches the person of the delivery: that of her account, if she has one."""
    own = and_(identities.c.person_id == D.person_id, identities.c.channel.in_(channels))
    stopped = (
        select(literal(Unreachable.STOPPED.value))
        .select_from(
            identities.join(
                profiles,
                and_(
                    profiles.c.channel == identities.c.channel,
                    profiles.c.external_id == identities.c.external_id,
                ),
            )
        )
        .where(own, profiles.c.stopped_at.is_not(None))
        .limit(1)
        .correlate(deliveries)
        .scalar_subquery()
    )
    gone = (
        select(
            case(
                *((unreachable.c.reason == told, why.value) for told, why in KNOWN.items()),
                else_=Unreachable.NEVER_STARTED.value,
            )
        )
        .select_from(
            identities.join(
                unreachable,
                and_(
                    unreachable.c.channel == identities.c.channel,
                    unreachable.c.chat_id == identities.c.external_id,
                ),
            )
        )
        .where(own)
        .limit(1)
        .correlate(deliveries)
        .scalar_subquery()
    )
    return func.coalesce(stopped, gone, literal(Unreachable.NO_IDENTITY.value))
