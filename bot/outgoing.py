"""What the bot writes of itself: circulars of campaigns, reminders, digests for superiors, news of rules.

All of it goes through one lane a bot, behind the answers to people. `outgoing` opens what sends, for one
command or for as long as the bot serves; then `tending` looks after everything that has its time.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, date, timedelta, tzinfo
from typing import TypeAlias

from bot.app import catalogues, corpus_of, now, seconds
from bot.campaigns.campaign import CampaignState, Unreachable
from bot.campaigns.carrying import Carrying
from bot.campaigns.drafting import terms_of
from bot.campaigns.escalation import Escalation
from bot.campaigns.hindrances import Held, Hindered
from bot.campaigns.lane import Lane
from bot.campaigns.letters import Letters
from bot.campaigns.reminders import Reminders
from bot.campaigns.sending import NotReached, Outcome, Sending
from bot.campaigns.subscriptions import News
from bot.catalogues import DEFAULT_LANGUAGE
from bot.config import Settings, load_settings
from bot.directory import CorpusDirectory
from bot.model import Reply
from bot.people.identity import Account
from bot.policy.corpus import Corpus
from bot.policy.files import DIRECTORY
from bot.rendering.texts import Texts
from bot.storage import evidence
from bot.storage.campaigns import SqlCampaigns, refresh
from bot.storage.circular_reading import SqlCirculars
from bot.storage.deliveries import SqlDeliveries
from bot.storage.escalations import SqlEscalations
from bot.storage.key_files import secret_at
from bot.storage.lanes import SqlLeases
from bot.storage.reminders import SqlReminders
from bot.storage.signing_key import signer_of
from bot.storage.store import Store
from bot.storage.subscriptions import SqlSubscriptions
from bot.storage.superseding import older_campaigns
from bot.storage.unreachable import note_unreached
from bot.storage.whatsapp_costs import SqlCosts
from bot.ways import TelegramWay, Way, open_ways, set_up
from bot.workflows import Batches, workflows
from bot.worktime import Calendar

log = logging.getLogger(__name__)

TRY_SECONDS = 120
"""For which a message that somebody has sent to herself waits for its turn."""

LOOK_EVERY = 300.0
"""Seconds between two looks at who is to be reminded or told."""

START_EVERY = 5.0
"""Seconds between two looks at what is to start."""

HELD_EVERY = 30.0
"""Seconds after which a campaign that could not start is looked at again."""

SIGN_EVERY = 3_600.0
"""Seconds between two checkpoints of the evidence."""

AT_LEAST, AT_MOST = 30.0, 3_600.0
"""Seconds between two looks at what the staff's changes mean for campaigns: after a change, and without."""

SHARE = 10
"""So many times as long as such a look has taken, none follows."""


Work: TypeAlias = Callable[[], Awaitable[object]]


class _Senders:
    """Keeps `Sender` for all channels."""

    def __init__(self, ways: Sequence[Way]) -> None:
        self._of = {way.name: way.sender for way in ways}

    async def send(self, channel: str, external_id: str, message: Reply) -> Outcome:
        return await self._of[channel].send(channel, external_id, message)


class _Fleet:
    """Keeps `Batches` over the workers of several channels."""

    def __init__(self, workers: Sequence[Sending]) -> None:
        self._workers = workers

    async def batch(self, campaign: int) -> CampaignState:
        states = await asyncio.gather(*(worker.batch(campaign) for worker in self._workers))
        return CampaignState.RUNNING if CampaignState.RUNNING in states else states[0]

    async def landed(self, campaign: int) -> None:
        await asyncio.gather(*(worker.landed(campaign) for worker in self._workers))

    async def end(self) -> None:
        await asyncio.gather(*(worker.end() for worker in self._workers))


