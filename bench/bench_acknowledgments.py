"""A burst: five thousand people acknowledge within ten seconds, through the desk, until each has her reply.

Nobody is in any cache beforehand: it is morning, or the program has just been started. The peer writes the
bare row of each, in a transaction of its own, with the same arrivals in the same run and nobody to look up.
Every reply's row is looked for afterwards through a fresh connection.
"""

from __future__ import annotations

import asyncio
import os
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence

from sqlalchemy import insert, select

from bench.bench_evidence import postgresql
from bot.storage.campaign_tables import acknowledgments, deliveries, evidence_events
from bot.storage.engine import open_engine
from bot.storage.tables import identities, people, placements
from tests.unit.ack_world import LONG_AGO, NOON, OFFICE, REGENCY, AckWorld

PEOPLE = int(os.environ.get("PEOPLE", "5000"))
SECONDS = float(os.environ.get("SECONDS_OF_BURST", "10"))
LIMIT = 2.0
"""Seconds for 95 of 100 replies."""

Tap = Callable[[int], Awaitable[None]]


async def world(address: str) -> AckWorld:
    made = await AckWorld(address).build()
    everybody = range(1, PEOPLE + 1)
    entries = [
        {"id": n, "regency": REGENCY, "number": f"{n:018}", "name": f"Pegawai {n}", "joined_on": LONG_AGO}
        | {"updated_at": NOON}
        for n in everybody
    ]
    places = [{"person_id": n, "unit_id": OFFICE, "kind": "primary", "since": LONG_AGO} for n in everybody]
    accounts = [
        {"channel": "telegram", "external_id": str(n), "person_id": n, "linked_at": NOON, "how": "code"}
        for n in everybody
    ]
    async with made.engine.begin() as connection:
        for table, rows in ((people, entries), (placements, places), (identities, accounts)):
            await connection.execute(insert(table), rows)
    return made


async def burst(tap: Tap) -> list[float]:
    """Seconds from each arrival to its reply."""
    chance = random.Random(1)
    arrivals = sorted(chance.uniform(0, SECONDS) for _ in range(PEOPLE))
    began = time.perf_counter()

    async def one(person: int, at: float) -> float:
        await asyncio.sleep(max(0.0, began + at - time.perf_counter()))
        await tap(person)
        return time.perf_counter() - began - at

    return await asyncio.gather(*(one(n, at) for n, at in enumerate(arrivals, 1)))


async def ours(made: AckWorld) -> list[float]:
    campaign = await made.campaign(await made.version(), range(1, PEOPLE + 1))

    async def tap(person: int) -> None:
        [reply] = await made.press(person, f"k:ack:{campaign}")
        assert reply.text.startswith("Tercatat"), reply.text

    times = await burst(tap)
    await check(made, campaign)
    return times


async def check(made: AckWorld, campaign: int) -> None:
    """All of them, each with its mark and its leaf, as another connection sees them."""
    fresh = open_engine(made.url)
    async with fresh.connect() as connection:
        rows = select(acknowledgments.c.person_id).where(acknowledgments.c.campaign_id == campaign)
        leaves = select(evidence_events.c.person_id).where(evidence_events.c.campaign_id == campaign)
        marks = select(deliveries.c.person_id).where(
            deliveries.c.campaign_id == campaign, deliveries.c.acknowledged_at.is_not(None)
        )
        for query in (rows, leaves, marks):
            assert sorted(await connection.scalars(query)) == list(range(1, PEOPLE + 1))
    await fresh.dispose()
    assert await made.count_is_right(campaign)


async def bare(made: AckWorld) -> list[float]:
    version = await made.version()
    campaign = await made.campaign(version, [])

    async def tap(person: int) -> None:
        row = {"version_id": version, "person_id": person, "campaign_id": campaign, "at": NOON}
        async with made.engine.begin() as connection:
            await connection.execute(insert(acknowledgments), row | {"proof": "button"})

    return await burst(tap)


def shown(label: str, times: Sequence[float]) -> float:
    p95 = statistics.quantiles(times, n=20)[-1]
    print(
        f"{label}: median {statistics.median(times) * 1e3:.0f} ms, p95 {p95 * 1e3:.0f} ms, "
        f"slowest {max(times) * 1e3:.0f} ms",
        flush=True,
    )
    return p95


async def measured(label: str, address: str) -> None:
    made = await world(address)
    p95 = shown(f"{label}, {PEOPLE} in {SECONDS:.0f} s, all durable", await ours(made))
    try:
        peer = shown("    peer, a commit each, bare row", await bare(made))
    except Exception as error:  # noqa: BLE001  # a peer that falls over is a figure too
        print(f"    peer, a commit each, bare row: fell over ({type(error).__name__})", flush=True)
    else:
        print(f"    p95 against the peer: {p95 / peer:.2f}", flush=True)
    await made.engine.dispose()
    assert p95 <= LIMIT, f"{p95:.2f} s"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measured("SQLite", f"sqlite:///{folder}/burst.db"))
    with postgresql() as address:
        if address is not None:
            asyncio.run(measured("PostgreSQL", address))


if __name__ == "__main__":
    main()
