"""Runs a channel until the process is told to stop (SIGINT, SIGTERM), and then ends it gently."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager

import uvicorn
from aiogram.exceptions import TelegramUnauthorizedError
from starlette.applications import Starlette

from bot.channels.port import Channel
from bot.channels.telegram import UPDATES, TelegramChannel
from bot.channels.telegram_sending import until_connected
from bot.channels.web import WEBHOOK
from bot.problems import Problem

GRACE = 10
"""Seconds that open requests get at shutdown."""

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Server(uvicorn.Server):
    """uvicorn, with the signals left to us: it would repeat them at its end, and so cut our own end short."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def run_channel(channel: Channel, ending: asyncio.Event | None = None) -> None:
    """Runs a channel until it ends by itself, a signal comes, or `ending` is set; then lets it finish what it
    is doing. Raises `Problem` for a token that Telegram refuses."""
    running = asyncio.ensure_future(channel.run())
    with _signals(ending or asyncio.Event()) as called, _plain_errors():
        try:
            await _until_over([running], called)
        finally:
            await channel.close()
        await running


async def run_webhook(
    channel: TelegramChannel,
    app: Starlette,
    host: str,
    port: int,
    *,
    public_url: str | None,
    secret: str,
    ending: asyncio.Event | None = None,
) -> None:
    """Serves the web application, as `run_channel` runs a channel. `public_url`: where Telegram reaches this
    server; with it the webhook is announced to Telegram, without it somebody else has done that."""
    listening = _listen(host, port)
    config = uvicorn.Config(app, access_log=False, log_level="warning", timeout_graceful_shutdown=GRACE)
    server = Server(config)
    tasks = [asyncio.ensure_future(server.serve(sockets=[listening])), asyncio.ensure_future(channel.run())]
    if public_url:
        tasks.append(asyncio.ensure_future(until_connected(_announce(channel, public_url, secret))))
    with _signals(ending or asyncio.Event()) as called, _plain_errors():
        try:
            await _until_over(tasks, called)
        finally:
            server.should_exit = True
            await tasks[0]
            await channel.close()
            for task in tasks[1:]:
                task.cancel()


async def _until_over(tasks: Sequence[asyncio.Future[None]], called: asyncio.Event) -> None:
    """Returns when the first task has ended or the end is called for; raises what any of them raised."""
    end = asyncio.ensure_future(_set(called))
    waiting = {*tasks, end}
    try:
        while not (end.done() or tasks[0].done()):
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
    finally:
        end.cancel()


async def _set(event: asyncio.Event) -> None:
    await event.wait()


@contextmanager
def _plain_errors() -> Iterator[None]:
    """A wrong token becomes the line that names the setting."""
    try:
        yield
    except TelegramUnauthorizedError as error:
        raise Problem("setting.token_refused", setting="EDARAN_TELEGRAM__TOKEN") from error


@contextmanager
def _signals(ending: asyncio.Event) -> Iterator[asyncio.Event]:
    """`ending`, set when a signal calls for the end."""
    loop = asyncio.get_running_loop()
    for sign in SIGNALS:
        loop.add_signal_handler(sign, ending.set)
    try:
        yield ending
    finally:
        for sign in SIGNALS:
            loop.remove_signal_handler(sign)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        reason = error.strerror or str(error)
        raise Problem("serve.cannot_listen", host=host, port=port, reason=reason) from error


def _announce(channel: TelegramChannel, public_url: str, secret: str) -> Callable[[], Awaitable[bool]]:
    address = public_url.rstrip("/") + WEBHOOK
    return lambda: channel.bot.set_webhook(address, secret_token=secret, allowed_updates=UPDATES)
