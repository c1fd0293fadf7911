"""A running bot takes a change in policies/ over once it is valid as a whole, and not before."""

from __future__ import annotations

import asyncio
import shutil
from datetime import datetime
from pathlib import Path

import pytest

from bot.app import build_assistant
from bot.assistant import Assistant
from bot.model import Asker
from bot.policy.files import DIRECTORY
from bot.running import reloading

ASKER = Asker("lumajang", "pns")
NOW = datetime.fromisoformat("2026-12-14T10:00:00+07:00")
EVERY = 0.02


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DIRECTORY, tmp_path / "policies"))


def first_line(assistant: Assistant) -> str:
    return assistant.answer("boleh live sekarang?", ASKER, "one", NOW, "id").text.splitlines()[0]


async def until_adopted(assistant: Assistant, before: str) -> None:
    for _ in range(600):
        if assistant.engine.corpus.digest != before:
            return
        await asyncio.sleep(EVERY)
    raise AssertionError("the change was not taken over")


async def test_a_valid_change_takes_over_and_a_broken_one_does_not(
    policies: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assistant = build_assistant(policies)
    digest = assistant.engine.corpus.digest
    hours = policies / "lumajang" / "wilayah.yaml"
    good = hours.read_text()
    assert first_line(assistant).startswith("⛔")
    adopted: list[str] = []

    async def told() -> None:
        adopted.append(assistant.engine.corpus.digest)

    async with reloading(assistant, policies, EVERY, told):
        await asyncio.sleep(2 * EVERY)
        hours.write_text(good.replace('pulang: "16:00"', 'pulang: "25:00"'))
        while "last good corpus" not in caplog.text:
            await asyncio.sleep(EVERY)
        assert assistant.engine.corpus.digest == digest
        assert first_line(assistant).startswith("⛔"), "the last good corpus goes on answering"
        holiday = "tambahan: [{tanggal: 2026-12-14, nama: Hari Jadi}]"
        hours.write_text(good.replace("tambahan: []", holiday))
        await until_adopted(assistant, digest)
        while not adopted:
            await asyncio.sleep(EVERY)
    assert adopted == [assistant.engine.corpus.digest]
    assert first_line(assistant).startswith("✅"), "it is a holiday now"


async def test_a_change_that_breaks_a_case_of_its_circular_does_not_take_over(
    policies: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It can be read, and would answer "boleh" where its own case says that it is forbidden."""
    assistant = build_assistant(policies)
    digest = assistant.engine.corpus.digest
    circular = policies / "lumajang" / "se-3-2026" / "edaran.yaml"
    good = circular.read_text()
    async with reloading(assistant, policies, EVERY):
        await asyncio.sleep(2 * EVERY)
        circular.write_text(good.replace("kepentingan_dinas: ya, akun_resmi: ya", "kepentingan_dinas: ya", 1))
        while "last good corpus" not in caplog.text:
            await asyncio.sleep(EVERY)
        assert "lumajang/se-3-2026/uji.yaml" in caplog.text
        circular.write_text(good)
        await asyncio.sleep(2 * EVERY)
    assert assistant.engine.corpus.digest == digest
