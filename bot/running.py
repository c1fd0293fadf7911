"""Runs what the composition root has wired: the demo in the terminal, Telegram, the watch over policies/."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from bot.app import (
    build_assistant,
    build_desk,
    build_identity,
    build_noticing,
    build_registration,
    mind,
)
from bot.assistant import Assistant
from bot.config import Settings
from bot.model import Asker
from bot.policy.files import DIRECTORY, fingerprint
from bot.policy.problems import PolicyError

if TYPE_CHECKING:
    from bot.people.identity import Identity
    from bot.storage.store import Store

log = logging.getLogger(__name__)

RELOAD_EVERY = 5.0
"""Seconds between looks at policies/ for changes."""

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


async def serve(settings: Settings, policies: Path | None, telegram: str, host: str, port: int) -> None:
    """Answers on Telegram ("polling" or "webhook") until told to stop; reloads policies/ when it changes.

    A broken policies/ at the start raises PolicyError: nobody is answered from it.
    """
    from bot.channels.post import Post
    from bot.channels.serve import run_channel, run_webhook
    from bot.channels.telegram import TelegramChannel, build_bot
    from bot.channels.telegram_polling import poll
    from bot.channels.web import build_web
    from bot.storage.store import open_store

    assistant = build_assistant(policies)
    store = await open_store(settings.database.url)
    bot = build_bot(settings.telegram_token(), settings.telegram.api_base)
    try:
        handled = await store.updates_of(bot.id)
        unreachable = await store.unreachable_on(TelegramChannel.name)
        identity, post = build_identity(assistant, store), Post()
        desk = build_desk(assistant, store, build_registration(assistant), identity, post)
        polling = telegram == "polling"
        channel = TelegramChannel(bot, desk, handled, unreachable, receive=poll if polling else None)
        post.serve(channel)
        async with (
            reloading(assistant, policies or DIRECTORY),
            store.watching(identity.forget),
            _keeping(assistant, store, settings, identity),
        ):
            if polling:
                await run_channel(channel)
                return
            secret = settings.webhook_secret()
            web = build_web(well=store.well, telegram=channel, secret=secret)
            await run_webhook(
                channel, web, host, port, public_url=settings.telegram.webhook_url, secret=secret
            )
    finally:
        await bot.session.close()
        await store.close()


@asynccontextmanager
async def _keeping(
    assistant: Assistant, store: Store, settings: Settings, identity: Identity
) -> AsyncIterator[None]:
    """While this is open, answers are counted, and once a day what is over is removed."""
    noticing = build_noticing(assistant, store, identity)
    daily = store.enforcer(settings.retention).daily([store.profiles.note_uses, noticing.end_days])
    task = asyncio.create_task(daily)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await noticing.settle()


# --- hot reload ------------------------------------------------------------------------------


@asynccontextmanager
async def reloading(assistant: Assistant, policies: Path, every: float = RELOAD_EVERY) -> AsyncIterator[None]:
    """While this is open, a change in policies/ takes over once it is valid as a whole; until then the last
    good corpus goes on answering, and the log says what is wrong."""
    task = asyncio.create_task(_watch(assistant, policies, every))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _watch(assistant: Assistant, policies: Path, every: float) -> None:
    seen = await asyncio.to_thread(fingerprint, policies)
    while True:
        await asyncio.sleep(every)
        found = await asyncio.to_thread(fingerprint, policies)
        if found == seen:
            continue
        seen = found
        try:
            engine, understanding = await asyncio.to_thread(mind, policies)
        except (PolicyError, OSError) as error:
            log.error("policies/ changed and is broken; the last good corpus goes on: %s", error)
        else:
            assistant.adopt(engine, understanding)
            log.info("policies/ reloaded: %s", engine.corpus.digest[:12])
