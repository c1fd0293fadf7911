"""Campaigns as durable workflows: one a campaign, one step a batch, kept by DBOS beside the ledger.

The ledger alone says what was sent; a workflow only goes on asking for the next batch. So it does no harm
when two of them work on one campaign, and nothing is lost when all of them are: whoever is started next goes
on where the ledger stands. What a process had begun when it died, the next of the same name takes up again.

This is the only module that knows DBOS. Its threads hand every batch to the loop in which all else runs.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from dbos import DBOS, DBOSConfig, SetWorkflowID
from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection

from bot.campaigns.campaign import Campaign, CampaignState
from bot.campaigns.lane import LaneLostError
from bot.problems import Problem

log = logging.getLogger(__name__)

SCHEMA = "edaran_workflows"
"""In PostgreSQL, beside the tables of the ledger."""

SUFFIX = ".workflows"
"""Of the file beside a SQLite ledger."""

VERSION = "edaran-1"
"""Changes only if recorded steps mean something else: a new release of the program goes on with old ones."""

LOOK = 0.5
PAUSES = (1.0, 60.0)
"""Seconds before a workflow that broke is started again: the first time, at most."""

TEND = 2.0

_RUNNING = CampaignState.RUNNING.value


class Batches(Protocol):
    """`bot.campaigns.sending.Sending`."""

    async def batch(self, campaign: int) -> CampaignState: ...
    async def landed(self, campaign: int) -> None: ...
    async def end(self) -> None: ...


class Ledger(Protocol):
    """`bot.storage.campaigns.SqlCampaigns`."""

    async def get(self, campaign: int) -> Campaign: ...
    async def in_state(self, *states: CampaignState) -> Sequence[Campaign]: ...


class _EndedError(BaseException):
    """The process ends: not an outcome of the step, which DBOS would keep, so that it is done anew."""


class _Bridge:
    """From the threads of DBOS to the loop."""

    def __init__(self, batches: Batches) -> None:
        self._loop = asyncio.get_running_loop()
        self._batches = batches
        self._ended = threading.Event()
        self.looping: set[int] = set()

    def end(self) -> None:
        self._ended.set()

    def batch(self, campaign: int) -> str:
        if self._ended.is_set():
            raise _EndedError
        work = asyncio.run_coroutine_threadsafe(self._batches.batch(campaign), self._loop)
        try:
            return work.result().value
        except LaneLostError as error:
            raise _EndedError from error


_bridge: _Bridge | None = None
"""DBOS is one a process, and so are its functions, which find their way from here."""


def _current() -> _Bridge:
    if _bridge is None:
        raise _EndedError
    return _bridge


@DBOS.workflow(name="campaign", max_recovery_attempts=1_000_000)
def _campaign(campaign: int) -> str:
    """Sends until the campaign no longer runs; its state then, or why another one does it."""
    bridge = _current()
    if campaign in bridge.looping:
        return "elsewhere"  # taken up again after a crash, while a new one is at it already
    bridge.looping.add(campaign)
    try:
        while (state := _batch(campaign)) == _RUNNING:
            pass
        return state
    finally:
        bridge.looping.discard(campaign)


@DBOS.step(name="batch")
def _batch(campaign: int) -> str:
    return _current().batch(campaign)


class Workflows:
    """Made by `workflows`. All its campaigns are sent by the same `Batches`."""

    def __init__(self, bridge: _Bridge, batches: Batches, ledger: Ledger) -> None:
        self._bridge = bridge
        self._batches = batches
        self._ledger = ledger
        self._pauses: dict[int, float] = {}
        self._not_before: dict[int, float] = {}

    async def run(self, campaign: int) -> CampaignState:
        """Sends what is due of one campaign; its state when it runs no more, and all of it has landed."""
        while (state := await self._state(campaign)) in (None, CampaignState.RUNNING):
            if state is not None:
                await self._see_to(campaign)
            await asyncio.sleep(LOOK)
        assert state is not None
        await self._batches.landed(campaign)
        return state

    async def tend(self) -> None:
        """Sends what runs, for ever."""
        while True:
            try:
                for campaign in await self._ledger.in_state(CampaignState.RUNNING):
                    await self._see_to(campaign.id)
            except Exception as error:  # noqa: BLE001  # an outermost loop: what DBOS lacks today it has tomorrow
                log.error("campaigns are not looked after: %s", getattr(error, "key", type(error).__name__))
            await asyncio.sleep(TEND)

    async def _state(self, campaign: int) -> CampaignState | None:
        """None: the database does not answer just now."""
        try:
            return (await self._ledger.get(campaign)).state
        except Problem as error:
            if error.key == "campaign.unknown":
                raise
            log.warning("campaign %d cannot be read: %s", campaign, error.key)
            return None

    async def _see_to(self, campaign: int) -> None:
        """Starts a workflow where none is at it; one that broke is given more time every time."""
        now = asyncio.get_running_loop().time()
        if campaign in self._bridge.looping or now < self._not_before.get(campaign, 0.0):
            return
        first, longest = PAUSES
        pause = self._pauses.get(campaign, first)
        self._pauses[campaign] = min(2 * pause, longest)
        self._not_before[campaign] = now + pause
        await asyncio.to_thread(_start, campaign)


def _start(campaign: int) -> None:
    with SetWorkflowID(f"campaign-{campaign}-{uuid4()}"):
        DBOS.start_workflow(_campaign, campaign)


@asynccontextmanager
async def workflows(
    address: str, batches: Batches, ledger: Ledger, name: str = "serve"
) -> AsyncIterator[Workflows]:
    """`address`: of the ledger. `name`: of the process; what one of the same name left is taken up again.
    Afterwards nothing is being sent any more. One at a time in a process."""
    global _bridge
    bridge = _bridge = _Bridge(batches)
    await asyncio.to_thread(_launch, address, name)
    try:
        yield Workflows(bridge, batches, ledger)
    finally:
        bridge.end()
        with suppress(Problem):
            await batches.end()
        await asyncio.to_thread(DBOS.destroy)
        _bridge = None


def _launch(address: str, name: str) -> None:
    url, engine = _beside(address)
    config: DBOSConfig = {
        "name": "edaran",
        "system_database_url": url,
        "system_database_engine": engine,
        "dbos_system_schema": SCHEMA,
        "application_version": VERSION,
        "executor_id": name,
        "log_level": "ERROR",
        "use_listen_notify": False,
        "sys_db_pool_size": 4,
    }
    DBOS(config=config)
    logging.getLogger("dbos").setLevel(logging.ERROR)
    DBOS.launch()


def _beside(address: str) -> tuple[str, Engine | None]:
    """Where DBOS keeps its tables: a file of its own beside a SQLite ledger, since it writes as often as the
    ledger does; else the same database, through an engine that DBOS makes itself (None)."""
    url = make_url(address)
    if url.get_backend_name() != "sqlite" or not url.database:
        return url.set(drivername="postgresql").render_as_string(hide_password=False), None
    path = Path(url.database + SUFFIX)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    engine = create_engine(f"sqlite:///{path}")
    event.listen(engine, "connect", _set_pragmas)
    return f"sqlite:///{path}", engine


def _set_pragmas(connection: DBAPIConnection, _: object) -> None:
    """What DBOS sets itself on engines that it makes; and NORMAL, not FULL: if a power cut takes the last
    steps, they are done anew, and find in the ledger that there is nothing to do."""
    connection.isolation_level = "IMMEDIATE"
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=30000", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
