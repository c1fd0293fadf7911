"""The lane: one holder, never too fast, fair, and answers first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise

import pytest

from bot.campaigns.lane import Lane, LaneLostError, Plan, Seen
from bot.problems import Problem
from bot.storage.lanes import SqlLeases
from tests.campaign_world import QUICK, Staged


class FakeLeases:
    """Rows in memory; `broken`: the database does not answer."""

    def __init__(self) -> None:
        self.rows: dict[str, Seen] = {}
        self.broken = False

    def _row(self, name: str) -> Seen:
        if self.broken:
            raise Problem("store.locked", setting="X")
        return self.rows.setdefault(name, Seen(None, 0, 0, 0))

    async def look(self, name: str, *, wanting: bool) -> Seen:
        row = self._row(name)
        if wanting:
            self.rows[name] = row = Seen(row.holder, row.tenure, row.beat, row.wanted + 1)
        return row

    async def take(self, name: str, seen: Seen, holder: str) -> int | None:
        row = self._row(name)
        if (row.holder, row.tenure, row.beat) != (seen.holder, seen.tenure, seen.beat):
            return None
        self.rows[name] = Seen(holder, row.tenure + 1, row.beat + 1, row.wanted)
        return row.tenure + 1

    async def renew(self, name: str, holder: str, tenure: int) -> int | None:
        row = self._row(name)
        if (row.holder, row.tenure) != (holder, tenure):
            return None
        self.rows[name] = Seen(holder, tenure, row.beat + 1, row.wanted)
        return row.wanted

    async def release(self, name: str, holder: str, tenure: int) -> None:
        row = self._row(name)
        if (row.holder, row.tenure) == (holder, tenure):
            self.rows[name] = Seen(None, tenure, row.beat, row.wanted)


class Steady:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def leases() -> FakeLeases:
    return FakeLeases()


# --- pace ------------------------------------------------------------------------------------


async def _times(lane: Lane, count: int) -> list[float]:
    clock, found = asyncio.get_running_loop().time, []
    async with lane.use():
        for _ in range(count):
            await lane.turn()
            found.append(clock())
    return found


async def test_no_second_has_more_messages_than_the_rate(leases: FakeLeases) -> None:
    lane = Lane("a", leases, 50, QUICK)
    times = await _times(lane, 80)
    await lane.close()
    assert all(later - earlier >= 1 for earlier, later in zip(times, times[50:], strict=False))
    assert min(later - earlier for earlier, later in pairwise(times)) >= 1 / 56


async def test_who_takes_over_does_not_send_right_after_the_one_before(leases: FakeLeases) -> None:
    one, other = Lane("a", leases, 10, QUICK), Lane("a", leases, 10, QUICK)
    before = await _times(one, 1)
    await one.let_go()
    after = await _times(other, 1)
    await other.close()
    assert after[0] - before[0] >= 1


async def test_campaigns_share_the_lane_evenly(leases: FakeLeases) -> None:
    lane, order = Lane("a", leases, 500, QUICK), list[str]()

    async def campaign(name: str, count: int) -> None:
        async with lane.use():
            for _ in range(count):
                await lane.turn()
                order.append(name)

    await asyncio.gather(campaign("long", 60), campaign("short", 10), campaign("other", 10))
    await lane.close()
    assert all(order[:30].count(name) == 10 for name in ("long", "short", "other"))


async def test_a_pause_stops_everybody_on_the_lane(leases: FakeLeases) -> None:
    lane = Lane("a", leases, None, QUICK)
    async with lane.use():
        assert await lane.try_turn()
        lane.hold(0.1)
        began = asyncio.get_running_loop().time()
        assert not await lane.try_turn()
        await lane.turn()
        assert asyncio.get_running_loop().time() - began >= 0.09
    await lane.close()


# --- answers first ---------------------------------------------------------------------------


async def test_messages_to_many_wait_while_a_person_is_answered(leases: FakeLeases) -> None:
    lane, sent = Lane("a", leases, 1000, QUICK), list[int]()

    async def many() -> None:
        async with lane.use():
            for number in range(100):
                await lane.turn()
                sent.append(number)

    work = asyncio.create_task(many())
    while not sent:
        await asyncio.sleep(0.001)
    with lane.answering():
        await asyncio.sleep(0)
        before = len(sent)
        await asyncio.sleep(0.05)
        assert len(sent) <= before + 1  # one was on its way
    await work
    await lane.close()
    assert len(sent) == 100


async def test_an_answer_takes_a_place_of_the_rate(leases: FakeLeases) -> None:
    lane = Lane("a", leases, 20, QUICK)
    async with lane.use():
        await lane.turn()
        for _ in range(2):
            with lane.answering():
                pass
        began = asyncio.get_running_loop().time()
        await lane.turn()
        assert asyncio.get_running_loop().time() - began >= 2.5 / 22
    await lane.close()


async def test_an_answer_that_hangs_does_not_stop_everything(leases: FakeLeases) -> None:
    lane = Lane("a", leases, None, Plan(silence=5, every=1, poll=0.01, answers=0.05))
    hanging = lane.answering()
    hanging.__enter__()
    async with lane.use():
        await asyncio.wait_for(lane.turn(), 2)
        hanging.__exit__()
        await asyncio.wait_for(lane.turn(), 2)
    await lane.close()


# --- who holds it ----------------------------------------------------------------------------


@pytest.fixture
async def staged(database_url: str) -> AsyncIterator[Staged]:
    world = Staged(database_url)
    await world.build()
    yield world
    await world.engine.dispose()


async def test_only_one_process_holds_a_lane(staged: Staged) -> None:
    lanes, inside, most = [staged.lane() for _ in range(3)], 0, 0

    async def work(lane: Lane) -> None:
        nonlocal inside, most
        for _ in range(3):
            async with lane.use():
                inside += 1
                most = max(most, inside)
                await asyncio.sleep(0.01)
                inside -= 1
            await lane.let_go()

    await asyncio.gather(*map(work, lanes))
    assert most == 1


async def test_a_holder_that_died_is_followed_after_its_silence(staged: Staged) -> None:
    died = staged.lane()
    async with died.use():
        assert died._renewing is not None
        died._renewing.cancel()
    following, clock = staged.lane(), asyncio.get_running_loop().time
    began = clock()
    async with following.use() as tenure:
        assert tenure.endswith("#2")
    assert clock() - began >= QUICK.silence
    await following.close()


async def test_lanes_of_two_bots_do_not_wait_for_each_other(staged: Staged) -> None:
    one, other = staged.lane(name="telegram:1"), staged.lane(name="telegram:2")
    async with one.use(), other.use():
        assert one.held
        assert other.held
    await one.close()
    await other.close()


async def test_a_holder_that_is_long_at_it_gives_way_to_who_waits(staged: Staged) -> None:
    order = list[str]()

    async def work(name: str) -> None:
        lane = staged.lane()
        for _ in range(30):
            async with lane.use():
                order.append(name)
                await asyncio.sleep(0.03)
        await lane.close()

    await asyncio.gather(work("a"), work("b"))
    changes = sum(before != after for before, after in pairwise(order))
    assert len(order) == 60
    assert changes >= 2


async def test_an_idle_holder_lets_go_when_somebody_waits(staged: Staged) -> None:
    idle, waiting = staged.lane(), staged.lane()
    async with idle.use():
        pass
    async with asyncio.timeout(5), waiting.use():
        assert not idle.held
    await idle.close()
    await waiting.close()


async def test_who_cannot_renew_stops_before_anybody_may_follow(leases: FakeLeases) -> None:
    clock = Steady()
    lane = Lane("a", leases, None, Plan(silence=10, every=0.01, poll=0.01), clock)
    async with lane.use():
        leases.broken = True
        clock.now += 6.9
        await lane.turn()
        clock.now += 0.2
        with pytest.raises(LaneLostError):
            await lane.turn()
        leases.broken = False
        await asyncio.sleep(0.1)  # the database answers again, and nobody was quicker
        await lane.turn()
    await lane.close()


async def test_who_was_followed_notices_it_and_sends_nothing_more(leases: FakeLeases) -> None:
    lane = Lane("a", leases, None, Plan(silence=10, every=0.01, poll=0.01))
    async with lane.use():
        row = leases.rows["a"]
        leases.rows["a"] = Seen("other", row.tenure + 1, row.beat + 1, row.wanted)
        await asyncio.sleep(0.1)
        with pytest.raises(LaneLostError):
            await lane.turn()
    await lane.close()
    assert leases.rows["a"].holder == "other"


async def test_a_waiting_process_can_end(leases: FakeLeases) -> None:
    leases.rows["a"] = Seen("other", 1, 1, 0)
    lane = Lane("a", leases, None, QUICK)

    async def wait() -> None:
        async with lane.use():
            raise AssertionError

    waiting = asyncio.create_task(wait())
    await asyncio.sleep(0.05)
    await lane.close()
    with pytest.raises(LaneLostError):
        await waiting


async def test_two_who_see_a_free_lane_do_not_both_get_it(staged: Staged) -> None:
    leases = SqlLeases(staged.engine)
    seen = await leases.look("x", wanting=False)
    assert await leases.take("x", seen, "one") == 1
    assert await leases.take("x", seen, "other") is None
    assert await leases.renew("x", "other", 1) is None
    assert await leases.renew("x", "one", 1) == seen.wanted
    await leases.release("x", "other", 1)
    assert (await leases.look("x", wanting=True)).holder == "one"
