"""kill -9 while 200 messages a second come in: what was answered for with 200 is answered, all of it."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from aiohttp import web

from bot.channels.whatsapp_signing import signature
from bot.channels.whatsapp_web import SIGNATURE, WEBHOOK
from bot.people.profile import Profile
from bot.storage.store import open_store
from tests.whatsapp import ACCOUNT

PEOPLE = 20
PER_SECOND = 200
SECONDS = 3


class Graph:
    """A Graph API that takes everything, and notes which question each message answers."""

    def __init__(self) -> None:
        self.answered: Counter[int] = Counter()
        self.address = ""

    async def take(self, request: web.Request) -> web.Response:
        text = (await request.json())["text"]["body"]
        self.answered.update(int(number) for number in re.findall(r"nomor (\d+)", text))
        return web.json_response({"messages": [{"id": "wamid.x"}]})


@asynccontextmanager
async def graph() -> AsyncIterator[Graph]:
    made, app = Graph(), web.Application()
    app.router.add_post("/{path:.*}", made.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


@asynccontextmanager
async def child(database: str, api: str, port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    command = (sys.executable, "-m", "tests.e2e.whatsapp_child", database, api, str(port))
    process = await asyncio.create_subprocess_exec(*command, cwd=Path(__file__).parents[2])
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def body(number: int) -> bytes:
    person = f"ID.{number % PEOPLE}"
    message = {"from_user_id": person, "id": f"wamid.{number}", "timestamp": "1795400000", "type": "text"}
    value = {
        "metadata": {"phone_number_id": ACCOUNT.phone_id},
        "messages": [message | {"text": {"body": f"nomor {number}"}}],
    }
    return json.dumps({"entry": [{"changes": [{"field": "messages", "value": value}]}]}).encode()


async def until(true: Callable[[], object], seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.05)


async def up(http: httpx.AsyncClient) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                await http.get("/healthz")
            except httpx.HTTPError:
                await asyncio.sleep(0.1)
            else:
                return


async def test_a_killed_bot_answers_everything_that_it_took(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path}/edaran.db"
    store = await open_store(database)
    for number in range(PEOPLE):
        await store.profiles.put(Profile("whatsapp", f"ID.{number}", "lumajang", "pns"))
    await store.close()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    taken: set[int] = set()
    async with graph() as api, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
        async with child(database, api.address, port) as process:
            await up(http)
            await asyncio.gather(_burst(http, taken), _kill(process))
        assert 0 < len(taken) < PER_SECOND * SECONDS  # it was killed in the middle
        async with child(database, api.address, port):
            await until(lambda: taken <= set(api.answered))
            await asyncio.sleep(0.5)
    twice = {number for number, times in api.answered.items() if times > 1}
    # Only what was being sent, or noted, at the moment of the kill can have been answered twice.
    assert len(twice) <= PEOPLE * 4
    assert max(api.answered.values()) <= 2


async def _burst(http: httpx.AsyncClient, taken: set[int]) -> None:
    clock = asyncio.get_running_loop().time
    start = clock()

    async def post(number: int) -> None:
        content = body(number)
        header = f"sha256={signature(ACCOUNT.app_secret.encode(), content)}"
        try:
            answer = await http.post(WEBHOOK, content=content, headers={SIGNATURE: header})
        except httpx.HTTPError:
            return
        if answer.status_code == 200:
            taken.add(number)

    tasks = []
    for number in range(PER_SECOND * SECONDS):
        await asyncio.sleep(max(0.0, start + number / PER_SECOND - clock()))
        tasks.append(asyncio.create_task(post(number)))
    await asyncio.gather(*tasks)


async def _kill(process: asyncio.subprocess.Process) -> None:
    await asyncio.sleep(SECONDS / 2)
    process.kill()
