"""Handing a message to the lane: in its turn, once, and never after her working time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.campaigns.campaign import Unreachable
from bot.campaigns.carrying import Carrying, in_a_word
from bot.campaigns.lane import LaneLostError
from bot.campaigns.sending import (
    Halted,
    Later,
    NotReached,
    NotTried,
    Outcome,
    Refused,
    RetryAfter,
    Sent,
    Uncertain,
)
from bot.model import Reply
from bot.people.identity import Account
from bot.problems import Problem
from tests.policy_worlds import MONDAY, at

ANI = Account("telegram", "1")
NINE = at(MONDAY, "09:00")


class Road:
    """A lane and the sender behind it. `turns`: what happens at each turn; `fates`: at each call."""

    def __init__(self, turns: list[Any] | None = None, fates: list[Outcome] | None = None) -> None:
        self.now = NINE
        self.halted = 0.0
        self.lost: list[tuple[Account, Unreachable]] = []
        self.turns, self.fates = turns or [], fates or []
        self.calls = 0
        self.shut: Exception | None = None
        self.pauses: list[float] = []

    @asynccontextmanager
    async def use(self) -> AsyncIterator[str]:
        if self.shut is not None:
            raise self.shut
        yield "1"

    async def try_turn(self) -> bool:
        step = self.turns.pop(0) if self.turns else None
        if isinstance(step, timedelta):
            self.now += step
        elif step is not None:
            raise step
        return True

    def hold(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.halted = seconds

    async def send(self, channel: str, external_id: str, message: Reply) -> Outcome:
        self.calls += 1
        return self.fates.pop(0) if self.fates else Sent("1")

    async def carry(self, until: datetime) -> Outcome:
        lane: Any = self
        return await Carrying({"telegram": lane}, self, self.clock, self.lose).send(ANI, Reply("x"), until)

    def clock(self) -> datetime:
        return self.now

    async def lose(self, account: Account, why: Unreachable) -> None:
        self.lost.append((account, why))


async def test_a_message_goes_in_its_turn() -> None:
    road = Road()
    assert await road.carry(NINE + timedelta(hours=1)) == Sent("1")
    assert road.calls == 1


async def test_a_message_whose_turn_comes_too_late_is_not_sent() -> None:
    road = Road([timedelta(hours=1)])
    assert await road.carry(NINE + timedelta(hours=1)) == NotTried()
    assert road.calls == 0


async def test_a_lost_lane_is_waited_for_again() -> None:
    road = Road([LaneLostError("x")])
    assert await road.carry(NINE + timedelta(hours=1)) == Sent("1")


async def test_a_pause_that_the_channel_asks_for_is_kept_for_everybody() -> None:
    road = Road(fates=[RetryAfter(0.01)])
    assert await road.carry(NINE + timedelta(hours=1)) == Sent("1")
    assert (road.pauses, road.calls) == ([0.01], 2)


async def test_a_long_pause_of_the_channel_is_told_at_once() -> None:
    """So that it holds no other message; the next pass tries again."""
    road = Road(fates=[RetryAfter(600.0)])
    assert await road.carry(NINE + timedelta(hours=1)) == RetryAfter(600.0)
    assert road.calls == 1


@pytest.mark.parametrize("until", [2, 3_600])
async def test_while_the_channel_pauses_long_no_turn_is_waited_for(until: int) -> None:
    road = Road([AssertionError("no turn")])
    road.halted = 8.0 if until == 2 else 100.0
    outcome = await road.carry(NINE + timedelta(seconds=until))
    assert outcome == (NotTried() if until == 2 else RetryAfter(100.0))
    assert road.calls == 0


@pytest.mark.parametrize(
    ("fate", "lost"),
    [
        (NotReached(Unreachable.BLOCKED), [(ANI, Unreachable.BLOCKED)]),
        (NotReached(Unreachable.DEACTIVATED), [(ANI, Unreachable.DEACTIVATED)]),
        (NotReached(Unreachable.STOPPED), []),  # her own wish is noted already
        (Refused("x"), []),
        (Uncertain(), []),
    ],
)
async def test_whom_an_account_does_not_reach_is_noted_as_lost(fate: Outcome, lost: list[Any]) -> None:
    road = Road(fates=[fate])
    assert await road.carry(NINE + timedelta(hours=1)) == fate
    assert road.lost == lost


async def test_a_pause_beyond_her_working_time_ends_it() -> None:
    road = Road(fates=[RetryAfter(3600.0)])
    assert await road.carry(NINE + timedelta(minutes=5)) == NotTried()
    assert road.calls == 1


async def test_a_short_pause_for_one_person_holds_nobody_else() -> None:
    road = Road(fates=[Later(0.001)])
    assert await road.carry(NINE + timedelta(hours=1)) == Sent("1")
    assert (road.pauses, road.calls) == ([], 2)


@pytest.mark.parametrize("outcome", [Later(3_600.0, "limit"), Halted("ceiling")])
async def test_what_would_wait_too_long_is_told_at_once(outcome: Outcome) -> None:
    assert await Road(fates=[outcome]).carry(NINE + timedelta(hours=2)) == outcome


@pytest.mark.parametrize(
    ("outcome", "word"),
    [
        (Sent("1"), "sent"),
        (Uncertain(), "uncertain"),
        (Refused("x"), "failed"),
        (NotReached(Unreachable.BLOCKED), "unreachable"),
        (NotTried(), "not_sent"),
        (RetryAfter(1.0), "not_sent"),
        (Later(3_600.0, "limit"), "not_sent"),
        (Halted("ceiling"), "not_sent"),
    ],
)
def test_each_outcome_has_a_word(outcome: Outcome, word: str) -> None:
    assert in_a_word(outcome) == word


@pytest.mark.parametrize("shut", [LaneLostError("telegram:1"), Problem("store.locked", setting="X")])
async def test_where_the_lane_cannot_be_entered_no_call_was_made(shut: Exception) -> None:
    road = Road()
    road.shut = shut
    assert await road.carry(NINE + timedelta(hours=1)) == NotTried()
    assert road.calls == 0
