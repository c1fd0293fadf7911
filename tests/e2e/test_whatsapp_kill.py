"""kill -9 of `edaran serve --whatsapp` while messages come in at speed: all that it took is answered."""

from __future__ import annotations

import asyncio
import os
import random
import re
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from bot.people.profile import Profile
from bot.simulating.client import Person, Simulator
from bot.storage.store import open_store
from tests.e2e.test_whatsapp_serve import free_port
from tests.whatsapp import FREE, simulator

PEOPLE, MESSAGES = 30, 600
AT_ONCE = 40
ASKED = re.compile(r"Dipahami: .* (\d+) Mar 2027 10\.(\d\d) WIB")
"""An answer names the moment that was asked about, and so the question."""


def question(number: int) -> str:
    return f"boleh live {1 + number // 60} maret 2027 jam 10.{number % 60:02}?"


def number_of(text: str) -> int | None:
    found = ASKED.search(text) or re.search(r"live (\d+) maret 2027 jam 10\.(\d\d)", text)
    return (int(found[1]) - 1) * 60 + int(found[2]) if found else None


@asynccontextmanager
async def serving(folder: Path, sim: Simulator, port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    """The command, as an operator starts it; killed at the end if it was not before."""
    root = str(Path(__file__).parents[2])
    with (folder / "serve.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot.cli", "serve", "--whatsapp", "--port", str(port)),
            cwd=folder,
            env={**os.environ, **sim.environment(), "PYTHONPATH": root},
            stdout=log,
            stderr=log,
        )
        try:
            await until(lambda: _well(port), folder)
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def _well(port: int) -> bool:
    async with httpx.AsyncClient(trust_env=False) as web:
        try:
            return (await web.get(f"http://127.0.0.1:{port}/healthz")).status_code == 200
        except httpx.HTTPError:
            return False


async def until(true: Callable[[], Coroutine[Any, Any, bool]], folder: Path) -> None:
    try:
        async with asyncio.timeout(120):
            while not await true():
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError((folder / "serve.log").read_text()[-3000:]) from None


async def known(folder: Path, people: Sequence[Person]) -> None:
    """They need not register first."""
    store = await open_store(f"sqlite:///{folder}/data/edaran.db")
    for person in people:
        await store.profiles.put(Profile("whatsapp", person.user_id, "lumajang", "pns"))
    await store.close()


async def ask_all(people: Sequence[Person]) -> None:
    """As fast as the simulator takes it, several people at once."""
    free = asyncio.Semaphore(AT_ONCE)

    async def ask(number: int) -> None:
        async with free:
            await people[number % len(people)].says(question(number))

    await asyncio.gather(*(ask(number) for number in range(MESSAGES)))


async def taken(sim: Simulator) -> set[int]:
    """The messages for which the webhook answered 200."""
    found = set[int]()
    for notice in await sim.notices():
        messages = notice["entry"]["changes"][0]["value"].get("messages", ())
        if 200 in notice["answers"]:
            found |= {number for one in messages if (number := number_of(one["text"]["body"])) is not None}
    return found


async def answered(sim: Simulator) -> Counter[int]:
    chats = await sim.chats()
    numbers = (number_of(reply.text) for chat in chats.values() for reply in chat)
    return Counter(number for number in numbers if number is not None)


async def test_a_killed_bot_answers_everything_that_it_took(tmp_path: Path) -> None:
    port = free_port()
    rules = FREE.model_copy(update={"connections": AT_ONCE})
    async with simulator(f"http://127.0.0.1:{port}/whatsapp/webhook", rules=rules) as sim:
        people = await sim.people(PEOPLE)
        await known(tmp_path, people)
        await sim.pause()
        await ask_all(people)
        async with serving(tmp_path, sim, port) as process:
            await sim.pause(False)  # all of them come at once
            await asyncio.sleep(random.uniform(0.2, 0.8))
            process.kill()
            await process.wait()
        assert not await taken(sim) <= set(await answered(sim))  # it was killed with work before it
        async with serving(tmp_path, sim, port):

            async def all_answered() -> bool:
                return await taken(sim) <= set(await answered(sim))

            await until(all_answered, tmp_path)
            times = await answered(sim)
    assert max(times.values()) <= 2
    # Only what was being sent, or noted, at the moment of the kill can have been answered twice.
    assert sum(number > 1 for number in times.values()) <= 4 * PEOPLE
