"""A campaign as its people see it: commands at HR's machine, the bot as a process, phones on Telegram."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from tests.e2e.test_serve_process import serve, until
from tests.fakes import TOKEN
from tests.telegram_world import FakeTelegram, contact_update, fake_telegram, press_update

ROSTER = """NIP;Nama;Status;Unit Induk;Unit Kerja;No HP
199002022015032002;Sari Contoh;PNS;Dinas Kesehatan;Puskesmas Contoh;+62 800-0000-0002
199103032016031003;Budi Contoh;PNS;Dinas Kesehatan;Puskesmas Contoh;+62 800-0000-0003
198504042010042004;Hera Contoh;PNS;BKPSDM;BKPSDM;+62 800-0000-0004
198605052011051005;Heru Contoh;PNS;BKPSDM;BKPSDM;+62 800-0000-0005
"""
SARI, BUDI, HERA, HERU = PHONES = {
    number: phone for number, *_, phone in (line.split(";") for line in ROSTER.splitlines()[1:])
}
ACCOUNTS = {SARI: 11, HERA: 13, HERU: 14}
"""On Telegram; Budi has none."""

REGENCY = ("--regency", "lumajang")


class Machine:
    """HR's machine: the commands, run in one folder."""

    def __init__(self, folder: Path, api_base: str) -> None:
        self._folder = folder
        settings = {"EDARAN_TELEGRAM__TOKEN": TOKEN, "EDARAN_TELEGRAM__API_BASE": api_base}
        self._env = {**os.environ, **settings, "PYTHONPATH": str(Path(__file__).parents[2])}

    async def ran(self, *arguments: str) -> str:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot.cli", *arguments),
            cwd=self._folder,
            env=self._env,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, problems = await process.communicate()
        assert process.returncode == 0, problems.decode()
        return out.decode()


@pytest.fixture
async def telegram() -> AsyncIterator[FakeTelegram]:
    async with fake_telegram() as running:
        yield running


def to(telegram: FakeTelegram, account: int) -> list[str]:
    """What this person got, as messages or in place of them."""
    return [
        fields["text"]
        for name, fields in telegram.sent
        if name in ("sendMessage", "editMessageText") and int(fields["chat_id"]) == account
    ]


async def test_a_circular_reaches_who_can_be_reached_and_the_acknowledgment_reaches_hr(
    telegram: FakeTelegram, tmp_path: Path
) -> None:
    machine = Machine(tmp_path, telegram.address)
    (tmp_path / "pegawai.csv").write_text(ROSTER)
    await machine.ran("roster", "import", "pegawai.csv", *REGENCY)
    for number in (HERA, HERU):
        await machine.ran("role", "grant", number, "hr", *REGENCY)
    async with serve(tmp_path, telegram.address):
        for number, account in ACCOUNTS.items():
            phone = PHONES[number].removeprefix("+")
            telegram.updates.append(contact_update(phone, account, number=account))
            await until(partial(to, telegram, account))
        arguments = ("--audience", "semua", "--due", "2030-01-31", "--yes", "--json", "--as", HERA)
        made = json.loads(await machine.ran("campaign", "create", "lumajang/se-3-2026", *arguments))
        campaign = str(made["campaign"])
        assert (made["addressed"], made["unregistered"]) == (4, 1)

        before = len(to(telegram, ACCOUNTS[HERA]))
        await machine.ran("campaign", "test", campaign, "--as", HERA)
        assert len(to(telegram, ACCOUNTS[HERA])) == before + 1
        assert len(to(telegram, ACCOUNTS[SARI])) == 1  # the answer to her code, and nothing else yet

        await machine.ran("campaign", "approve", campaign, "--as", HERU)
        await until(lambda: len(to(telegram, ACCOUNTS[SARI])) == 2)  # the running bot sends it
        assert "800.1.6.2/3/427.72/2026" in to(telegram, ACCOUNTS[SARI])[-1]

        telegram.updates.append(press_update(f"k:ack:{campaign}", number=ACCOUNTS[SARI]))
        await until(lambda: len(to(telegram, ACCOUNTS[SARI])) == 3)
        await until_done(machine, campaign)
    status = json.loads(await machine.ran("campaign", "status", campaign, "--json", "--as", HERA))
    assert [status[group] for group in ("acknowledged", "missing", "unreachable")] == [1, 2, 1]
    pending = json.loads(await machine.ran("campaign", "pending", campaign, "--json", "--as", HERA))
    assert [one["name"] for one in pending["unreachable"]] == ["Budi Contoh"]
    for account in ACCOUNTS.values():  # nobody got it twice
        assert sum("800.1.6.2/3" in text and "?" not in text for text in to(telegram, account)) <= 2


async def until_done(machine: Machine, campaign: str) -> None:
    async with asyncio.timeout(120):
        while json.loads(await machine.ran("campaign", "status", campaign, "--json"))["state"] != "done":
            await asyncio.sleep(0.2)


async def test_the_command_sends_too_where_no_bot_serves(telegram: FakeTelegram, tmp_path: Path) -> None:
    machine = Machine(tmp_path, telegram.address)
    (tmp_path / "pegawai.csv").write_text(ROSTER)
    await machine.ran("roster", "import", "pegawai.csv", *REGENCY)
    for number in (HERA, HERU):
        await machine.ran("role", "grant", number, "hr", *REGENCY)
    async with serve(tmp_path, telegram.address):
        phone = PHONES[HERA].removeprefix("+")
        telegram.updates.append(contact_update(phone, ACCOUNTS[HERA], number=ACCOUNTS[HERA]))
        await until(lambda: to(telegram, ACCOUNTS[HERA]))
    arguments = ("--audience", "semua", "--due", "2030-01-31", "--yes", "--json", "--as", HERA)
    made = json.loads(await machine.ran("campaign", "create", "lumajang/se-3-2026", *arguments))
    campaign = str(made["campaign"])
    await machine.ran("campaign", "test", campaign, "--as", HERA)
    await machine.ran("campaign", "approve", campaign, "--as", HERU)
    await machine.ran("campaign", "run", campaign, "--as", HERA)
    status = json.loads(await machine.ran("campaign", "status", campaign, "--json"))
    assert (status["state"], status["missing"], status["unreachable"]) == ("done", 1, 3)
    assert len(to(telegram, ACCOUNTS[HERA])) == 3  # who she is, the test, the circular
