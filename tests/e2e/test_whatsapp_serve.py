"""`edaran serve --whatsapp` and the simulator of the Cloud API, a process each: people, and a campaign."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from bot.simulating.client import Simulator
from tests.fakes import CATALOGUES
from tests.whatsapp import simulator

TEXTS = CATALOGUES["id"]

ROSTER = """NIP;Nama;Status;Unit Induk;Unit Kerja;No HP
199002022015032002;Sari Contoh;PNS;Dinas Kesehatan;Puskesmas Contoh;+62 800-0000-0002
198504042010042004;Hera Contoh;PNS;BKPSDM;BKPSDM;+62 800-0000-0004
198605052011051005;Heru Contoh;PNS;BKPSDM;BKPSDM;+62 800-0000-0005
"""
SARI, HERA, HERU = "199002022015032002", "198504042010042004", "198605052011051005"
REGENCY = ("--regency", "lumajang")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


class Installation:
    """A folder with its settings; the commands and the bot run there."""

    def __init__(self, folder: Path, sim: Simulator, port: int) -> None:
        self._folder, self._port = folder, port
        root = str(Path(__file__).parents[2])
        self._env = {**os.environ, **sim.environment(), "PYTHONPATH": root}

    async def ran(self, *arguments: str, status: int = 0) -> str:
        process = await self._start(*arguments)
        out, problems = await process.communicate()
        assert process.returncode == status, problems.decode()
        return out.decode()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        process = await self._start("serve", "--whatsapp", "--port", str(self._port))
        try:
            await self._healthy(process)
            yield
            process.send_signal(signal.SIGTERM)
            _, problems = await process.communicate()
            assert process.returncode == 0, problems.decode()
            assert "Traceback" not in problems.decode()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()

    async def _start(self, *arguments: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot.cli", *arguments),
            cwd=self._folder,
            env=self._env,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def _healthy(self, process: asyncio.subprocess.Process) -> None:
        async with asyncio.timeout(120), httpx.AsyncClient(trust_env=False) as web:
            while True:
                try:
                    if (await web.get(f"http://127.0.0.1:{self._port}/healthz")).status_code == 200:
                        return
                except httpx.ConnectError:
                    if process.returncode is not None:
                        raise AssertionError((await process.communicate())[1].decode()) from None
                    await asyncio.sleep(0.1)


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[tuple[Simulator, Installation]]:
    port = free_port()
    async with simulator(f"http://127.0.0.1:{port}/whatsapp/webhook") as sim:
        yield sim, Installation(tmp_path, sim, port)


async def test_a_guest_registers_and_asks_and_gets_the_answer_of_her_regency(
    place: tuple[Simulator, Installation],
) -> None:
    sim, installation = place
    async with installation.serving():
        sari = await sim.person("Sari")
        await sari.says("boleh live sekarang?")
        text = ""
        for wanted in ("Lumajang", "PNS"):
            reply = await sari.next_reply(120)
            label = next(label for label in reply.labels if wanted.casefold() in label.casefold())
            await sari.presses(label)
        for _ in range(6):
            reply = await sari.next_reply(120)
            text += reply.text
            if "800.1.6.2/3/427.72/2026" in text:
                break
            if reply.labels:
                await sari.presses(reply.labels[0])
        assert "800.1.6.2/3/427.72/2026" in text


async def test_a_campaign_opens_the_conversation_shows_the_circular_and_takes_the_acknowledgment(
    place: tuple[Simulator, Installation], tmp_path: Path
) -> None:
    sim, installation = place
    (tmp_path / "pegawai.csv").write_text(ROSTER)
    await installation.ran("roster", "import", "pegawai.csv", *REGENCY)
    for number in (HERA, HERU):
        await installation.ran("role", "grant", number, "hr", *REGENCY)
    pushed = json.loads(await installation.ran("whatsapp", "templates", "push", "--json", status=1))
    arguments = ("--audience", "semua", "--due", "2030-01-31", "--yes", "--json", "--as", HERA)
    async with installation.serving():
        sari = await sim.person("Sari", "6280000000002")
        await sari.says("mulai")
        await sari.next_reply(120)
        await sari.presses(TEXTS("link.button_contact"))
        assert "Sari Contoh" in (await sari.next_reply(120)).text
        made = json.loads(await installation.ran("campaign", "create", "lumajang/se-3-2026", *arguments))
        campaign, trying = str(made["campaign"]), ("--to", SARI, "--as", HERA)

        await sari.new_replies()
        await installation.ran("campaign", "test", campaign, *trying)
        assert "800.1.6.2/3/427.72/2026" in (await sari.next_reply(120)).text

    await installation.ran("campaign", "approve", campaign, "--as", HERU)
    await sim.advance(30 * 3600)  # she wrote more than a day ago, and so it is in the ledger
    with sqlite3.connect(tmp_path / "data" / "edaran.db") as ledger:
        ledger.execute("UPDATE whatsapp_accounts SET heard_at = heard_at - 108000")
    await installation.ran("campaign", "run", campaign, "--as", HERA, status=1)
    held = json.loads(await installation.ran("campaign", "status", campaign, "--json", "--as", HERA))["held"]
    assert (held["count"], held["problem"]) == (1, "whatsapp.template_pending")
    for one in pushed:
        await sim.review(one["name"], "APPROVED", language=one["language"])
    await installation.ran("campaign", "run", campaign, "--as", HERA)
    opening = await sari.next_reply(120)
    assert (opening.kind, len(opening.labels)) == ("template", 1)

    async with installation.serving():
        await sari.presses(opening.labels[0])
        circular = await sari.next_reply(120)
        assert "800.1.6.2/3/427.72/2026" in circular.text
        await sari.presses("Saya sudah membaca")
        assert "Tercatat" in (await sari.next_reply(120)).text
    status = json.loads(await installation.ran("campaign", "status", campaign, "--json", "--as", HERA))
    assert [status[group] for group in ("acknowledged", "missing", "unreachable")] == [1, 0, 2]
