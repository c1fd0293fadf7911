"""A person of the simulator, for Python."""

from __future__ import annotations

import base64
from typing import Any, Protocol

from bot.simulating.errors import Json
from bot.simulating.received import Choice, Received, SilenceError, received

SECONDS = 60.0
"""How long a reply is waited for."""


class Control(Protocol):
    """The simulator's control side; raises SimulatorError."""

    async def call(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        query: Json | None = None,
        seconds: float = SECONDS,
    ) -> Any: ...


class Person:
    """Somebody with a phone. What she does returns the id of her message."""

    def __init__(self, simulator: Control, user_id: str, name: str, phone: str) -> None:
        self._simulator = simulator
        self.user_id, self.name, self.phone = user_id, name, phone
        self._seen = 0

    async def says(self, text: str, *, quoting: str | None = None) -> str:
        return await self._act("says", text=text, on=quoting)

    async def presses(self, choice: str | Choice, *, on: Received | None = None) -> str:
        """A button or a row, by title or id; in the newest message that has it, or `on` that one."""
        chosen = choice.id if isinstance(choice, Choice) else choice
        return await self._act("presses", text=chosen, on=on.id if on else None)

    async def shares_number(self) -> str:
        """Answers a request for her own number with its button."""
        return await self._act("shares_number")

    async def shares_card(self, name: str | None = None, phone: str | None = None) -> str:
        """Sends a contact card: that of somebody else, or without arguments her own."""
        return await self._act("shares_card", name=name or self.name, phone=phone or self.phone)

    async def sends_file(
        self,
        content: bytes,
        mime_type: str,
        *,
        kind: str = "document",
        filename: str | None = None,
        **more: Any,
    ) -> str:
        """`kind`: document, image, audio, video or sticker; `more`: caption."""
        data = base64.b64encode(content).decode()
        return await self._act(
            "sends_file", content=data, mime_type=mime_type, kind=kind, filename=filename, **more
        )

    async def sends_location(self, latitude: float, longitude: float, name: str = "") -> str:
        return await self._act("sends_location", latitude=latitude, longitude=longitude, name=name)

    async def reacts(self, emoji: str, *, on: Received | None = None) -> str:
        return await self._act("reacts", text=emoji, on=on.id if on else None)

    async def sends_unsupported(self, kind: str = "poll_creation") -> str:
        return await self._act("sends_unsupported", kind=kind)

    async def reads(self) -> None:
        """Opens the chat."""
        await self._simulator.call("POST", f"/people/{self.user_id}/reading", {})

    async def becomes(self, **changes: Any) -> None:
        """online, receipts, reachable, hidden, username, name; or a new phone, which the business is told."""
        found = await self._simulator.call("PATCH", f"/people/{self.user_id}", changes)
        self.name, self.phone = found["name"], found["phone"]

    # --- what she gets -------------------------------------------------------------------------

    async def next_reply(self, seconds: float = SECONDS) -> Received:
        """The next message that she has not been shown by this. Raises SilenceError if none comes."""
        found = await self._outbox(self._seen, seconds)
        if not found:
            raise SilenceError(f"{self.name} got no message within {seconds} s")
        self._seen += 1
        return found[0]

    async def new_replies(self) -> list[Received]:
        """All that came and were not shown yet, without waiting."""
        return await self.coming_replies(0)

    async def coming_replies(self, seconds: float = SECONDS) -> list[Received]:
        """All that came and were not shown yet; waits for one, and then for no more."""
        found = await self._outbox(self._seen, seconds)
        self._seen += len(found)
        return found

    async def chat(self) -> list[Received]:
        """All messages she ever got."""
        return await self._outbox(0, 0)

    async def _outbox(self, after: int, seconds: float) -> list[Received]:
        path, query = f"/people/{self.user_id}/outbox", {"after": after, "wait": seconds}
        found = await self._simulator.call("GET", path, query=query, seconds=seconds)
        return [received(one) for one in found]

    async def _act(self, act: str, **more: Any) -> str:
        answer = await self._simulator.call("POST", f"/people/{self.user_id}/acts", {"act": act} | more)
        return str(answer["id"])