class Outgoing:
    """Keeps `bot.campaigns.outbox.Outbox`. `corpus`: that of now. Made by `outgoing`."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        corpus: Callable[[], Corpus],
        texts: Mapping[str, Texts],
        ways: Sequence[Way],
    ) -> None:
        engine = store.engine
        self._store, self._settings, self._corpus = store, settings, corpus
        self._ways = ways
        self.lanes = {way.name: Lane(way.lane, SqlLeases(engine), way.rate) for way in ways}
        self._campaigns = SqlCampaigns(engine, seconds)
        self._deliveries = SqlDeliveries(engine, seconds, tuple(self.lanes))
        self._letters = Letters(SqlCirculars(engine), self._campaigns, texts, DEFAULT_LANGUAGE, self._zone)
        senders = _Senders(ways)
        self._batches: Batches = _Fleet(
            [
                Sending(channel, lane, self._deliveries, senders, self._letters)
                for channel, lane in self.lanes.items()
            ]
        )
        self._carrier = Carrying(self.lanes, senders, now, self._lost)
        plan = settings.reminders.plan()
        spoken = (texts, DEFAULT_LANGUAGE, plan, now)
        other_after = timedelta(days=settings.channels.other_after)
        kept = SqlReminders(engine)
        self._reminders = Reminders(kept, self._carrier, self._calendar, *spoken, other_after)
        self._escalation = Escalation(SqlEscalations(engine), self._carrier, self._calendar, *spoken)
        secret = secret_at(settings.subscriptions.key)
        self._news = News(SqlSubscriptions(engine), secret, self._carrier, self._calendar, *spoken)
        self._held: dict[int, tuple[Held, float]] = {}
        self._staff_changed = asyncio.Event()

    async def _lost(self, account: Account, why: Unreachable) -> None:
        await note_unreached(self._store.engine, account, why, int(seconds()))

    def _calendar(self, regency: str) -> Calendar | None:
        known = self._corpus().regencies.get(regency)
        return known.calendar if known else None

    def _zone(self, regency: str) -> tzinfo:
        calendar = self._calendar(regency)
        return calendar.zone if calendar is not None else UTC

    # --- one command ---

    async def start_due(self) -> Sequence[int]:
        approved = await self._campaigns.in_state(CampaignState.APPROVED)
        due = [one.id for one in approved if one.starts_at is None or one.starts_at <= now()]
        self._held = {campaign: held for campaign, held in self._held.items() if campaign in due}
        free = [campaign for campaign in due if not await self._holds(campaign)]
        started = await self._campaigns.start_due(free) if free else ()
        for campaign in started:
            for older in await older_campaigns(self._store.engine, campaign):
                await self._deliveries.settle(older)
        return started

    async def _holds(self, campaign: int) -> bool:
        """Whether something keeps it from starting; what did is looked at again after a while."""
        clock = asyncio.get_running_loop().time
        if campaign in self._held and clock() < self._held[campaign][1]:
            return True
        found = await self.held(campaign)
        if found is None:
            self._held.pop(campaign, None)
            return False
        if campaign not in self._held:
            log.info("campaign %d waits for a channel: %s", campaign, found.problem.key)
        self._held[campaign] = found, clock() + HELD_EVERY
        return True

    async def held(self, campaign: int) -> Held | None:
        names = tuple(self.lanes)
        for at, way in enumerate(self._ways):
            if (found := await way.held(campaign, names[:at])) is not None:
                return found
        return None

    async def hindered(self, campaign: int) -> Hindered:
        """What keeps it from going out, as far as that is known without asking anybody outside."""
        held = self._held.get(campaign)
        waits = await SqlCosts(self._store.engine, seconds).waits(campaign)
        return Hindered(held[0] if held else None, waits)

    async def run(self, campaign: int) -> CampaignState:
        async with workflows(
            self._settings.database.url, self._batches, self._campaigns, f"run-{campaign}"
        ) as flows:
            return await flows.run(campaign)

    async def try_out(self, campaign: int, person: int) -> Outcome:
        accounts = await self._store.identities.accounts(person)
        tries = ((way, one) for way in self._ways for one in accounts if one.channel == way.name)
        way, found = next(tries, (None, None))
        if way is None or found is None:
            return NotReached(Unreachable.NO_IDENTITY)
        await way.ready(found.external_id)
        profile = await self._store.profiles.get(found.channel, found.external_id)
        due = int((await self._campaigns.get(campaign)).due.timestamp())
        message = await self._letters.message(campaign, profile.language if profile else None, due, test=True)
        return await self._carrier.send(found, message, now() + timedelta(seconds=TRY_SECONDS))

    async def remind(self, campaign: int) -> int:
        return (await self._reminders.remind(campaign)).messages

    # --- while the bot serves ---

    def staff_changed(self) -> None:
        """Campaigns are soon brought in step with the staff."""
        self._staff_changed.set()

    @asynccontextmanager
    async def tending(self, also: Sequence[Work] = ()) -> AsyncIterator[None]:
        """While this is open, campaigns run, and whoever is to be told of something is told. `also`: what
        else is to be looked at every few minutes."""
        address = self._settings.database.url
        async with workflows(address, self._batches, self._campaigns) as flows:
            works = (
                _repeatedly(self.start_due, START_EVERY),
                flows.tend(),
                _repeatedly(lambda: self._look(also), LOOK_EVERY),
                _repeatedly(self._sign, SIGN_EVERY),
                self._keep_in_step(),
            )
            tasks = [asyncio.create_task(work) for work in works]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _look(self, also: Sequence[Work]) -> None:
        works: list[Work] = [
            *(lambda way=way: way.settle(self._deliveries.settle) for way in self._ways),
            self._reminders.remind,
            self._escalation.escalate,
            self._escalation.list_unreachable,
            self._news.tell,
            *also,
        ]
        for work in works:
            await _safely(work)

    async def _sign(self) -> None:
        signer = await signer_of(self._store.engine, self._settings.evidence.key)
        await evidence.checkpoint(self._store.engine, signer, int(seconds()))

    async def _keep_in_step(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            self._staff_changed.clear()
            began = clock()
            await _safely(self._refresh)
            await asyncio.sleep(max(AT_LEAST, SHARE * (clock() - began)))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._staff_changed.wait(), AT_MOST)

    async def _refresh(self) -> None:
        corpus = self._corpus()
        known = CorpusDirectory(lambda: corpus)
        for regency in await self._campaigns.open_regencies():
            if regency in corpus.regencies:
                terms = terms_of(corpus, regency, known.patterns(regency))
                await refresh(self._campaigns, self._deliveries, regency, terms, self._today(regency))

    def _today(self, regency: str) -> date:
        return now().astimezone(self._corpus().regencies[regency].calendar.zone).date()


async def _repeatedly(work: Work, every: float) -> None:
    while True:
        await _safely(work)
        await asyncio.sleep(every)


async def _safely(work: Work) -> None:
    """What fails today may be well tomorrow, and is no reason to leave the rest: what is due stays due."""
    try:
        await work()
    except Exception as error:  # noqa: BLE001  # an outermost loop
        log.error("left for the next time: %s", getattr(error, "key", type(error).__name__))


@asynccontextmanager
async def outgoing(
    store: Store,
    settings: Settings,
    corpus: Callable[[], Corpus],
    texts: Mapping[str, Texts],
    ways: Sequence[Way],
) -> AsyncIterator[Outgoing]:
    """`ways`: the preferred channel first. Raises Problem where the file of the secret cannot be used."""
    made = Outgoing(store, settings, corpus, texts, ways)
    try:
        yield made
    finally:
        for lane in made.lanes.values():
            await lane.close()


@asynccontextmanager
async def for_command(store: Store) -> AsyncIterator[Outgoing]:
    """For one command, beside a bot that may be serving. Raises Problem where no channel is set up."""
    settings = load_settings()
    wanted = set_up(settings) or [TelegramWay.name]  # says which setting is missing
    corpus, texts = corpus_of(DIRECTORY), catalogues()
    async with (
        open_ways(settings, store, texts, lambda: corpus, wanted) as ways,
        outgoing(store, settings, lambda: corpus, texts, ways) as out,
    ):
        yield out
