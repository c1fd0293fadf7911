"""`edaran serve` as a process of its own, with the real answerer: killed, started again, told to stop."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path

import httpx
import pytest

from bot.channels.web import SECRET_HEADER, WEBHOOK
from bot.policy.files import DIRECTORY
from tests.fakes import CATALOGUES, TOKEN
from tests.telegram_world import FakeTelegram, fake_telegram, press_update, text_update

TEXTS = CATALOGUES["id"]
SECRET = "secret-of-the-tests"


@pytest.fixture
async def telegram() -> AsyncIterator[FakeTelegram]:
    async with fake_telegram() as running:
        yield running


@asynccontextmanager
async def serve(folder: Path, api_base: str, *options: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """The process, working in `folder`; killed at the end if it still runs."""
    settings = {
        "EDARAN_TELEGRAM__TOKEN": TOKEN,
        "EDARAN_TELEGRAM__API_BASE": api_base,
        "EDARAN_TELEGRAM__WEBHOOK_SECRET": SECRET,
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot.cli", "serve", *options),
        cwd=folder,
        env={**os.environ, **settings, "PYTHONPATH": str(Path(__file__).parents[2])},
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(120):
        while not true():
            await asyncio.sleep(0.05)


async def test_a_killed_bot_forgets_nothing_and_answers_nothing_twice(
    telegram: FakeTelegram, tmp_path: Path
) -> None:
    async with serve(tmp_path, telegram.address) as process:
        telegram.updates = [
            text_update("/start"),
            press_update("r:regency=lumajang"),
            press_update("r:status=pns"),
        ]
        seen = list(telegram.updates)
        await until(lambda: len(telegram.texts("editMessageText")) == 2)
        process.kill()
        await process.wait()
    shown = len(telegram.texts()) + len(telegram.texts("editMessageText"))
    telegram.updates = [*seen, press_update("r:unit=rsud"), text_update("boleh live sekarang?")]
    async with serve(tmp_path, telegram.address) as process:
        await until(lambda: len(telegram.texts()) == 2)
        assert "800.1.6.2/3/427.72/2026" in telegram.texts()[-1]
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
        assert process.stderr is not None
        logged = (await process.stderr.read()).decode()
    assert len(telegram.texts()) + len(telegram.texts("editMessageText")) == shown + 2
    for private in ("boleh live", "Orang", TOKEN, "Traceback"):
        assert private not in logged


async def test_a_rule_that_changed_while_the_bot_was_away_is_news_to_who_asked(
    telegram: FakeTelegram, tmp_path: Path
) -> None:
    policies = tmp_path / "policies"
    shutil.copytree(DIRECTORY, policies)
    options = ("--policies", str(policies))
    steps = ["r:regency=lumajang", "r:status=pns", "r:unit=rsud"]
    async with serve(tmp_path, telegram.address, *options) as process:
        telegram.updates = [
            text_update("/start"),
            *map(press_update, steps),
            text_update("boleh live sekarang?"),
        ]
        await until(lambda: any("800.1.6.2" in text for text in telegram.texts()))
        await until(lambda: marked(tmp_path) is not None)
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
    assert marked(tmp_path) == 0
    circular = policies / "lumajang" / "se-3-2026" / "edaran.yaml"
    circular.write_text(
        circular.read_text().replace("kepentingan_dinas: ya, akun_resmi: ya", "akun_resmi: ya")
    )
    async with serve(tmp_path, telegram.address, *options) as process:
        await until(lambda: marked(tmp_path))
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0


def marked(folder: Path) -> int | None:
    """How many subscriptions are to be told of a change. None: it is not known yet on what answers rest."""
    with closing(sqlite3.connect(folder / "data" / "edaran.db")) as ledger:
        if ledger.execute("SELECT count(*) FROM answered_laws").fetchone() == (0,):
            return None
        query = "SELECT count(*) FROM subscriptions WHERE version_id IS NOT NULL"
        return int(ledger.execute(query).fetchone()[0])


async def test_a_webhook_server_refuses_forged_updates_answers_true_ones_and_stops_when_told(
    telegram: FakeTelegram, tmp_path: Path
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ("--telegram", "webhook", "--host", "127.0.0.1", "--port", str(port))
    async with (
        serve(tmp_path, telegram.address, *options) as process,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as web,
    ):
        await _healthy(web)
        body = json.dumps(text_update("/bantuan"))
        assert (await web.post(WEBHOOK, content=body)).status_code == 401
        for _ in range(2):
            assert (await web.post(WEBHOOK, content=body, headers={SECRET_HEADER: SECRET})).status_code == 200
        await until(lambda: telegram.texts())
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
    assert telegram.texts() == [TEXTS("help.text")]


async def _healthy(web: httpx.AsyncClient) -> None:
    async with asyncio.timeout(120):
        while True:
            try:
                if (await web.get("/healthz")).status_code == 200:
                    return
            except httpx.ConnectError:
                await asyncio.sleep(0.1)


async def test_a_wrong_token_is_one_line_on_standard_error_and_status_2(
    telegram: FakeTelegram, tmp_path: Path
) -> None:
    telegram.refuse_token = True
    async with serve(tmp_path, telegram.address) as process:
        assert await process.wait() == 2
        assert process.stderr is not None
        logged = (await process.stderr.read()).decode()
    assert TEXTS("setting.token_refused", setting="EDARAN_TELEGRAM__TOKEN") in logged
    assert "Traceback" not in logged
