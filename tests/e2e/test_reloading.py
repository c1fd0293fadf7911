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
NOW = datetime.fromisoformat("2026-11-23T16:10:00+07:00")
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
    assert first_line(assistant).startswith("✅")
    async with reloading(assistant, policies, EVERY):
        await asyncio.sleep(2 * EVERY)
        hours.write_text(good.replace('pulang: "16:00"', 'pulang: "25:00"'))
        while "last good corpus" not in caplog.text:
            await asyncio.sleep(EVERY)
        assert assistant.engine.corpus.digest == digest
        assert first_line(assistant).startswith("✅"), "the last good corpus goes on answering"
        hours.write_text(good.replace('pulang: "16:00"', 'pulang: "17:00"'))
        await until_adopted(assistant, digest)
    assert first_line(assistant).startswith("⛔"), "with the new hours, ten past four is working time"
