"""The WhatsApp channel for tests: over the simulator, or over calls that misbehave on demand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from pydantic import SecretStr
from starlette.types import Receive, Scope, Send

from bot.channels.port import Unreachable
from bot.channels.web import build_web
from bot.channels.whatsapp import Told, WhatsappChannel
from bot.channels.whatsapp_build import build_whatsapp
from bot.channels.whatsapp_client import build_client
from bot.channels.whatsapp_sending import Calls, Pace
from bot.config import Whatsapp
from bot.simulating.client import Person, Received, Simulator
from bot.simulating.clock import Clock
from bot.simulating.rules import Rules
from tests.fakes import CATALOGUES, MemoryUnreachable, Office
from tests.whatsapp import ACCOUNT, FREE, simulated

QUICK = Pace(first=0.01, longest=0.05, pair=0.01, patience=5.0)

SETTINGS = Whatsapp(
    token=SecretStr(ACCOUNT.token),
    phone_id=ACCOUNT.phone_id,
    app_secret=SecretStr(ACCOUNT.app_secret),
    verify_token=SecretStr(ACCOUNT.verify_token),
)

Names = tuple[str | None, str | None]


@dataclass
class MemoryWebhooks:
    bodies: dict[str, bytes | None] = field(default_factory=dict)
    messages: set[str] = field(default_factory=set)
    readers: dict[str, str] = field(default_factory=dict)
    full: bool = False

    async def keep(self, mark: str, sealed: bytes) -> bool:
        if self.full:
            raise OSError("full")
        new = mark not in self.bodies
        self.bodies.setdefault(mark, sealed)
        return new

    async def waiting(self) -> Sequence[tuple[str, bytes]]:
        return [(mark, sealed) for mark, sealed in self.bodies.items() if sealed is not None]

    async def handled(self, message_id: str) -> bool:
        return message_id in self.messages

    async def finish(self, messages: Sequence[str], mark: str | None = None) -> None:
        self.messages.update(messages)
        if mark is not None:
            self.bodies[mark] = None

    async def unread(self, mark: str, reader: str) -> None:
        self.readers[mark] = reader


@dataclass
class MemoryAccounts:
    """`names`: external id → (user id, number)."""

    names: dict[str, Names] = field(default_factory=dict)
    heard: dict[str, int] = field(default_factory=dict)

    async def of(self, user_id: str | None, number: str | None, at: int) -> str:
        found = next((key for key, names in self.names.items() if user_id and names[0] == user_id), None)
        if found is None:
            same = (key for key, names in self.names.items() if number and names[1] == number)
            found = next((key for key in same if None in (user_id, self.names[key][0])), None)
        external_id = found or user_id or number or ""
        old = self.names.get(external_id, (None, None))
        self.names[external_id] = (user_id or old[0], number or old[1])
        self.heard[external_id] = max(at, self.heard.get(external_id, 0))
        return external_id

    async def address(self, external_id: str) -> Names:
        return self.names.get(external_id, (None, None))

    async def heard_at(self, external_id: str) -> int | None:
        return self.heard.get(external_id)

    async def renamed(self, old: Names, new: Names) -> None:
        for key, names in self.names.items():
            if (old[0] and names[0] == old[0]) or (old[1] and names[1] == old[1]):
                self.names[key] = (new[0] or names[0], new[1] or names[1])


@dataclass
class MemoryLedger:
    """Keeps `bot.channels.whatsapp_build.Ledger`."""

    profiles: Any
    webhooks: MemoryWebhooks = field(default_factory=MemoryWebhooks)
    whatsapp_accounts: MemoryAccounts = field(default_factory=MemoryAccounts)
    unreachable: MemoryUnreachable = field(default_factory=MemoryUnreachable)

    async def unreachable_on(self, channel: str) -> Unreachable:
        return self.unreachable


@dataclass
class Setting:
    """Everything around one channel."""

    simulator: Simulator
    channel: WhatsappChannel
    office: Office
    ledger: Any
    web: httpx.AsyncClient

    async def person(self, name: str = "Orang", **more: Any) -> Person:
        return await self.simulator.person(name, **more)

    async def settle(self) -> None:
        """Waits until everything that is due has come and is worked off."""
        await self.simulator.settled()
        await self.channel.settle()
        await self.simulator.settled()
        await self.channel.settle()

    async def hear(self, person: Person) -> list[Received]:
        await self.settle()
        return await person.new_replies()

    async def ask(self, person: Person, text: str) -> list[Received]:
        """What she sees after she wrote."""
        await person.says(text)
        return await self.hear(person)


class _Later:
    """The web application, which is there only once the channel is."""

    app: Any = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


async def well() -> bool:
    return True


@asynccontextmanager
async def whatsapp(
    office: Office | None = None,
    ledger: Any = None,
    *,
    rules: Rules = FREE,
    clock: Clock | None = None,
    told: Told | None = None,
    pace: Pace = QUICK,
    trouble: Callable[[httpx.Request], httpx.Response | None] | None = None,
) -> AsyncIterator[Setting]:
    """Our channel behind its web application, over a simulator without sockets. `trouble`: answers in the
    Graph API's place, or breaks the connection; None: lets the call through."""
    office = office or Office()
    ledger = ledger or MemoryLedger(office.profiles)
    app = _Later()
    async with simulated(app, rules=rules, clock=clock) as (simulator, transport):
        through = Troublesome(transport, trouble) if trouble else transport
        calls = Calls(build_client(ACCOUNT.token, ACCOUNT.phone_id, simulator.base, transport=through))
        channel = await build_whatsapp(
            SETTINGS, office.desk, ledger, CATALOGUES, calls=calls, told=told, pace=pace
        )
        app.app = build_web(well=well, whatsapp=channel, verify_token=ACCOUNT.verify_token)
        local = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=local, base_url="http://edaran") as web:
            yield Setting(simulator, channel, office, ledger, web)
        await channel.close()


class Troublesome(httpx.AsyncBaseTransport):
    def __init__(
        self,
        inner: httpx.AsyncBaseTransport,
        trouble: Callable[[httpx.Request], httpx.Response | None],
    ) -> None:
        self._inner, self._trouble = inner, trouble

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return self._trouble(request) or await self._inner.handle_async_request(request)
