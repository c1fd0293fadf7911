"""Asks Telegram for updates (long polling), for installations without a public address."""

from __future__ import annotations

import asyncio
import logging

from aiogram.exceptions import (
    ClientDecodeError,
    TelegramConflictError,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)
from aiogram.types import Update
from aiogram.utils.backoff import Backoff, BackoffConfig

from bot.channels.telegram import UPDATES, TelegramChannel
from bot.channels.telegram_sending import BACKOFF, until_connected

log = logging.getLogger(__name__)

WAIT = 25
"""Seconds that Telegram holds a call open while there is nothing new."""


async def poll(channel: TelegramChannel, wait: int = WAIT, backoff: BackoffConfig = BACKOFF) -> None:
    """Receives until the channel ends. Raises `TelegramUnauthorizedError` for a wrong token.

    An old webhook is removed first, because Telegram gives no updates to a bot that has one.
    """
    await until_connected(channel.bot.delete_webhook, backoff)
    waiting = Backoff(backoff)
    offset: int | None = None
    while not channel.ending.is_set():
        try:
            updates = await _until(channel.ending, channel, offset, wait)
        except TelegramRetryAfter as error:
            await _pause(channel, error.retry_after)
        except (TelegramNetworkError, TelegramServerError, TelegramConflictError, ClientDecodeError) as error:
            # The error's own text can hold messages of people: only its kind goes into the log.
            log.warning("no updates (%s), trying again", type(error).__name__)
            await _pause(channel, next(waiting))
        else:
            waiting.reset()
            if updates:
                await channel.accept(updates)
                offset = updates[-1].update_id + 1
            while channel.busy:
                await _pause(channel, 0.05)


async def _until(
    ending: asyncio.Event, channel: TelegramChannel, offset: int | None, wait: int
) -> list[Update]:
    """The next updates; none if the channel ends while waiting for them."""
    call = asyncio.ensure_future(
        channel.bot.get_updates(
            offset=offset, timeout=wait, allowed_updates=UPDATES, request_timeout=wait + 15
        )
    )
    end = asyncio.ensure_future(ending.wait())
    done, pending = await asyncio.wait({call, end}, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    return call.result() if call in done else []


async def _pause(channel: TelegramChannel, seconds: float) -> None:
    """Waits, but not longer than the channel lasts."""
    try:
        await asyncio.wait_for(channel.ending.wait(), seconds)
    except TimeoutError:
        return
