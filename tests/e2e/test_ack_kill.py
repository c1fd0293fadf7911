"""kill -9 while people acknowledge: whoever was told that it is recorded finds it recorded.

    EDARAN_KILLS=200 pytest tests/e2e/test_ack_kill.py

The number is that of both engines together.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from pathlib import Path

from sqlalchemy import func, select

from bot.campaigns.acknowledging import Wish
from bot.campaigns.campaign import Proof
from bot.storage.acknowledgments import SqlAcknowledgments
from bot.storage.campaign_tables import acknowledgments, deliveries, evidence_events
from bot.storage.engine import open_engine
from tests.campaign_world import AUTHOR, TERMS, Staged
from tests.e2e.test_campaign_kill import KILLS, PATIENCE, forks
from tests.staff_world import TODAY

PEOPLE = 3_000
AT_ONCE = 20
LONGEST_LIFE = 0.4
"""Seconds, from the first reply on."""


def acknowledging(url: str, log: str, campaign: int, people: list[int], seed: int) -> None:
    """Everybody presses, in any order and some twice; what is told is written down when it is told."""
    told = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    async def press(ledger: SqlAcknowledgments, turns: asyncio.Semaphore, person: int) -> None:
        async with turns:
            await ledger.take(Wish(person, campaign, 1_795_410_000, Proof.BUTTON, "telegram"))
            os.write(told, f"{person}\n".encode())

    async def all_of_them() -> None:
        chosen = random.Random(seed)
        order = chosen.sample(people, len(people)) + chosen.sample(people, len(people) // 10)
        ledger, turns = SqlAcknowledgments(open_engine(url)), asyncio.Semaphore(AT_ONCE)
        await asyncio.gather(*(press(ledger, turns, person) for person in order))

    asyncio.run(all_of_them())


async def test_no_acknowledgment_is_lost_once_its_reply_was_given(database_url: str, tmp_path: Path) -> None:
    world, log, chosen = Staged(database_url), tmp_path / "told", random.Random(11)
    await world.build()
    await world.crowd(PEOPLE)
    draft = await world.draft()
    campaign = (await world.campaigns.create(draft, TERMS, TODAY, AUTHOR))[0].id
    await world.start(campaign)
    async with world.engine.connect() as connection:
        everybody = list(await connection.scalars(select(deliveries.c.person_id)))
    for life in range(KILLS):
        child = forks.Process(
            target=acknowledging, args=(database_url, str(log), campaign, everybody, life), daemon=True
        )
        size = log.stat().st_size if log.exists() else 0
        child.start()
        deadline = time.monotonic() + PATIENCE
        while child.is_alive() and time.monotonic() < deadline:
            if log.exists() and log.stat().st_size > size:
                break
            await asyncio.sleep(0.002)
        await asyncio.sleep(chosen.random() * LONGEST_LIFE)
        child.kill()
        child.join(PATIENCE)
    told = {int(line) for line in log.read_text().splitlines()}
    async with world.engine.connect() as connection:
        kept = list(await connection.scalars(select(acknowledgments.c.person_id)))
        leaves = select(func.count()).where(evidence_events.c.kind == "acknowledged")
        assert (await connection.execute(leaves)).scalar_one() == len(kept)
    assert told
    assert told <= set(kept)
    assert len(kept) == len(set(kept))
    assert await world.counts_hold(campaign)
    await world.engine.dispose()
