"""The chat by hand with the simulator."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.catalogues import load_catalogues
from bot.simulating.client import Simulator
from bot.simulating.errors import Json
from bot.simulating.terminal import Terminal
from tests.whatsapp import business_sends, simulated

TEXTS = load_catalogues()["id"]
CHOICES: Json = {
    "type": "interactive",
    "interactive": {
        "type": "list",
        "body": {"text": "Status Anda?"},
        "footer": {"text": "Edaran"},
        "action": {
            "button": "Pilih",
            "sections": [
                {
                    "rows": [
                        {"id": "1", "title": "PNS", "description": "Pegawai"},
                        {"id": "2", "title": "PPPK"},
                    ]
                }
            ],
        },
    },
}


class Screen:
    """What was written; `next` waits for the next lines."""

    def __init__(self) -> None:
        self._lines: asyncio.Queue[str] = asyncio.Queue()

    def write(self, text: str) -> None:
        self._lines.put_nowait(text)

    async def next(self) -> str:
        return await asyncio.wait_for(self._lines.get(), 10)


@asynccontextmanager
async def talking() -> AsyncIterator[tuple[Simulator, Terminal, Screen]]:
    screen = Screen()
    async with simulated() as (sim, _):
        terminal = Terminal(sim, TEXTS, screen.write)
        async with terminal.talking():
            assert await screen.next() == "Anda sekarang Sari (+6280000000001)."
            yield sim, terminal, screen


async def said(sim: Simulator) -> list[Json]:
    """What reached the business."""
    values = [notice["entry"]["changes"][0]["value"] for notice in await sim.notices()]
    return [message for value in values for message in value.get("messages", [])]


async def test_a_line_is_a_message_and_a_number_presses() -> None:
    async with talking() as (sim, terminal, screen):
        await terminal.take("boleh live sekarang?\n")
        sari = await sim.person("Sari", "6280000000001")
        await business_sends(sim, sari, CHOICES)
        shown = await screen.next()
        assert shown == "Sari ← Status Anda?\nEdaran\n☰ Pilih\n[1] PNS — Pegawai\n[2] PPPK\n"
        await terminal.take("2\n")
        question, pressed = await said(sim)
        assert question["text"]["body"] == "boleh live sekarang?"
        assert pressed["interactive"]["list_reply"]["id"] == "2"


async def test_a_number_that_presses_nothing_is_a_message() -> None:
    async with talking() as (sim, terminal, _):
        await terminal.take("7\n")
        assert [message["text"]["body"] for message in await said(sim)] == ["7"]


async def test_one_can_be_several_people() -> None:
    async with talking() as (sim, terminal, screen):
        await terminal.take("/saya Budi")
        await terminal.take("halo")
        await terminal.take("/rahasia Tanpa Nomor")
        await terminal.take("pagi")
        await terminal.take("/saya Sari")
        await terminal.take("/saya")
        lines = [await screen.next() for _ in range(4)]
        assert [line.split(" (")[0] for line in lines[:3]] == [
            "Anda sekarang Budi",
            "Anda sekarang Tanpa Nomor",
            "Anda sekarang Sari",
        ]
        assert [line.split(":")[0] for line in lines[3].splitlines()] == ["Sari", "Budi", "Tanpa Nomor"]
        assert ["from" in message for message in await said(sim)] == [True, False]


async def test_a_number_after_the_name_is_hers() -> None:
    async with talking() as (_, terminal, screen):
        await terminal.take("/saya Hera Contoh +6280000000777")
        assert await screen.next() == "Anda sekarang Hera Contoh (+6280000000777)."


async def test_a_number_is_shared_only_when_asked_for() -> None:
    async with talking() as (sim, terminal, screen):
        await terminal.take("halo")
        await terminal.take("/nomor")
        assert await screen.next() == "Belum ada yang meminta nomor Anda."
        sari = await sim.person("Sari", "6280000000001")
        action = {"name": "request_contact_info"}
        asking = {"type": "request_contact_info", "body": {"text": "Nomor Anda?"}, "action": action}
        await business_sends(sim, sari, {"type": "interactive", "interactive": asking})
        assert await screen.next() == "Sari ← Nomor Anda?\n"
        await terminal.take("/nomor")
        assert (await said(sim))[-1]["origin"] == "contact_request"


async def test_the_other_commands_do_what_they_say() -> None:
    async with talking() as (sim, terminal, screen):
        sari = await sim.person("Sari", "6280000000001")
        await terminal.take("/kartu")
        assert (await said(sim))[-1]["type"] == "contacts"
        await terminal.take("/mati")
        answer = await business_sends(sim, sari, {"type": "text", "text": {"body": "halo"}})
        wamid = answer["messages"][0]["id"]
        assert await sim.statuses(wamid) == ["sent"]
        await terminal.take("/hidup")
        await terminal.take("/baca")
        assert await sim.statuses(wamid) == ["sent", "delivered", "read"]
        assert await screen.next() == "Sari ← halo\n"
        before = await sim.now()
        await terminal.take("/maju 25,5")
        assert await sim.now() - before >= 25.5 * 3600
        await terminal.take("/maju sebentar")
        assert "/maju 25" in await screen.next()
        await terminal.take("/maju -1")
        assert (await screen.next()).startswith("Tidak bisa: ")
        await terminal.take("/bantuan")
        assert (await screen.next()).count("\n") > 5


async def test_templates_are_approved_and_rejected_by_hand() -> None:
    async with talking() as (sim, terminal, screen):
        for name, language in (("edaran", "id"), ("edaran", "en"), ("kabar", "id")):
            await sim.template(name, "Ada kabar.", language=language, status="PENDING")
        await terminal.take("/setujui edaran")
        assert "edaran (id), edaran (en)" in await screen.next()
        await terminal.take("/tolak edaran")
        await terminal.take("/setujui")
        await terminal.take("/setujui")
        lines = [await screen.next() for _ in range(3)]
        assert lines[1:] == [TEXTS("simulator.approved", names="kabar (id)"), TEXTS("simulator.no_template")]
        found = {(one["name"], one["language"]): one["status"] for one in await sim.templates()}
        assert found == {
            ("edaran", "id"): "REJECTED",
            ("edaran", "en"): "REJECTED",
            ("kabar", "id"): "APPROVED",
        }


async def test_every_command_of_the_help_is_one() -> None:
    for texts in load_catalogues().values():
        words = [texts(f"simulator.command_{name}") for name in COMMANDS]
        assert all(word in texts("simulator.help") for word in words[:-1])
        assert len(set(words)) == len(words)


COMMANDS = ("person", "hidden", "number", "card", "read", "off", "on", "forward", "approve", "reject", "help")
