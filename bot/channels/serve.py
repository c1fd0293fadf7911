"""Runs channels until the process is told to stop (SIGINT, SIGTERM), and then ends them gently."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Web:
    """The web application, and where it is served."""

    app: Starlette
    host: str
    port: int


async def run_channels(
    channels: Sequence[Channel],
    web: Web | None = None,
    announce: Callable[[], Awaitable[object]] | None = None,
    ending: asyncio.Event | None = None,
) -> None:
    """Runs channels until one of them ends by itself, a signal comes, or `ending` is set; then lets them
    finish what they are doing. `web` is served meanwhile; `announce` is done once, beside. Raises `Problem`
    for a token that Telegram refuses."""
    server = _server(web) if web else None
    running = [asyncio.ensure_future(channel.run()) for channel in channels]
    serving = [asyncio.ensure_future(_serve(server))] if server else []
    beside = [asyncio.ensure_future(announce())] if announce else []
    with _signals(ending or asyncio.Event()) as called, _plain_errors():
        try:
            await _until_over([*running, *serving], beside, called)
        finally:
            if server is not None:  # nothing new comes in while the channels end
                server[0].should_exit = True
                await asyncio.wait(serving)
            for channel in channels:
                await channel.close()
            for task in beside:
                task.cancel()
        await asyncio.gather(*running, *serving)


async def _until_over(
    running: Sequence[asyncio.Future[None]], beside: Sequence[asyncio.Future[object]], called: asyncio.Event
) -> None:
    """Returns when one of `running` has ended or the end is called for; raises what any of them raised."""
    end: asyncio.Future[object] = asyncio.ensure_future(_set(called))
    waiting: set[asyncio.Future[object]] = {*running, *beside, end}  # type: ignore[arg-type]
    try:
        while not (end.done() or any(task.done() for task in running)):
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


def _server(web: Web) -> tuple[Server, socket.socket]:
    """Raises `Problem` for an address that is taken."""
    listening = _listen(web.host, web.port)
    config = uvicorn.Config(web.app, access_log=False, log_level="warning", timeout_graceful_shutdown=GRACE)
    return Server(config), listening


async def _serve(found: tuple[Server, socket.socket]) -> None:
    server, listening = found
    await server.serve(sockets=[listening])


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise Problem("serve.cannot_listen", host=host, port=port, reason=error) from error


def announcing(
    channel: TelegramChannel, public_url: str | None, secret: str
) -> Callable[[], Awaitable[object]] | None:
    """Tells Telegram where it reaches this server; None where somebody else has done that."""
    if not public_url:
        return None
    address = public_url.rstrip("/") + WEBHOOK
    return lambda: until_connected(
        lambda: channel.bot.set_webhook(address, secret_token=secret, allowed_updates=UPDATES)
    )
