"""Who of the staff has a delivery of a campaign: who is meant gets one, and who has left, or is not meant any
more, loses hers. By pages of people, so that memory stays the same and locks are held shortly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.campaigns.addressing import Standing
from bot.campaigns.campaign import RELEASED, CampaignState, DeliveryState, Step, Unreachable
from bot.campaigns.evidence import Event
from bot.storage.audiences import Found
from bot.storage.campaign_counts import Cell, move
from bot.storage.campaign_row import due_of, put_step, state_of
from bot.storage.campaign_tables import deliveries
from bot.storage.engine import add_rows, set_rows
from bot.storage.evidence import append
from bot.storage.tables import people

KEPT = (CampaignState.RUNNING, CampaignState.PAUSED, CampaignState.DONE)
"""States in which joiners are added and leavers withdrawn; before these the audience is read anew."""

D, S = deliveries.c, DeliveryState

_ANEW: Mapping[str, Any] = dict.fromkeys(("claimed_by", "message_id", "sent_at", "wait_until", "failed_on"))
"""Of who comes back: nothing of what was tried with her before stays."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What the staff's changes did to a campaign."""

    added: int = 0
    withdrawn: int = 0


async def deliver(
    connection: AsyncConnection,
    campaign: int,
    page: Sequence[Found],
    now: int,
    due: int | None,
    change: Counter[Cell],
) -> list[int]:
    """Adds deliveries, and to `change` what they count; who is not registered cannot be reached yet. `due`:
    their own deadline, None: the campaign's. The people who were added."""
    rows = []
    for one in page:
        if not one.standing.addressed:
            continue
        state, reason = _first_state(one)
        shared: dict[str, Any] = {
            "campaign_id": campaign,
            "person_id": one.person,
            "unit_id": one.unit,
            "attempts": 0,
        }
        rows.append(shared | {"state": state, "reason": reason, "due_at": due, "added_at": now})
        change[Cell(one.unit, state, False)] += 1
    await add_rows(connection, deliveries, rows)
    return [row["person_id"] for row in rows]


def _first_state(one: Found) -> tuple[str, str | None]:
    if one.standing.value == "unregistered":
        return S.UNREACHABLE.value, Unreachable.NO_IDENTITY.value
    return S.QUEUED.value, None


async def in_step(
    connection: AsyncConnection, campaign: int, covered: range, page: Sequence[Found], day: date
) -> bool:
    """Whether there is nothing to change. `page`: those of the people `covered` whom the campaign means."""
    known, state = await _known(connection, campaign, covered), await state_of(connection, campaign)
    released = {person for person, row in known.items() if _released(row)}
    addressed = {one.person for one in page if one.standing.addressed and one.person not in released}
    there = {person for person, row in known.items() if row.state != S.WITHDRAWN}
    if not addressed <= there <= _meant(page, state):
        return False
    query = select(func.count()).select_from(deliveries.join(people, people.c.id == D.person_id))
    left = query.where(*_within(campaign, covered), *_left(day))
    return not (await connection.execute(left)).scalar_one()


async def keep(
    connection: AsyncConnection, campaign: int, covered: range, page: Sequence[Found], day: date, now: int
) -> Kept:
    """Within the caller's transaction, which ends with it."""
    state = await state_of(connection, campaign, lock=True)
    if state is CampaignState.CANCELLED:
        return Kept()
    change = Counter[Cell]()
    withdrawn = await _withdraw(connection, campaign, covered, _meant(page, state), day, change)
    due = await due_of(connection, campaign, now) if state in KEPT else None
    added = await _add(connection, campaign, covered, page, now, due, change)
    await move(connection, campaign, change)
    if added and state is CampaignState.DONE:
        await put_step(connection, campaign, state, Step.REOPEN, now)
    events = [Event("withdrawn", now, campaign, person) for person in withdrawn]
    events += [Event("joined", now, campaign, person) for person in added]
    await append(connection, events)
    return Kept(len(added), len(withdrawn))


def _meant(page: Sequence[Found], state: CampaignState) -> set[int]:
    """Who keeps her delivery. Before it starts not who is on leave: she is asked when she is back."""
    return {one.person for one in page if state in KEPT or one.standing is not Standing.LEAVE}


def _within(campaign: int, covered: range) -> tuple[Any, ...]:
    return D.campaign_id == campaign, D.person_id >= covered.start, D.person_id < covered.stop


def _left(day: date) -> tuple[Any, ...]:
    """She has left and has not acknowledged; what is being sent just now waits for the next look."""
    open_states = D.state.not_in((S.WITHDRAWN, S.SENDING))
    return people.c.left_on <= day, open_states, D.acknowledged_at.is_(None)


async def _known(connection: AsyncConnection, campaign: int, covered: range) -> dict[int, Any]:
    """Deliveries by person."""
    query = select(D.person_id, D.unit_id, D.state, D.reason).where(*_within(campaign, covered))
    return {row.person_id: row for row in await connection.execute(query)}


def _released(row: Any) -> bool:
    """HR has said that the circular is not for her: she is not added again."""
    return bool(row.state == S.WITHDRAWN and row.reason == RELEASED)


async def _withdraw(
    connection: AsyncConnection,
    campaign: int,
    covered: range,
    meant: set[int],
    day: date,
    change: Counter[Cell],
) -> list[int]:
    """Who has left; and who is not meant any more, unless it has gone out to her."""
    unsent = D.state.in_((S.QUEUED, S.UNREACHABLE, S.FAILED))
    query = (
        select(D.person_id, D.unit_id, D.state, D.acknowledged_at, people.c.left_on)
        .select_from(deliveries.join(people, people.c.id == D.person_id))
        .where(*_within(campaign, covered), D.acknowledged_at.is_(None))
        .where(or_(unsent, *_left(day)[:1]), D.state.not_in((S.WITHDRAWN, S.SENDING)))
        .order_by(D.person_id)
        .with_for_update(of=deliveries)
    )
    rows = [
        row
        for row in (await connection.execute(query)).all()
        if (row.left_on is not None and row.left_on <= day) or row.person_id not in meant
    ]
    for row in rows:
        change[Cell(row.unit_id, row.state, False)] -= 1
        change[Cell(row.unit_id, S.WITHDRAWN.value, False)] += 1
    gone = [row.person_id for row in rows]
    which = (D.campaign_id == campaign, D.person_id.in_(gone))
    if gone:
        await connection.execute(update(deliveries).where(*which).values(state=S.WITHDRAWN, reason=None))
    return gone


async def _add(
    connection: AsyncConnection,
    campaign: int,
    covered: range,
    page: Sequence[Found],
    now: int,
    due: int | None,
    change: Counter[Cell],
) -> list[int]:
    """Who is meant and has no delivery, or one that was withdrawn."""
    known = await _known(connection, campaign, covered)
    fresh = await deliver(
        connection, campaign, [one for one in page if one.person not in known], now, due, change
    )
    back: list[dict[str, Any]] = []
    for one in page:
        old = known.get(one.person)
        if old is None or old.state != S.WITHDRAWN or _released(old) or not one.standing.addressed:
            continue
        state, reason = _first_state(one)
        back.append(
            {
                "campaign_id": campaign,
                "person_id": one.person,
                "unit_id": one.unit,
                "state": state,
                "reason": reason,
                "due_at": due,
                **_ANEW,
            }
        )
        change[Cell(old.unit_id, S.WITHDRAWN.value, False)] -= 1
        change[Cell(one.unit, state, False)] += 1
    await set_rows(connection, deliveries, back)
    return fresh + [row["person_id"] for row in back]
