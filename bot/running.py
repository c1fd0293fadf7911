"""Runs what the composition root has wired: the demo in the terminal, Telegram, the watch over policies/."""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.app import (
    build_assistant,
    build_campaigns,
    build_desk,
    build_identity,
    build_noticing,
    build_proxies,
    build_registration,
    build_subscriptions,
    contents_of,
    mind,
    now,
)
from bot.assistant import Assistant
from bot.catalogues import DEFAULT_LANGUAGE
from bot.checking import errors
from bot.config import Settings
from bot.model import Asker
from bot.policy.files import DIRECTORY, fingerprint
from bot.policy.problems import PolicyError

if TYPE_CHECKING:
    from bot.campaigns.subscriptions import Subscriptions
    from bot.channels.port import Channel
    from bot.channels.serve import Web
    from bot.people.identity import Identity
    from bot.storage.store import Store

log = logging.getLogger(__name__)

RELOAD_EVERY = 5.0
"""Seconds between looks at policies/ for changes."""

NAMED = 3
"""Errors in policies/ that one line of the log names; `edaran policy check` names all."""

Adopted = Callable[[], Coroutine[Any, Any, None]]
"""Awaited when other rules have begun to answer."""

SAMPLE = "contoh"
"""How the external ids of the demo's sample employees begin: each sample is a person of her own."""


async def demo(settings: Settings, policies: Path | None, asker: Asker) -> None:
    """A terminal chat as a sample employee, with the ledger of the settings."""
    from bot.channels.console import terminal
    from bot.people import pages
    from bot.people.profile import Profile
    from bot.storage.store import open_store

    assistant = build_assistant(policies)
    assistant.engine.check(asker)
    store = await open_store(settings.database.url)
    try:
        registration = build_registration(assistant)
        sample = ":".join((SAMPLE, asker.regency, *map(str, (asker.status, asker.unit, asker.pattern))))
        profile = await store.profiles.get("console", sample)
        if profile is None:
            profile = Profile("console", sample, asker.regency, asker.status, asker.unit, asker.pattern)
            await store.profiles.put(profile)
        texts = registration.texts(profile)
        # Standard output belongs to the conversation; who speaks in it is said beside it.
        print(texts("console.hint", summary=pages.summary(registration, profile)), file=sys.stderr)
        desk = build_desk(assistant, store, registration)
        await terminal(desk, sample, farewell=texts("console.farewell")).run()
    finally:
        await store.close()


@dataclass(frozen=True, slots=True)
class Serving:
    """What `serve` is to serve. `telegram`: "polling", "webhook", None: not."""

    telegram: str | None
    whatsapp: bool
    host: str
    port: int

    @property
    def names(self) -> list[str]:
        given = {"telegram": self.telegram is not None, "whatsapp": self.whatsapp}
        return [name for name, served in given.items() if served]


async def serve(settings: Settings, policies: Path | None, wanted: Serving) -> None:
    """Answers on its channels until told to stop, sends campaigns meanwhile; reloads policies/ when it
    changes.

    A broken policies/ at the start raises PolicyError: nobody is answered from it.
    """
    from bot.channels.post import Post
    from bot.channels.serve import run_channels
    from bot.outgoing import outgoing
    from bot.storage.store import open_store
    from bot.ways import open_ways

    assistant = build_assistant(policies)
    corpus = lambda: assistant.engine.corpus  # noqa: E731
    store = await open_store(settings.database.url)
    try:
        identity, post = build_identity(assistant, store), Post()
        subscriptions = build_subscriptions(store, settings)
        proxies = build_proxies(assistant, store, identity, post)
        polling, texts = wanted.telegram == "polling", assistant.catalogues
        async with (
            open_ways(settings, store, texts, corpus, wanted.names, polling=polling) as ways,
            outgoing(store, settings, corpus, texts, ways) as out,
        ):
            campaigns = build_campaigns(
                assistant, store, identity, subscriptions, proxies, settings, ways[0].link, out.hindered
            )
            desk = build_desk(assistant, store, build_registration(assistant), identity, post, campaigns)
            channels = {way.name: await way.channel(desk, out.lanes[way.name].answering) for way in ways}
            for channel in channels.values():
                post.serve(channel)

            def staff_changed() -> None:
                identity.forget()
                out.staff_changed()

            async def compare() -> None:
                try:
                    await subscriptions.compare(await asyncio.to_thread(contents_of, assistant))
                except Exception as error:  # noqa: BLE001  # beside answering, which must not stop for it
                    log.error("changes of rules cannot be told: %s", type(error).__name__)

            async with (
                reloading(assistant, policies or DIRECTORY, adopted=compare),
                store.watching(staff_changed),
                _keeping(assistant, store, settings, identity, subscriptions, compare),
                out.tending([proxies.tell]),
            ):
                log.info("serving %s", ", ".join(wanted.names))
                gc.freeze()  # what stands by now stays: it need not be gone through at every collection
                await run_channels(list(channels.values()), *_web(settings, store, wanted, channels))
    finally:
        await store.close()


