"""The simulator as a web application, and its process."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import aiohttp
import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp

from bot.simulating.carrying import OverSockets
from bot.simulating.control import Control
from bot.simulating.graph import Graph, Unversioned
from bot.simulating.rules import Account, Rules
from bot.simulating.simulation import Simulation

HOST = "127.0.0.1"
"""Nobody but this machine: whoever reaches it is every person and the platform at once."""
CONNECTIONS = 64


def build_app(simulation: Simulation) -> ASGIApp:
    return Unversioned(Starlette(routes=[*Control(simulation).routes(), *Graph(simulation).routes()]))


def listener(port: int) -> socket.socket:
    """A socket on `port` of this machine; 0: on a free one. Raises OSError if it is taken."""
    found = socket.socket()
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((HOST, port))
    except OSError:
        found.close()
        raise
    return found


@asynccontextmanager
async def simulation_on(
    bound: socket.socket, webhook: str | None, account: Account, rules: Rules
) -> AsyncIterator[Simulation]:
    """A simulation whose webhooks leave, to be served on `bound`."""
    base = f"http://{HOST}:{bound.getsockname()[1]}"
    connector = aiohttp.TCPConnector(limit=CONNECTIONS)
    async with aiohttp.ClientSession(connector=connector) as session:
        simulation = Simulation(
            OverSockets(session), account=account, rules=rules, base=base, webhook=webhook
        )
        async with simulation.delivering():
            yield simulation


class Server(uvicorn.Server):
    """uvicorn, without its handling of signals."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serving(simulation: Simulation, bound: socket.socket) -> AsyncIterator[None]:
    """The simulation can be reached on `bound` as long as this lasts."""
    config = uvicorn.Config(
        build_app(simulation),
        log_level="warning",
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=1,
    )
    server = Server(config)
    task = asyncio.ensure_future(server.serve(sockets=[bound]))
    try:
        yield
    finally:
        simulation.bell.close()
        server.should_exit = True
        await task
