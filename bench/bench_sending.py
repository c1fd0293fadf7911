"""Sending a campaign: made, sent, paced, and giving way to answers, on both engines with a stub sender.

    python -m bench.bench_sending [--people N] [--engine sqlite|postgresql] [--seconds S]

Ours goes the whole way: claimed and recorded in the ledger with counts and evidence, one DBOS step a batch,
one lane. The first peer is a bare outbox
in the same database, by the same driver, in batches of the same size: it marks, sends, and writes what became
of it, and keeps neither counts nor evidence nor a lease. The second is aiogram-broadcaster with its own
SQLAlchemy storage, which writes the list of all chats again after every message.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from aiogram import Bot
from aiogram.client.session.base import BaseSession
from aiogram.methods import TelegramMethod
from aiogram.types import Chat, Message
from sqlalchemy import Column, Integer, MetaData, Table, Text, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.campaigns.campaign import CampaignState
from bot.campaigns.lane import Lane
from bot.campaigns.sending import Outcome, Plan, Sending, Sent
from bot.model import Reply
from bot.storage.deliveries import SqlDeliveries
from bot.storage.engine import open_engine
from bot.storage.lanes import SqlLeases
from bot.workflows import workflows
from tests.campaign_world import AUTHOR, TERMS, Staged, StubMessages
from tests.postgres import NoPostgresError, Postgres
from tests.staff_world import TODAY

CREATED = 10.0
RATE = 3_000
ALLOWED, USED = 30, 0.98
WAITS = 0.1
BATCHES = (100, 500)
"""The first is what a channel of 30/s gets, the second what one without a limit does."""
UNITS = 60
SLICE = 20_000
ROUNDS = 3
FEW = 2_000
"""Chats for aiogram-broadcaster: each message costs it as much as there are chats."""


class Stub:
    """A channel that takes everything at once and remembers when."""

    def __init__(self) -> None:
        self.times: list[float] = []

    async def send(self, channel: str, external_id: str, message: Reply) -> Outcome:
        self.times.append(time.perf_counter())
        return Sent("1")


def judged(good: bool) -> str:
    return "" if good else ": MISSED"


# --- ours ------------------------------------------------------------------------------------


async def world(url: str, count: int) -> Staged:
    """A regency of so many people in several units, all of them registered."""
    staged = Staged(url)
    await staged.build()
    units = ["satu/dinas", "satu/upt", "satu/sekolah", "satu/upt_lain", "satu/badan"]
    for number in range(UNITS):
        await staged._branch("satu", ("dinas", f"unit{number}"))
        units.append(f"satu/unit{number}")
    share = -(-count // len(units))
    left = count
    for unit in units:
        await staged.crowd(min(share, left), unit)
        left -= min(share, left)
    return staged


async def made(staged: Staged, subject: str) -> tuple[int, float]:
    """A campaign and the seconds that it took."""
    draft = await staged.draft(subject=subject)
    began = time.perf_counter()
    campaign, _ = await staged.campaigns.create(draft, TERMS, TODAY, AUTHOR)
    return campaign.id, time.perf_counter() - began


@asynccontextmanager
async def worker(
    staged: Staged, rate: float | None, batch: int | None = None
) -> AsyncIterator[tuple[Sending, Lane, Stub]]:
    lane, stub = Lane("telegram:1", SqlLeases(staged.engine), rate), Stub()
    deliveries = SqlDeliveries(staged.engine, time.time)
    sending = Sending("telegram", lane, deliveries, stub, StubMessages(), Plan(batch=batch))
    yield sending, lane, stub
    await sending.end()


async def ours(staged: Staged, campaign: int, batch: int | None = None) -> float:
    """Deliveries a second."""
    await staged.start(campaign)
    async with (
        worker(staged, None, batch) as (sending, _, stub),
        workflows(staged.url, sending, staged.campaigns, "bench") as flows,
    ):
        began = time.perf_counter()
        state = await flows.run(campaign)
        assert state is CampaignState.DONE
        return len(stub.times) / (stub.times[-1] - began)


# --- peers -----------------------------------------------------------------------------------

outbox = Table(
    "bench_outbox",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("chat", Text, nullable=False),
    Column("state", Text, nullable=False, index=True),
    Column("message", Text),
)


async def filled(engine: AsyncEngine, count: int) -> None:
    async with engine.begin() as connection:
        await connection.run_sync(outbox.metadata.drop_all)
        await connection.run_sync(outbox.metadata.create_all)
        rows = [{"id": number, "chat": str(number), "state": "queued"} for number in range(1, count + 1)]
        await connection.execute(insert(outbox), rows)


async def bare(engine: AsyncEngine, count: int, batch: int) -> float:
    """An outbox as one writes it in an afternoon."""
    await filled(engine, count)
    stub, message = Stub(), Reply("x")
    queued = select(outbox).where(outbox.c.state == "queued").order_by(outbox.c.id).limit(batch)
    began = time.perf_counter()
    while True:
        async with engine.begin() as connection:
            rows = (await connection.execute(queued)).all()
            ids = [row.id for row in rows]
            await connection.execute(update(outbox).where(outbox.c.id.in_(ids)).values(state="sending"))
        if not rows:
            return count / (time.perf_counter() - began)
        await asyncio.gather(*(stub.send("telegram", row.chat, message) for row in rows))
        async with engine.begin() as connection:
            sent = update(outbox).where(outbox.c.id.in_(ids)).values(state="sent", message="1")
            await connection.execute(sent)


class StubSession(BaseSession):
    """Telegram that takes everything at once."""

    async def close(self) -> None: ...

    async def make_request(self, bot: Bot, method: TelegramMethod[Any], timeout: int | None = None) -> Any:
        chat = Chat(id=method.chat_id, type="private")  # type: ignore[attr-defined]
        return Message(message_id=1, date=datetime.fromtimestamp(0, UTC), chat=chat, text="x")

    async def stream_content(self, *_: Any, **__: Any) -> AsyncGenerator[bytes, None]:
        yield b""


async def broadcaster(url: str, count: int) -> float | None:
    """None: the package is not installed."""
    try:
        from aiogram_broadcaster import Broadcaster
        from aiogram_broadcaster.contents import TextContent
        from aiogram_broadcaster.storages.sqlalchemy import SQLAlchemyStorage
    except ImportError:
        return None
    engine = open_engine(url)
    storage = SQLAlchemyStorage.from_engine(engine)
    await storage.startup()
    told = Broadcaster(Bot("1:x", session=StubSession()), storage=storage)
    mailer = await told.create_mailer(chats=range(1, count + 1), content=TextContent(text="x"))
    began = time.perf_counter()
    await mailer.start()
    found = count / (time.perf_counter() - began)
    await storage.shutdown()
    await engine.dispose()
    return found


# --- what is measured ------------------------------------------------------------------------


async def created_and_sent(url: str, count: int) -> None:
    staged = await world(url, count)
    campaign, seconds = await made(staged, "whole")
    print(
        f"  {count} created in {seconds:.1f} s, goal ≤ {CREATED:g} s{judged(seconds <= CREATED)}", flush=True
    )
    found = await ours(staged, campaign)
    print(f"  sent without limit: {found:.0f}/s, goal ≥ {RATE}/s{judged(found >= RATE)}", flush=True)
    await staged.engine.dispose()


async def ratios(url: str) -> None:
    staged = await world(url, SLICE)
    mine = 0.0
    for batch in BATCHES:
        pairs = []
        for number in range(ROUNDS):
            campaign, _ = await made(staged, f"round {batch} {number}")
            peer = await bare(staged.engine, SLICE, batch)
            pairs.append((await ours(staged, campaign, batch), peer))
        mine, peer = (statistics.median(column) for column in zip(*pairs, strict=True))
        ratio = statistics.median(our / their for our, their in pairs)
        print(
            f"  batches of {batch}: {mine:.0f}/s, a bare outbox {peer:.0f}/s, ratio {ratio:.2f}", flush=True
        )
    slow = await broadcaster(url, FEW)
    if slow is None:
        print("  aiogram-broadcaster is not installed: not measured")
    else:
        print(f"  aiogram-broadcaster, {FEW} chats: {slow:.0f}/s, ours {mine / slow:.0f} ×", flush=True)
    await staged.engine.dispose()


async def paced(url: str, seconds: int) -> None:
    staged = await world(url, ALLOWED * seconds)
    campaign, _ = await made(staged, "paced")
    await staged.start(campaign)
    async with (
        worker(staged, ALLOWED) as (sending, _, stub),
        workflows(staged.url, sending, staged.campaigns, "bench") as flows,
    ):
        await flows.run(campaign)
        times = stub.times
    worst = max(sum(start <= t < start + 1 for t in times[at : at + 80]) for at, start in enumerate(times))
    used = (len(times) - 1) / (times[-1] - times[0]) / ALLOWED
    print(
        f"  at {ALLOWED}/s for {seconds} s: {worst} in the worst second{judged(worst <= ALLOWED)}, "
        f"{used:.1%} of the rate used, goal ≥ {USED:.0%}{judged(used >= USED)}",
        flush=True,
    )
    await staged.engine.dispose()


async def answers(url: str, rate: float | None) -> None:
    """A person writes every 20 ms; her answer reads the ledger and makes one call of 2 ms."""
    staged = await world(url, 2 * SLICE)  # so that it is not over before everything is measured
    campaign, _ = await made(staged, f"answers {rate}")
    async with worker(staged, rate) as (sending, lane, _):

        async def answer() -> float:
            began = time.perf_counter()
            with lane.answering():
                await staged.campaigns.get(campaign)
                await asyncio.sleep(0.002)
            return time.perf_counter() - began

        gc.collect()
        gc.freeze()  # as serving does
        idle = await answered(answer, 100)
        await staged.start(campaign)
        work = asyncio.create_task(sending.run(campaign))
        await asyncio.sleep(1)
        busy = await answered(answer, 150, work)
        assert len(busy) >= 50, "it was over before enough was measured"
        await sending.end()
        with suppress(Exception):
            await work
    more = statistics.quantiles(busy, n=100)[98] - statistics.median(idle)
    speed = f"{rate:g}/s" if rate else "no limit"
    print(
        f"  an answer while a campaign is sent ({speed}): {statistics.median(busy) * 1e3:.1f} ms, alone "
        f"{statistics.median(idle) * 1e3:.1f} ms; 99 of 100 wait ≤ {more * 1e3:.0f} ms more, "
        f"goal ≤ {WAITS * 1e3:.0f} ms{judged(more <= WAITS)}",
        flush=True,
    )
    await staged.engine.dispose()


async def answered(
    answer: Callable[[], Awaitable[float]], count: int, beside: asyncio.Task[object] | None = None
) -> list[float]:
    """As long as what goes on `beside` is not over."""
    found: list[float] = []
    while len(found) < count and not (beside is not None and beside.done()):
        found.append(await answer())
        await asyncio.sleep(0.02)
    return found


async def memory(url: str, count: int) -> None:
    """In a process of its own: what making and sending add to what it takes anyway."""
    staged = Staged(url)
    first, _ = await made(staged, "first")  # all code is loaded and every pool is full by then
    await ours(staged, first)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    campaign, _ = await made(staged, "again")
    await ours(staged, campaign)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        f"  {count} recipients: peak {peak / 1024:.0f} MiB, "
        f"{(peak - before) / 1024:.1f} of it by the second campaign",
        flush=True,
    )
    await staged.engine.dispose()


async def filled_world(url: str, count: int) -> None:
    staged = await world(url, count)
    await staged.engine.dispose()


# --- engines ---------------------------------------------------------------------------------


@contextmanager
def addresses(engine: str) -> Iterator[Callable[[], str]]:
    """Addresses of new databases."""
    if engine == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            numbers = iter(range(100))
            yield lambda: f"sqlite:///{folder}/{next(numbers)}.db"
        return
    server = Postgres()
    try:
        with ExitStack() as stack:
            yield lambda: stack.enter_context(server.database())
    finally:
        server.stop()


def measure(engine: str, people: int, seconds: int) -> None:
    print(engine, flush=True)
    with addresses(engine) as new:
        asyncio.run(created_and_sent(new(), people))
        asyncio.run(ratios(new()))
        asyncio.run(paced(new(), seconds))
        asyncio.run(answers(new(), None))
        asyncio.run(answers(new(), ALLOWED))
        for count in (people // 10, people):
            url = new()
            subprocess.run(
                [sys.executable, "-m", "bench.bench_sending", "--fill", url, str(count)], check=True
            )
            subprocess.run(
                [sys.executable, "-m", "bench.bench_sending", "--memory", url, str(count)], check=True
            )


def main() -> None:
    parser = argparse.ArgumentParser(description="campaigns, made and sent")
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--seconds", type=int, default=15)
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), help="only this one")
    parser.add_argument("--fill", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--memory", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    for step, given in ((filled_world, options.fill), (memory, options.memory)):
        if given:
            asyncio.run(step(given[0], int(given[1])))
            return
    for engine in ("sqlite", "postgresql"):
        if options.engine in (None, engine):
            try:
                measure(engine, options.people, options.seconds)
            except NoPostgresError as error:
                print(f"  not measured: {error}")


if __name__ == "__main__":
    main()