def _web(
    settings: Settings, store: Store, wanted: Serving, channels: Mapping[str, Channel]
) -> tuple[Web | None, Callable[[], Awaitable[object]] | None]:
    """The web application, if a channel needs one; and what is to be announced once it is there."""
    from bot.channels.serve import Web, announcing
    from bot.channels.telegram import TelegramChannel
    from bot.channels.web import build_web
    from bot.channels.whatsapp import WhatsappChannel

    telegram, whatsapp = channels.get("telegram"), channels.get("whatsapp")
    hooked = telegram if wanted.telegram == "webhook" and isinstance(telegram, TelegramChannel) else None
    heard = whatsapp if isinstance(whatsapp, WhatsappChannel) else None
    if hooked is None and heard is None:
        return None, None
    secret = settings.webhook_secret() if hooked else ""
    token = settings.whatsapp.verify_token
    app = build_web(
        well=store.well,
        telegram=hooked,
        secret=secret,
        whatsapp=heard,
        verify_token=token.get_secret_value() if token else "",
    )
    announce = announcing(hooked, settings.telegram.webhook_url, secret) if hooked else None
    return Web(app, wanted.host, wanted.port), announce


@asynccontextmanager
async def _keeping(
    assistant: Assistant,
    store: Store,
    settings: Settings,
    identity: Identity,
    subscriptions: Subscriptions,
    compare: Adopted,
) -> AsyncIterator[None]:
    """While this is open, answers are counted, what they rest on is noted and compared with what they rested
    on before, and once a day what is over is removed."""
    noticing = build_noticing(assistant, store, identity, subscriptions.noticed)
    daily = store.enforcer(settings.retention).daily([store.profiles.note_uses, noticing.end_days])
    tasks: list[asyncio.Task[None]] = [
        asyncio.create_task(work) for work in (daily, subscriptions.run(), compare())
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await noticing.settle()


# --- hot reload ------------------------------------------------------------------------------


@asynccontextmanager
async def reloading(
    assistant: Assistant, policies: Path, every: float = RELOAD_EVERY, adopted: Adopted | None = None
) -> AsyncIterator[None]:
    """While this is open, a change in policies/ takes over once it is valid as a whole, its own cases among
    it; until then the last good corpus goes on answering, and the log says what is wrong."""
    task = asyncio.create_task(_watch(assistant, policies, every, adopted))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _watch(assistant: Assistant, policies: Path, every: float, adopted: Adopted | None) -> None:
    texts = assistant.catalogues[DEFAULT_LANGUAGE]
    seen = await asyncio.to_thread(fingerprint, policies)
    while True:
        await asyncio.sleep(every)
        found = await asyncio.to_thread(fingerprint, policies)
        if found == seen:
            continue
        seen = found
        try:
            engine, understanding = await asyncio.to_thread(mind, policies)
            wrong = await asyncio.to_thread(errors, policies, texts, now().date())
        except (PolicyError, OSError) as error:
            wrong = [str(error)]
        if wrong:
            some = "; ".join(wrong[:NAMED])
            log.error("policies/ changed, %d errors; the last good corpus goes on: %s", len(wrong), some)
        else:
            assistant.adopt(engine, understanding)
            log.info("policies/ reloaded: %s", engine.corpus.digest[:12])
            if adopted is not None:
                await adopted()
