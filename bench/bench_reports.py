"""The status of a campaign with a million deliveries, beside counting the deliveries themselves.

Goal: status by unit, over the whole tree, ≤ 100 ms. Peer, in the same run and on the same rows: GROUP BY over
the deliveries, read with the same engine and summed up the tree by the same code.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import resource
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.campaigns.campaign import DeliveryState
from bot.campaigns.exporting import Form, Wording
from bot.campaigns.reporting import Reporting
from bot.campaigns.reports import CELLS, Group, Status, Tally, tree
from bot.catalogues import load_catalogues
from bot.people.rights import Actor
from bot.people.staff import Assignment, Role
from bot.storage.campaign_tables import campaigns, circular_versions, deliveries
from bot.storage.report_files import Task, export
from bot.storage.reports import SqlReports
from bot.storage.store import open_store
from bot.storage.tables import units
from tests.postgres import NoPostgresError, Postgres
from tests.staff_world import LONG_AGO, NOW, TODAY

DELIVERIES = 1_000_000
UNITS = 2_000
AGENCIES = 60
CALLS = 100
GOAL = 100.0
"""Milliseconds."""

OPERATOR = Actor("operator:bench", None, (Assignment(Role.OPERATOR, None, LONG_AGO),))
ZONE = ZoneInfo("Asia/Jakarta")

NUMBERS = {
    "sqlite": "WITH RECURSIVE g(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM g WHERE n < {count}) ",
    "postgresql": "WITH g(n) AS (SELECT generate_series(1, {count})) ",
}


async def fill(engine: AsyncEngine, count: int) -> None:
    """A regency of `UNITS` units in three levels; of ten people six have acknowledged."""
    async with engine.begin() as connection:
        rows = [{"id": 1, "regency": "r", "parent_id": None, "name": "Regency"}]
        for number in range(2, UNITS + 1):
            parent = 1 if number <= AGENCIES else 2 + number % (AGENCIES - 1)
            rows.append({"id": number, "regency": "r", "parent_id": parent, "name": f"Unit {number:05}"})
        if engine.dialect.name == "postgresql":
            await connection.execute(text("SET LOCAL statement_timeout = 0"))
        await connection.execute(insert(units), rows)
        about = {"regency": "r", "circular": "r/a", "digest": "d", "dated": TODAY, "subject": "s"}
        about |= {"issuer": "i", "summary": "{}", "material": True, "created_by": "b", "created_at": NOW}
        await connection.execute(insert(circular_versions), about | {"id": 1})
        made = {"id": 1, "regency": "r", "version_id": 1, "audience": "semua", "due_at": NOW + 604_800}
        made |= {"state": "running", "author": "a", "quiz": False, "created_at": NOW, "updated_at": NOW}
        await connection.execute(insert(campaigns), made)
        for statement in statements(engine.dialect.name, count):
            await connection.execute(text(statement))
    async with engine.connect() as connection:
        await connection.execute(text("ANALYZE"))
        await connection.commit()


def statements(dialect: str, count: int) -> list[str]:
    """People, deliveries, and the counts of these."""
    numbers = NUMBERS[dialect].format(count=count)
    return [
        f"""INSERT INTO people (id, regency, number, name, joined_on, updated_at) {numbers}
            SELECT n, 'r', 'N' || n, 'Nama ' || (n * CAST(7919 AS BIGINT) % 1000003), DATE('2020-01-01'), 1
            FROM g""",
        f"""INSERT INTO deliveries (campaign_id, person_id, unit_id, state, reason, attempts, added_at,
                sent_at, acknowledged_at) {numbers}
            SELECT 1, n, 1 + n % {UNITS},
                CASE WHEN n % 10 = 0 THEN 'unreachable' WHEN n % 10 = 1 THEN 'queued' ELSE 'sent' END,
                CASE WHEN n % 10 = 0 THEN 'no_identity' END, 1, 1, CASE WHEN n % 10 > 1 THEN {NOW} END,
                CASE WHEN n % 10 > 3 THEN {NOW} + (n * CAST(7919 AS BIGINT) % 500000) END FROM g""",
        """INSERT INTO delivery_counts (campaign_id, unit_id, state, acknowledged, count)
            SELECT campaign_id, unit_id, state, acknowledged_at IS NOT NULL, count(*) FROM deliveries
            GROUP BY campaign_id, unit_id, state, acknowledged_at IS NOT NULL""",
    ]


async def counted(engine: AsyncEngine, reporting: Reporting, ledger: SqlReports) -> Status:
    """The peer: the deliveries themselves."""
    view = await reporting.view(OPERATOR, 1)
    done = deliveries.c.acknowledged_at.is_not(None)
    query = (
        select(deliveries.c.unit_id, deliveries.c.state, done, func.count())
        .where(deliveries.c.campaign_id == 1)
        .group_by(deliveries.c.unit_id, deliveries.c.state, done)
    )
    cells: dict[int, list[int]] = {}
    async with engine.connect() as connection:
        for unit, state, said, count in await connection.execute(query):
            cells.setdefault(unit, [0] * len(CELLS))[CELLS.index((DeliveryState(state), bool(said)))] = count
    own = {unit: Tally(tuple(found)) for unit, found in cells.items()}
    return Status(view.known, tuple(tree(view.units, own, top) for top in view.tops))


@dataclass(frozen=True, slots=True)
class Spent:
    """Milliseconds a call, sorted; `cpu`: of this process, on average."""

    wall: list[float]
    cpu: float


async def timed(work: Callable[[], Awaitable[object]], calls: int = CALLS) -> Spent:
    await work()
    wall, used = [], time.process_time()
    for _ in range(calls):
        began = time.perf_counter()
        await work()
        wall.append((time.perf_counter() - began) * 1e3)
    return Spent(sorted(wall), (time.process_time() - used) / calls * 1e3)


def told(name: str, spent: Spent, goal: float | None = None) -> float:
    median, p95 = statistics.median(spent.wall), spent.wall[-1 - len(spent.wall) // 20]
    judged = "" if goal is None else f", goal ≤ {goal:g} ms{'' if p95 <= goal else ': MISSED'}"
    print(f"  {name}: median {median:.1f} ms, p95 {p95:.1f} ms, CPU {spent.cpu:.1f} ms{judged}")
    return median


async def measure(url: str, count: int, folder: Path) -> None:
    store = await open_store(url, lambda: NOW)
    engine = store.engine
    began = time.perf_counter()
    await fill(engine, count)
    print(f"  filled in {time.perf_counter() - began:.0f} s")
    ledger = SqlReports(engine, lambda: NOW)
    reporting = Reporting(ledger, lambda _: TODAY, lambda _: ZONE)
    ours, theirs = await reporting.status(OPERATOR, 1), await counted(engine, reporting, ledger)
    if ours.parts != theirs.parts or ours.total.addressed != count:
        raise SystemExit("the status differs from counting")
    gc.freeze()  # as serving does
    fast = told(f"status of {UNITS} units", await timed(lambda: reporting.status(OPERATOR, 1)), GOAL)
    slow = told("GROUP BY over the deliveries", await timed(lambda: counted(engine, reporting, ledger), 3))
    print(f"    ours is {slow / fast:.0f} × as fast")
    view = await reporting.view(OPERATOR, 1)
    for name, unit in (("regency", 1), ("agency", 2), ("small unit", UNITS)):
        for group in (Group.MISSING, Group.UNREACHABLE):
            spent = await timed(lambda u=unit, g=group: reporting.people(OPERATOR, view, g, u), 3)  # type: ignore[misc]
            told(f"first 50 {group.value}, {name}", spent)
    told("pace: exact median and nine of ten", await timed(lambda: reporting.pace(OPERATOR, view, 1), 3))
    told("by days", await timed(lambda: reporting.days(OPERATOR, view, 1), 3))
    await files(engine, reporting, folder, count)
    await store.close()


async def files(engine: AsyncEngine, reporting: Reporting, folder: Path, count: int) -> None:
    """How fast, and how much more memory the process takes."""
    view = await reporting.view(OPERATOR, 1)
    task = Task(view, OPERATOR, Wording(load_catalogues()["id"], ZONE), NOW)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    await export(engine, task, Form.CSV, folder / "bench.csv")
    spent = time.perf_counter() - began
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"  CSV: {count / spent:,.0f} people/s, peak memory + {grown:.0f} MiB")


@contextmanager
def _postgresql() -> Iterator[str]:
    server = Postgres()
    try:
        with server.database() as url:
            yield url
    finally:
        server.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description="reports of a large campaign")
    parser.add_argument("--deliveries", type=int, default=DELIVERIES)
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), help="only this one")
    options = parser.parse_args()
    print(f"{options.deliveries} deliveries, {UNITS} units")
    with tempfile.TemporaryDirectory() as folder:
        if options.engine in (None, "sqlite"):
            print("SQLite")
            url = f"sqlite:///{Path(folder)}/bench.db"
            asyncio.run(measure(url, options.deliveries, Path(folder)))
        if options.engine in (None, "postgresql"):
            print("PostgreSQL")
            try:
                with _postgresql() as url:
                    asyncio.run(measure(url, options.deliveries, Path(folder)))
            except NoPostgresError as error:
                print(f"  not measured: {error}")


if __name__ == "__main__":
    main()
