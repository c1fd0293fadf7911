"""WhatsApp: from signed webhook to reply beside a bare pywa echo bot, in turns, in the same run; and how soon
the webhook answers while 200 messages a second come in.

Ours does its whole job meanwhile: the signature is checked, the body sealed and kept in a SQLite ledger with
synchronous FULL, read, its account and profile looked up, the question understood, decided and rendered, and
the message noted as handled. Both send through httpx into a Graph API that answers at once.
"""

from __future__ import annotations

import asyncio
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
import uvicorn
from pydantic import SecretStr

from bench.echo import PEOPLE
from bench.pywa_echo import PHONE_ID, SECRET, Graph, Side, body, echo, header, rate
from bot.app import build_assistant, build_desk, build_registration
from bot.channels.web import build_web
from bot.channels.whatsapp import Taken, WhatsappChannel
from bot.channels.whatsapp_build import build_whatsapp
from bot.channels.whatsapp_client import build_client
from bot.channels.whatsapp_sending import Calls
from bot.channels.whatsapp_signing import signed
from bot.channels.whatsapp_web import SIGNATURE, WEBHOOK
from bot.config import Whatsapp
from bot.people.profile import Profile
from bot.storage.store import Store, open_store

GOAL = 0.5
ROUNDS = 5
RUNS = (("questions repeat", 100, 1_000, False), ("each worded anew", 100, 1_000, True))
PER_SECOND = 200
SECONDS, WARM_SECONDS = 10, 3
SOON = 50.0
"""Milliseconds, at the 95th percentile."""

SETTINGS = Whatsapp(
    token=SecretStr("OURS"),
    phone_id=PHONE_ID,
    app_secret=SecretStr(SECRET),
    verify_token=SecretStr("verify"),
)


async def our_channel(folder: Path, graph: Graph) -> tuple[WhatsappChannel, Store]:
    store = await open_store(f"sqlite:///{folder}/bench.db")
    for number in range(PEOPLE):
        key = ("whatsapp", f"ID.62800{number:06d}")
        if await store.profiles.get(*key) is None:
            await store.profiles.put(Profile(*key, "lumajang", "pns"))
    assistant = build_assistant()
    desk = build_desk(assistant, store, build_registration(assistant))
    calls = Calls(build_client("OURS", PHONE_ID, transport=graph.transport))
    return await build_whatsapp(SETTINGS, desk, store, assistant.catalogues, calls=calls), store


async def ours(folder: Path) -> tuple[Side, Store]:
    graph = Graph()
    channel, store = await our_channel(folder, graph)

    async def feed(content: bytes, given: str) -> None:
        mark = channel.mark(content)
        assert signed(mark, given)
        assert await channel.accept(mark, content) is Taken.NEW

    return Side(graph, feed, channel.settle), store


async def compare(folder: Path) -> bool:
    side, store = await ours(folder)
    sides, reached = (echo(), side), True
    for one in sides:
        await rate(one, 100, 300)  # caches fill
    for label, batch, number, fresh in RUNS:
        rates = [[await rate(one, batch, number, fresh) for one in sides] for _ in range(ROUNDS)]
        ratio = statistics.median(our / peer for peer, our in rates)
        peer, our = (statistics.median(column) for column in zip(*rates, strict=True))
        print(f"{label:>18}: echo {peer:5.0f}/s, edaran {our:5.0f}/s, ratio {ratio:.2f} (goal ≥ {GOAL})")
        reached = reached and ratio >= GOAL
    await store.close()
    return reached


# --- how soon the webhook answers ------------------------------------------------------------


async def serve(folder: Path, port: int) -> None:
    """Our server, in a process of its own."""
    channel, store = await our_channel(folder, Graph())

    async def well() -> bool:
        return await store.well()

    web = build_web(well=well, whatsapp=channel, verify_token="verify")
    config = uvicorn.Config(web, port=port, access_log=False, log_level="warning")
    await asyncio.gather(channel.run(), uvicorn.Server(config).serve())


async def burst(folder: Path) -> bool:
    """Milliseconds until the webhook answers, at 200 messages a second for ten seconds."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = (sys.executable, "-m", "bench.bench_whatsapp", str(folder), str(port))
    process = await asyncio.create_subprocess_exec(*command)
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as web:
            await _until_well(web)
            await _post_all(web, WARM_SECONDS, 10_000_000)  # caches fill
            took = await _post_all(web, SECONDS, 20_000_000)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
    p95 = statistics.quantiles(took, n=20)[-1]
    median = statistics.median(took)
    goal = f"goal ≤ {SOON:.0f} ms at {PER_SECOND}/s"
    print(f"{'webhook answers':>18}: median {median:.1f} ms, p95 {p95:.1f} ms ({goal})")
    return p95 <= SOON


async def _until_well(web: aiohttp.ClientSession) -> None:
    async with asyncio.timeout(180):
        while True:
            try:
                async with web.get("/healthz"):
                    return
            except aiohttp.ClientError:
                await asyncio.sleep(0.2)


async def _post_all(web: aiohttp.ClientSession, seconds: int, first: int) -> list[float]:
    """Milliseconds for each. Each leaves at its moment, whether the ones before are answered or not."""
    bodies = [body(first + number) for number in range(PER_SECOND * seconds)]
    ready = [(content, {SIGNATURE: header(content)}) for content in bodies]
    start, took = time.perf_counter(), list[float]()

    async def post(content: bytes, headers: dict[str, str]) -> None:
        began = time.perf_counter()
        async with web.post(WEBHOOK, data=content, headers=headers) as answer:
            took.append((time.perf_counter() - began) * 1000)
            assert answer.status == 200

    tasks = []
    for number, one in enumerate(ready):
        await asyncio.sleep(max(0.0, start + number / PER_SECOND - time.perf_counter()))
        tasks.append(asyncio.create_task(post(*one)))
    await asyncio.gather(*tasks)
    return took


def main() -> int:
    factory: Callable[[], Any] | None = None
    if sys.platform != "win32":
        import uvloop

        factory = uvloop.new_event_loop
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner(loop_factory=factory) as runner:
        if len(sys.argv) == 3:
            runner.run(serve(Path(sys.argv[1]), int(sys.argv[2])))
            return 0
        print(f"webhook → reply, {datetime.now().astimezone():%Y-%m-%d}, Python {sys.version.split()[0]}")
        reached = runner.run(compare(Path(folder)))
        soon = runner.run(burst(Path(folder)))
    return 0 if reached and soon else 1


if __name__ == "__main__":
    sys.exit(main())
