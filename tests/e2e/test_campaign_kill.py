"""kill -9 while a campaign is being sent: nothing is lost, nothing is sent twice.

    EDARAN_KILLS=200 pytest tests/e2e/test_campaign_kill.py

The number is that of both engines together. A life ends at a random moment: while it starts, waits for the
lane, marks, sends or records. One in five shares the campaign with another process.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import random
import time
from collections import Counter
from multiprocessing.process import BaseProcess
from pathlib import Path

from sqlalchemy import select

from bot.campaigns.campaign import CampaignState
from bot.storage.campaign_tables import deliveries
from tests.campaign_world import AUTHOR, TERMS, Staged
from tests.e2e.campaign_child import main
from tests.staff_world import TODAY

KILLS = int(os.environ.get("EDARAN_KILLS", "16")) // 2
PEOPLE = 1_500
RATE = 250.0
LONGEST_LIFE = 1.2
"""Seconds; a life needs about half of one before it sends anything."""

PATIENCE = 120

said = logging.getLogger(__name__)
forks = multiprocessing.get_context("forkserver")
forks.set_forkserver_preload(["tests.e2e.campaign_child"])


def _life(url: str, log: Path, campaign: int, rate: float | None = RATE) -> BaseProcess:
    child = forks.Process(target=main, args=(url, str(log), campaign, rate), daemon=True)
    child.start()
    return child


def _kill(child: BaseProcess, chosen: random.Random, log: Path) -> bool:
    """Half of them at any moment, half of them while they send. Whether it was still alive then."""
    if chosen.random() < 0.5:
        time.sleep(chosen.random() * LONGEST_LIFE)
    else:
        size, deadline = _size(log), time.monotonic() + 5
        while _size(log) == size and child.is_alive() and time.monotonic() < deadline:
            time.sleep(0.002)
        time.sleep(chosen.random() * 0.3)
    alive = child.is_alive()
    child.kill()
    child.join(PATIENCE)
    return alive


def _size(log: Path) -> int:
    return log.stat().st_size if log.exists() else 0


async def test_nothing_is_lost_and_nothing_is_sent_twice_however_often_it_is_killed(
    database_url: str, tmp_path: Path
) -> None:
    world, log = Staged(database_url), tmp_path / "calls"
    await world.build()
    await world.crowd(PEOPLE)
    chosen, killed, done = random.Random(7), 0, list[int]()
    while killed < KILLS:
        subject = f"Edaran {len(done)}"
        draft = await world.draft(subject=subject)
        made, _ = await world.campaigns.create(draft, TERMS, TODAY, AUTHOR)
        await world.start(made.id)
        done.append(made.id)
        while killed < KILLS and (await world.campaigns.get(made.id)).state is CampaignState.RUNNING:
            lives = [_life(database_url, log, made.id) for _ in range(2 if chosen.random() < 0.2 else 1)]
            for life in lives:
                killed += _kill(life, chosen, log)
    said.info("%d kills", killed)
    for campaign in done:
        last = _life(database_url, log, campaign, None)
        last.join(PATIENCE)
        assert last.exitcode == 0
        await _is_whole(world, log, campaign)
    await world.engine.dispose()


async def _is_whole(world: Staged, log: Path, campaign: int) -> None:
    taken = Counter(
        account for number, account in map(str.split, log.read_text().splitlines()) if number == str(campaign)
    )
    assert max(taken.values(), default=0) <= 1, "somebody got it twice"
    query = select(deliveries.c.person_id, deliveries.c.state).where(deliveries.c.campaign_id == campaign)
    async with world.engine.connect() as connection:
        states = {str(100 + row.person_id): row.state for row in await connection.execute(query)}
    assert len(states) == PEOPLE
    assert set(states.values()) <= {"sent", "uncertain"}
    assert all(taken[account] == 1 for account, state in states.items() if state == "sent")
    assert set(taken) <= set(states)
    assert await world.counts_hold(campaign)
    events, ends = await world.evidence(campaign), Counter(states.values())
    assert events["sent"] == ends["sent"]
    assert events["uncertain"] >= ends["uncertain"]
    said.info("campaign %d: %s, the channel took %d", campaign, dict(ends), len(taken))
