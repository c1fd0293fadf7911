"""From raw update to reply through aiogram: our bot beside a bare echo bot, in turns, in the same run.

Both get the same updates from the same people, as batches of 100 (what one getUpdates call brings), and send
into a session that answers at once. Ours does its whole job meanwhile: the update is claimed in a SQLite
ledger with synchronous FULL, the profile looked up, the question understood, decided and rendered.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

from aiogram import Bot
from aiogram.types import Update

from bench.echo import PEOPLE, Raw, Side, Sink, echo, rate
from bot.app import build_assistant, build_desk, build_registration
from bot.channels.telegram import TelegramChannel
from bot.people.profile import Profile
from bot.storage.store import Store, open_store

BATCH = 100
UPDATES = 2_000
ROUNDS = 7
GOAL = 0.5
RUNS = (
    ("questions repeat", BATCH, UPDATES, False),
    ("each worded anew", BATCH, UPDATES, True),
    ("one after another", 1, 500, False),
)
"""People ask the same few things, and all at once after a broadcast; the second run is the worst case."""
WARM_PROFILE = 50
"""Microseconds."""


async def ours(store: Store) -> Side:
    sink = Sink()
    bot = Bot("43:OURS", session=sink)
    for number in range(PEOPLE):
        await store.profiles.put(Profile("telegram", str(10_000 + number), "lumajang", "pns"))
    assistant = build_assistant()
    desk = build_desk(assistant, store, build_registration(assistant))
    handled, unreachable = await store.updates_of(bot.id), await store.unreachable_on("telegram")
    channel = TelegramChannel(bot, desk, handled, unreachable)

    async def feed(batch: list[Raw]) -> None:
        await channel.accept([Update.model_validate(update, context={"bot": bot}) for update in batch])

    return Side(sink, feed, channel.settle)


async def compare(folder: Path) -> bool:
    store = await open_store(f"sqlite:///{folder}/bench.db")
    sides = echo(), await ours(store)
    for side in sides:
        await rate(side, BATCH, 500)  # caches fill
    reached = True
    for label, batch, number, fresh in RUNS:
        rates = [[await rate(side, batch, number, fresh) for side in sides] for _ in range(ROUNDS)]
        ratio = statistics.median(our / peer for peer, our in rates)
        peer, our = (statistics.median(column) for column in zip(*rates, strict=True))
        goal = f"goal ≥ {GOAL}" if batch > 1 else "no goal: each waits for its own flush to disk"
        print(f"{label:>18}: echo {peer:5.0f}/s, edaran {our:5.0f}/s, ratio {ratio:.2f} ({goal})")
        reached = reached and (batch == 1 or ratio >= GOAL)
    warm = await warm_profile(store)
    print(f"{'warm profile':>18}: {warm:.1f} µs a look-up (goal ≤ {WARM_PROFILE})")
    await store.close()
    return reached and warm <= WARM_PROFILE


async def warm_profile(store: Store) -> float:
    """Microseconds to look up a profile that is in memory."""
    start = time.perf_counter()
    for number in range(10_000):
        await store.profiles.get("telegram", str(10_000 + number % PEOPLE))
    return (time.perf_counter() - start) / 10_000 * 1e6


def main() -> int:
    factory = None
    if sys.platform != "win32":
        import uvloop

        factory = uvloop.new_event_loop
    print(f"raw update → reply, {datetime.now().astimezone():%Y-%m-%d}, Python {sys.version.split()[0]}")
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner(loop_factory=factory) as runner:
        runner.run(compare(Path(folder)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
