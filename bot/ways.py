"""The ways to people that are set up: each opens what it needs, carries messages to many, and makes the
channel that answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote

from bot.app import seconds
from bot.campaigns.costs import WINDOW
from bot.campaigns.hindrances import Held
from bot.campaigns.sending import Sender
from bot.catalogues import DEFAULT_LANGUAGE
from bot.channels.port import Channel, Counter
from bot.channels.telegram import TelegramChannel, build_bot
from bot.channels.telegram_bulk import TelegramSender
from bot.channels.telegram_polling import poll
from bot.channels.whatsapp import WhatsappChannel
from bot.channels.whatsapp_build import build_whatsapp, check, secret, wording_of
from bot.channels.whatsapp_bulk import WhatsappSender
from bot.channels.whatsapp_client import build_client
from bot.channels.whatsapp_opening import Openings
from bot.channels.whatsapp_sending import NAME, Calls
from bot.channels.whatsapp_templates import build_templates
from bot.channels.whatsapp_told import Telling
from bot.config import Settings
from bot.policy.corpus import Corpus
from bot.problems import Problem
from bot.rendering.texts import Texts
from bot.storage.store import Store
from bot.storage.whatsapp_costs import SqlCosts
from bot.storage.whatsapp_statuses import SqlStatuses

if TYPE_CHECKING:
    from aiogram import Bot

Settle = Callable[[int], Awaitable[object]]
Answering = Callable[[], AbstractContextManager[object]]


class Way(Protocol):
    """`lane`: the name of its lane, one a bot or number. `rate`: messages a second to many people."""

    @property
    def name(self) -> str: ...
    @property
    def lane(self) -> str: ...
    @property
    def rate(self) -> float: ...
    @property
    def sender(self) -> Sender: ...

    async def link(self, payload: str) -> str:
        """To the chat with the bot, carrying a text."""

    async def channel(self, desk: Counter, answering: Answering) -> Channel:
        """What answers. `answering`: is entered around every answer."""

    async def ready(self, external_id: str) -> None:
        """Raises Problem where nothing can be sent to this account now, and says how to repair it."""

    async def held(self, campaign: int, before: Sequence[str]) -> Held | None:
        """What keeps a campaign from starting, as far as it goes this way; None: nothing does. `before`: the
        channels that are preferred to this one."""

    async def settle(self, settle: Settle) -> None:
        """`settle`: is done for each campaign of which the channel has told, later, that messages failed."""

    async def close(self) -> None: ...


class TelegramWay:
    name = TelegramChannel.name

    def __init__(self, settings: Settings, store: Store, *, polling: bool = True) -> None:
        self._store = store
        self._polling = polling
        self.bot: Bot = build_bot(settings.telegram_token(), settings.telegram.api_base)
        self.lane = f"{self.name}:{self.bot.id}"
        self.rate = settings.telegram.rate
        self.sender = TelegramSender(self.bot)

    async def link(self, payload: str) -> str:
        return f"https://t.me/{(await self.bot.me()).username}?start={payload}"

    async def channel(self, desk: Counter, answering: Answering) -> TelegramChannel:
        handled = await self._store.updates_of(self.bot.id)
        unreachable = await self._store.unreachable_on(self.name)
        receive = poll if self._polling else None
        return TelegramChannel(self.bot, desk, handled, unreachable, receive=receive, answering=answering)

    async def ready(self, external_id: str) -> None: ...

    async def held(self, campaign: int, before: Sequence[str]) -> Held | None:
        return None

    async def settle(self, settle: Settle) -> None: ...

    async def close(self) -> None:
        await self.bot.session.close()


class WhatsappWay:
    name = NAME

    def __init__(
        self,
        settings: Settings,
        store: Store,
        catalogues: Mapping[str, Texts],
        corpus: Callable[[], Corpus],
    ) -> None:
        whatsapp = settings.whatsapp
        check(whatsapp)
        self._settings, self._store, self._catalogues = whatsapp, store, catalogues
        self._client = build_client(secret(whatsapp.token), whatsapp.phone_id or "", whatsapp.api_base)
        self._calls = Calls(self._client)
        self._templates = build_templates(self._client.api, whatsapp, lambda: corpus().templates, seconds)
        self._costs = SqlCosts(store.engine, seconds)
        openings = Openings(self._templates, self._costs, whatsapp.tariff(), seconds)
        wording = wording_of(catalogues[DEFAULT_LANGUAGE])
        self._statuses = SqlStatuses(store.engine, seconds)
        self.lane = f"{self.name}:{whatsapp.phone_id}"
        self.rate = whatsapp.rate
        self.sender = WhatsappSender(self._calls, store.whatsapp_accounts, wording, seconds, openings)

    async def link(self, payload: str) -> str:
        """Opens the chat with the command typed already."""
        number = (await self._client.get_business_phone_number()).display_phone_number
        digits = "".join(one for one in number or "" if one.isdecimal())
        return f"https://wa.me/{digits}?text={quote(f'/mulai {payload}')}"

    async def channel(self, desk: Counter, answering: Answering) -> WhatsappChannel:
        telling = Telling(self._statuses, self._templates.forget)
        return await build_whatsapp(
            self._settings,
            desk,
            self._store,
            self._catalogues,
            calls=self._calls,
            told=telling,
            answering=answering,
        )

    async def ready(self, external_id: str) -> None:
        if not await self.sender.open_to(external_id):
            await self._templates.check()

    async def held(self, campaign: int, before: Sequence[str]) -> Held | None:
        """A campaign whose people all have Telegram, or wrote here lately, needs no template."""
        count = await self._costs.closed_in(campaign, before, int(seconds()) - WINDOW)
        if count:
            try:
                await self._templates.check()
            except Problem as problem:
                return Held(count, problem)
        return None

    async def settle(self, settle: Settle) -> None:
        await self._statuses.settle(settle)

    async def close(self) -> None:
        await self._calls.close()


@asynccontextmanager
async def open_ways(
    settings: Settings,
    store: Store,
    catalogues: Mapping[str, Texts],
    corpus: Callable[[], Corpus],
    wanted: Sequence[str],
    *,
    polling: bool = True,
) -> AsyncIterator[list[Way]]:
    """`wanted`: names; what comes is in the order of the settings. `polling`: how Telegram's updates come.
    Raises Problem for a setting that is missing."""
    ways: list[Way] = []
    try:
        for name in settings.channels.preferred:
            if name == TelegramWay.name and name in wanted:
                ways.append(TelegramWay(settings, store, polling=polling))
            elif name in wanted:
                ways.append(WhatsappWay(settings, store, catalogues, corpus))
        yield ways
    finally:
        for way in ways:
            await way.close()


def set_up(settings: Settings) -> list[str]:
    """The names of the ways whose settings are there."""
    given = {TelegramWay.name: settings.telegram.token, WhatsappWay.name: settings.whatsapp.token}
    return [name for name, token in given.items() if token is not None]
