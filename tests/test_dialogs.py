"""Whole conversations as tables: what is typed, and the first line of what comes back; on every channel."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, cast

import pytest
from ruamel.yaml import YAML

from bot.app import build_assistant
from bot.assistant import FADES_AFTER, Assistant
from bot.model import Asker, Reply
from tests.channel_worlds import CHANNELS, world_on
from tests.fakes import FakeAnswerer, Office

TABLES = YAML(typ="safe", pure=True).load(Path(__file__).with_name("dialogs") / "replies.yaml")


@cache
def assistant() -> Assistant:
    return build_assistant()


def speak(
    said: str, before: Reply | None, asker: Asker, key: str, now: datetime, language: str = "id"
) -> Reply:
    """Types a line, or presses the button of the last reply that "> " names."""
    if not said.startswith("> "):
        return assistant().answer(said, asker, key, now, language)
    assert before is not None
    buttons = {button.label: button.action for row in before.buttons for button in row}
    return assistant().press(buttons[said.removeprefix("> ")], asker, key, now, language)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: str(table["nama"]))
def test_a_conversation_goes_as_its_table_says(table: dict[str, Any]) -> None:
    asker = Asker(table["wilayah"], table.get("status", "pns"), None, table.get("pola"))
    now = datetime.fromisoformat(str(table["pada"]))
    reply: Reply | None = None
    for said, first_line in table["percakapan"]:
        reply = speak(said, reply, asker, table["nama"], now)
        assert reply.text.splitlines()[0] == first_line, said


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("table", TABLES, ids=lambda table: str(table["nama"]))
async def test_every_channel_shows_the_same_conversation(table: dict[str, Any], channel: str) -> None:
    """The whole text and all labels, of every reply. A channel may differ in how they look: numbers instead
    of buttons, a list instead of a row, a new message instead of a changed one, a star around a headline."""
    office, now = Office(cast(FakeAnswerer, assistant())), datetime.fromisoformat(str(table["pada"]))
    office.clock.now = now
    entries = {"regency": table["wilayah"], "status": table.get("status", "pns")}
    entries["pattern"] = table.get("pola")
    asker = Asker(entries["regency"], entries["status"], None, entries["pattern"])
    key, reply = f"{channel} {table['nama']}", None
    async with world_on(channel, office) as world:
        await office.register(channel, world.person, **entries)
        assistant().forget(f"{channel}:{world.person}:")
        for said, first_line in table["percakapan"]:
            reply = speak(said, reply, asker, key, now)
            pressed = said.startswith("> ")
            seen = await (world.press(said.removeprefix("> ")) if pressed else world.say(said))
            assert seen.text.splitlines()[0] == first_line, said
            assert seen.text.strip() == reply.text.strip(), said
            assert seen.buttons == [button.label for row in reply.buttons for button in row], said


@pytest.mark.parametrize("table", TABLES, ids=lambda table: str(table["nama"]))
def test_the_second_language_answers_the_same_conversation(table: dict[str, Any]) -> None:
    asker = Asker(table["wilayah"], table.get("status", "pns"), None, table.get("pola"))
    now = datetime.fromisoformat(str(table["pada"]))
    said = table["percakapan"][0][0]
    english = speak(said, None, asker, f"en {table['nama']}", now, "en")
    assert english.text
    assert "Dipahami" not in english.text


def test_a_button_fits_every_channel_and_a_reply_fits_a_small_screen() -> None:
    for table in TABLES:
        asker = Asker(table["wilayah"], table.get("status", "pns"), None, table.get("pola"))
        now = datetime.fromisoformat(str(table["pada"]))
        reply = speak(table["percakapan"][0][0], None, asker, "fits", now)
        assert len(reply.text) <= 950
        assert all(len(b.label) <= 20 and len(b.action.encode()) <= 64 for row in reply.buttons for b in row)


BAN_ON_UNIFORMS = "ASN dilarang menggunakan seragam maupun atribut kedinasan saat melakukan siaran langsung"


@pytest.mark.parametrize(
    ("said", "quoted"),
    [
        ("boleh live nanti malam?", BAN_ON_UNIFORMS),
        ("kenapa?", BAN_ON_UNIFORMS),
        ("kapan boleh live?", BAN_ON_UNIFORMS),
        ("boleh live sekarang?", "kecuali untuk kepentingan kedinasan menggunakan akun resmi instansi"),
    ],
)
def test_the_clause_behind_a_condition_is_quoted(said: str, quoted: str) -> None:
    asker, now = Asker("lumajang", "pns"), datetime.fromisoformat("2026-11-23T09:10:00+07:00")
    if said == "kenapa?":
        speak("boleh live nanti malam?", None, asker, said, now)
    assert quoted in speak(said, None, asker, said, now).text


def test_an_old_conversation_fades() -> None:
    asker, now = Asker("lumajang", "pns"), datetime.fromisoformat("2026-11-23T09:10:00+07:00")
    assistant().answer("boleh live sekarang?", asker, "old", now, "id")
    later = now + FADES_AFTER
    assert (
        assistant()
        .answer("kalau besok jam 8 pagi?", asker, "old", later, "id")
        .text.startswith("Kegiatan apa")
    )


def test_two_zones_at_the_same_instant_are_told_apart() -> None:
    instant = datetime.fromisoformat("2026-11-23T08:15:00+00:00")
    western = assistant().engine.regency("lumajang").calendar.zone
    assert assistant()._read("sekarang", instant.replace(tzinfo=None), western, None) != assistant()._read(
        "sekarang", instant.replace(tzinfo=None), instant.tzinfo, None
    )
