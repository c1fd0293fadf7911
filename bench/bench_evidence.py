"""The evidence log: appending beside a bare insert of the same rows, then proofs, checkpoints and a whole
verification at a million events, with the memory that each takes.

The peer of appending writes the same table in the same transactions, but commits to nothing: what is measured
is the price of the evidence, in batches of 100 (deliveries) and groups of 20 (acknowledgments). The peer of a
proof is pymerkle's own SQLite tree over the same leaves.
"""

from __future__ import annotations

import asyncio
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.campaigns.evidence import Event
from bot.campaigns.inspection import inspect
from bot.campaigns.signing import new_signer
from bot.storage import bundle, campaign_tables
from bot.storage import evidence as log
from bot.storage.engine import open_engine
from bot.storage.tables import metadata
from tests.postgres import NoPostgresError, Postgres

ROUNDS = 5
EVENTS = 20_000
SIZE = int(os.environ.get("EVENTS", "1000000"))
"""Events of the large log."""
NOW = 1_795_000_000
DETAILS = {"channel": "telegram", "proof": "button", "version": "ab" * 32}
TABLE = campaign_tables.evidence_events


def events(count: int) -> list[Event]:
    return [Event("sent", NOW, 7, person, DETAILS) for person in range(count)]


async def opened(address: str) -> AsyncEngine:
    engine = open_engine(address)
    tables = [table for name, table in metadata.tables.items() if name.startswith("evidence_")]
    async with engine.begin() as connection:
        await connection.run_sync(lambda c: metadata.create_all(c, tables))
    return engine


# --- appending -------------------------------------------------------------------------------

Append = Callable[[AsyncEngine, list[Event], int], Awaitable[None]]


async def committed(engine: AsyncEngine, batch: list[Event], _: int) -> None:
    async with engine.begin() as connection:
        await log.append(connection, batch)


async def bare(engine: AsyncEngine, batch: list[Event], first: int) -> None:
    rows = [
        {
            "seq": 10**9 + first + place,
            "at": event.at,
            "kind": event.kind,
            "campaign_id": event.campaign,
            "person_id": event.person,
            "salt": b"s" * 16,
            "subject": "s" * 120,
            "entry": "e" * 150,
        }
        for place, event in enumerate(batch)
    ]
    async with engine.begin() as connection:
        await connection.execute(insert(TABLE), rows)


async def rate(append: Append, engine: AsyncEngine, group: int, offset: int) -> float:
    """Events a second."""
    batch = events(group)
    began = time.perf_counter()
    for start in range(0, EVENTS, group):
        await append(engine, batch, offset + start)
    return EVENTS / (time.perf_counter() - began)


async def appending(label: str, address: str) -> None:
    engine = await opened(address)
    for group in (100, 20):
        pairs = []
        for turn in range(ROUNDS):
            offset = (group * 100 + turn) * EVENTS
            pairs.append((await rate(committed, engine, group, 0), await rate(bare, engine, group, offset)))
        ours, peer = (statistics.median(column) for column in zip(*pairs, strict=True))
        ratio = statistics.median(our / their for our, their in pairs)
        print(
            f"{label}, groups of {group}: {ours:.0f} events/s, bare {peer:.0f}/s, ratio {ratio:.2f}",
            flush=True,
        )
    await engine.dispose()


def committing() -> None:
    batch = events(10_000)
    began = time.process_time()
    for seq, event in enumerate(batch):
        log._row(event, seq, b"s" * 16)
    print(f"one event made ready: {(time.process_time() - began) / len(batch) * 1e6:.1f} µs of processor")


# --- a million -------------------------------------------------------------------------------


async def large(folder: Path) -> None:
    engine = await opened(f"sqlite:///{folder}/large.db")
    batch = events(1_000)
    async with engine.connect() as connection:
        for start in range(0, SIZE, 1_000):
            await log.append(connection, batch)
            if start % 50_000 == 0:
                await connection.commit()
        await connection.commit()
    await engine.dispose()


