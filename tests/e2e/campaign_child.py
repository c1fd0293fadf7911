"""A process that sends campaigns until it is killed, through a channel that writes down what it took."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.campaigns.campaign import CampaignState
from bot.campaigns.lane import Lane
from bot.campaigns.lane import Plan as LanePlan
from bot.campaigns.sending import Outcome, Plan, RetryAfter, Sending, Sent
from bot.model import Reply
from bot.storage.campaigns import SqlCampaigns
from bot.storage.deliveries import SqlDeliveries
from bot.storage.engine import open_engine
from bot.storage.lanes import SqlLeases
from bot.workflows import workflows

NOW = 1_795_400_000.0
QUICK = LanePlan(silence=0.3, every=0.05, poll=0.01, quantum=0.2, answers=0.5)
SMALL = Plan(batch=10, idle=0.01, pauses=(0.01, 0.1))


class DurableSender:
    """Takes a message by writing it down, a moment after the call and a moment before its answer."""

    def __init__(self, path: str, pauses: bool) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._pauses = pauses

    async def send(self, channel: str, external_id: str, message: Reply) -> Outcome:
        await asyncio.sleep(random.random() * 0.004)
        if self._pauses and random.random() < 0.02:
            return RetryAfter(0.01)
        os.write(self._file, f"{message.text} {external_id}\n".encode())
        await asyncio.sleep(random.random() * 0.004)
        return Sent("1")


class Texts:
    async def message(self, campaign: int, language: str | None, due: int | None) -> Reply:
        return Reply(str(campaign))


@asynccontextmanager
async def sending(url: str, path: str, rate: float | None) -> AsyncIterator[tuple[Sending, SqlCampaigns]]:
    engine = open_engine(url)
    clock = lambda: NOW  # noqa: E731
    lane = Lane("telegram:1", SqlLeases(engine), rate, QUICK)
    sender = DurableSender(path, pauses=rate is not None)
    yield (
        Sending("telegram", lane, SqlDeliveries(engine, clock), sender, Texts(), SMALL),
        SqlCampaigns(engine, clock),
    )
    await engine.dispose()


async def send(url: str, path: str, campaign: int, rate: float | None) -> CampaignState:
    """As `edaran campaign run` does."""
    async with (
        sending(url, path, rate) as (worker, campaigns),
        workflows(url, worker, campaigns, f"run-{campaign}") as flows,
    ):
        return await flows.run(campaign)


def main(url: str, path: str, campaign: int, rate: float | None) -> None:
    asyncio.run(send(url, path, campaign, rate))
