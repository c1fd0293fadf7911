"""A chat by hand with the program under test: a line is a message, a number presses a button or row."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from bot.rendering.texts import Texts
from bot.simulating.client import Person, Received, Simulator, SimulatorError
from bot.simulating.errors import Json

WAIT = 30.0
"""Seconds after which an open question for new messages is asked again."""
PENDING, REASON = "PENDING", "INVALID_FORMAT"
"""A template that waits for review, and why one is rejected."""
AFTERWARDS = 1.0
"""Seconds for the last answers, after the end of the input."""

Act = Callable[[str], Awaitable[None]]


class Terminal:
    """`write` gets one line or several, without the last line break."""

    def __init__(self, sim: Simulator, texts: Texts, write: Callable[[str], None]) -> None:
        self._sim, self._texts, self._write = sim, texts, write
        self._people: dict[str, Person] = {}
        self._newest: dict[str, Received] = {}
        self._watching: set[asyncio.Task[None]] = set()
        self._me: Person | None = None
        self._commands: dict[str, Act] = {
            texts("simulator.command_person"): self._become,
            texts("simulator.command_hidden"): self._become_hidden,
            texts("simulator.command_number"): self._share_number,
            texts("simulator.command_card"): self._share_card,
            texts("simulator.command_read"): self._read,
            texts("simulator.command_off"): self._switch_off,
            texts("simulator.command_on"): self._switch_on,
            texts("simulator.command_forward"): self._forward,
            texts("simulator.command_approve"): self._approve,
            texts("simulator.command_reject"): self._reject,
            texts("simulator.command_help"): self._help,
        }

    @asynccontextmanager
    async def talking(self) -> AsyncIterator[None]:
        """Replies are written as long as this lasts."""
        await self._become(self._texts("simulator.somebody"))
        try:
            yield
        finally:
            for task in self._watching:
                task.cancel()

    async def take(self, line: str) -> None:
        """One line that was typed."""
        word, _, rest = line.strip().partition(" ")
        try:
            if word in self._commands:
                await self._commands[word](rest.strip())
            elif word:
                await self._say(line.strip())
        except SimulatorError as error:
            self._write(self._texts("simulator.impossible", reason=error))

    # --- commands ------------------------------------------------------------------------------

    async def _become(self, words: str, hidden: bool = False) -> None:
        """Somebody new, with the number that follows her name or any, or somebody from before; without a name
        everybody is listed."""
        before, _, last = words.rpartition(" ")
        phone = last.lstrip("+") if before and last.lstrip("+").isdecimal() else None
        name = before.strip() if phone else words
        if not name:
            self._write("\n".join(f"{one.name}: +{one.phone}" for one in self._people.values()))
            return
        if name not in self._people:
            self._people[name] = await self._sim.person(name, phone, hidden=hidden)
            self._watching.add(asyncio.ensure_future(self._watch(self._people[name])))
        self._me = self._people[name]
        self._write(self._texts("simulator.now_person", name=name, phone=f"+{self._me.phone}"))

    async def _become_hidden(self, name: str) -> None:
        await self._become(name, hidden=True)

    async def _share_number(self, _: str) -> None:
        if any(one.kind == "contact_request" for one in await self._person.chat()):
            await self._person.shares_number()
        else:
            self._write(self._texts("simulator.not_asked"))

    async def _share_card(self, _: str) -> None:
        await self._person.shares_card()

    async def _read(self, _: str) -> None:
        await self._person.reads()

    async def _switch_off(self, _: str) -> None:
        await self._person.becomes(online=False)

    async def _switch_on(self, _: str) -> None:
        await self._person.becomes(online=True)

    async def _forward(self, hours: str) -> None:
        """Moves the clock: past the window of 24 hours, for example."""
        try:
            seconds = float(hours.replace(",", ".")) * 3600
        except ValueError:
            self._write(self._texts("simulator.hours"))
            return
        await self._sim.advance(seconds)

    async def _approve(self, name: str) -> None:
        """The templates of this name; without one, all that wait for review."""
        found = await self._sim.templates()
        waiting = [one for one in found if one["name"] == name or (not name and one["status"] == PENDING)]
        await self._review(waiting, "APPROVED", "NONE")

    async def _reject(self, name: str) -> None:
        found = [one for one in await self._sim.templates() if one["name"] == name]
        await self._review(found, "REJECTED", REASON)

    async def _review(self, templates: Sequence[Json], status: str, reason: str) -> None:
        for one in templates:
            await self._sim.review(one["name"], status, language=one["language"], reason=reason)
        names = ", ".join(f"{one['name']} ({one['language']})" for one in templates)
        key = f"simulator.{status.lower()}" if templates else "simulator.no_template"
        self._write(self._texts(key, names=names) if templates else self._texts(key))

    async def _help(self, _: str) -> None:
        self._write(self._texts("simulator.help"))

    # --- talking -------------------------------------------------------------------------------

    @property
    def _person(self) -> Person:
        assert self._me is not None  # since `talking`
        return self._me

    async def _say(self, line: str) -> None:
        newest = self._newest.get(self._person.name)
        place = int(line) - 1 if line.isascii() and line.isdigit() and len(line) < 3 else -1
        if newest is not None and 0 <= place < len(newest.choices):
            await self._person.presses(newest.choices[place], on=newest)
        else:
            await self._person.says(line)

    async def _watch(self, person: Person) -> None:
        while True:
            for reply in await person.coming_replies(WAIT):
                if reply.choices:
                    self._newest[person.name] = reply
                self._write(shown(person.name, reply))


def shown(name: str, reply: Received) -> str:
    """A message as lines, each choice with the number that presses it."""
    parts = [reply.header, reply.text, reply.footer]
    if reply.link is not None:
        parts.append(f"{reply.link['display_text']}: {reply.link['url']}")
    if reply.file is not None:
        parts.append(f"📎 {reply.file.get('filename') or reply.file.get('link') or reply.file.get('id')}")
    if reply.list_button is not None:
        parts.append(f"☰ {reply.list_button}")
    for number, choice in enumerate(reply.choices, 1):
        more = f" — {choice.description}" if choice.description else ""
        parts.append(f"[{number}] {choice.title}{more}")
    return f"{name} ← " + "\n".join(part for part in parts if part) + "\n"


async def typed() -> AsyncIterator[str]:
    """The lines of standard input. They are read in a thread that nobody waits for at the end."""
    loop, lines = asyncio.get_running_loop(), asyncio.Queue[str]()

    def read() -> None:
        while line := sys.stdin.readline():
            loop.call_soon_threadsafe(lines.put_nowait, line)
        loop.call_soon_threadsafe(lines.put_nowait, "")

    threading.Thread(target=read, daemon=True).start()
    while line := await lines.get():
        yield line


async def chat(sim: Simulator, texts: Texts, write: Callable[[str], None]) -> None:
    """Until the end of the input."""
    terminal = Terminal(sim, texts, write)
    async with terminal.talking():
        async for line in typed():
            await terminal.take(line)
        await sim.settled()
        await asyncio.sleep(AFTERWARDS)