async def checkpoints(folder: Path) -> None:
    engine, signer = await opened(f"sqlite:///{folder}/large.db"), new_signer()
    began = time.perf_counter()
    await log.checkpoint(engine, signer, NOW)
    first = time.perf_counter() - began
    async with engine.begin() as connection:
        await log.append(connection, events(1_000))
    began = time.perf_counter()
    await log.checkpoint(engine, signer, NOW)
    later = (time.perf_counter() - began) * 1e3
    print(f"first checkpoint over {SIZE}: {first:.1f} s; the next, 1,000 later: {later:.1f} ms")
    await engine.dispose()


async def proofs(folder: Path) -> None:
    engine = await opened(f"sqlite:///{folder}/large.db")
    times, checks = [], []
    for number in range(200):
        seq = 1 + number * (SIZE // 200)
        began = time.perf_counter()
        made = await log.receipt(engine, (seq - 1) % 1_000, seq)
        times.append(time.perf_counter() - began)
        began = time.perf_counter()
        assert made.holds()
        checks.append(time.perf_counter() - began)
    word = made.token()
    print(
        f"receipt at {SIZE}: {statistics.median(times) * 1e3:.2f} ms (slowest {max(times) * 1e3:.1f}), "
        f"verified in {statistics.median(checks) * 1e6:.0f} µs, {len(word)} letters"
    )
    await engine.dispose()


async def peer(folder: Path) -> None:
    """pymerkle's SQLite tree, as it comes: its first proof computes all subtrees, the later ones find
    them."""
    import sqlite3

    from pymerkle import SqliteTree  # type: ignore[import-untyped]  # the package has no types

    tree = SqliteTree(str(folder / "peer.db"))
    with sqlite3.connect(folder / "large.db") as connection:
        query = "SELECT entry FROM evidence_events ORDER BY seq"
        tree.append_entries(entry.encode() for (entry,) in connection.execute(query))
    times = []
    for number in range(20):
        began = time.perf_counter()
        tree.prove_inclusion(1 + number * (SIZE // 20))
        times.append(time.perf_counter() - began)
    first, later = times[0] * 1e3, statistics.median(times) * 1e3
    print(f"pymerkle's own SQLite tree: first proof {first:.0f} ms, then {later:.1f} ms")


async def exporting(folder: Path) -> None:
    engine = await opened(f"sqlite:///{folder}/large.db")
    began = time.perf_counter()
    await bundle.export(engine, new_signer(), folder / "bundle.db", NOW)
    size = (folder / "bundle.db").stat().st_size / 2**20
    print(f"bundle of {SIZE}: {time.perf_counter() - began:.1f} s, {size:.0f} MiB")
    await engine.dispose()


async def verifying(folder: Path) -> None:
    began = time.perf_counter()
    with bundle.opened(folder / "bundle.db") as file:
        report = inspect(file)
        assert file.whole()
    assert not report.findings
    print(f"verification of {report.events}: {time.perf_counter() - began:.1f} s")


STEPS = {step.__name__: step for step in (large, checkpoints, proofs, peer, exporting, verifying)}


def main() -> None:
    if len(sys.argv) == 3:  # one step, in a process of its own, so that its memory is its own
        step = STEPS[sys.argv[1]]
        start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        asyncio.run(step(Path(sys.argv[2])))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"    {step.__name__}: peak {peak:.0f} MiB resident, {start:.0f} of them the program", flush=True
        )
        return
    committing()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(appending("SQLite", f"sqlite:///{folder}/append.db"))
        with postgresql() as address:
            if address is not None:
                asyncio.run(appending("PostgreSQL", address))
        for name in STEPS:
            subprocess.run([sys.executable, "-m", "bench.bench_evidence", name, folder], check=True)


@contextmanager
def postgresql() -> Iterator[str | None]:
    """A database of the tests' server, which does not wait for the disk; None: there is none here."""
    try:
        server = Postgres()
    except NoPostgresError as error:
        print(f"PostgreSQL: not measured, {error}")
        yield None
        return
    try:
        with server.database() as address:
            yield address
    finally:
        server.stop()


if __name__ == "__main__":
    main()
