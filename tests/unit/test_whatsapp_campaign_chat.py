"""What opens a conversation leads to the circular itself; reminders go by the channel that works."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from bot.campaigns.campaign import Unreachable
from bot.campaigns.chat import CampaignChat
from bot.campaigns.digests import Digest, Entry, Kind
from bot.campaigns.digests import page as digest_page
from bot.campaigns.letters import Letters
from bot.campaigns.recipients import Pending, Recipient
from bot.campaigns.reminders import Reminders
from bot.campaigns.sending import (
    Halted,
    Later,
    NotReached,
    NotTried,
    Outcome,
    Refused,
    RetryAfter,
    Sent,
    Uncertain,
)
from bot.campaigns.subscriptions import Changed, news
from bot.catalogues import load_catalogues
from bot.model import Opening, Reply, RuleRef
from bot.people.identity import Account
from bot.policy.message_templates import HOLES
from bot.storage.campaign_tables import acknowledgments, deliveries, reminders
from bot.storage.campaigns import SqlCampaigns
from bot.storage.reminders import SqlReminders
from bot.storage.whatsapp_costs import SqlCosts
from bot.storage.whatsapp_statuses import SqlUnseen
from tests.policy_worlds import at
from tests.unit.ack_world import AckWorld, assistant, labels
from tests.unit.reminder_world import MONDAY, PLAN, THURSDAY, Office

TEXTS = load_catalogues()
ID = TEXTS["id"]


# --- pressing --------------------------------------------------------------------------------


class Opened(AckWorld):
    """Whoever is here got her circular announced by a template."""

    def open(self) -> None:
        super().open()
        clock = lambda: self.now  # noqa: E731
        self.costs = SqlCosts(self.engine, clock)
        kept = SqlCampaigns(self.engine, clock)
        letters = Letters(self.circulars, kept, TEXTS, "id", lambda _: UTC)
        chat = self.chat
        self.serve(
            CampaignChat(
                self.acknowledgments,
                self.circulars,
                self.tasks,
                chat._engine,
                assistant().intent,
                chat._zone,
                self.calendars.get,
                clock,
                unseen=SqlUnseen(self.engine, clock),
                letters=letters,
            )
        )

    async def announced(self, person: int) -> int:
        campaign = await self.campaign(await self.version(), [person])
        message = f"wamid.{campaign}"
        async with self.engine.begin() as connection:
            mine = deliveries.c.campaign_id == campaign
            values = {"channel": "whatsapp", "message_id": message, "external_id": str(person)}
            await connection.execute(update(deliveries).where(mine).values(values))
        await self.costs.set_aside(campaign, 400, None)
        await self.costs.accepted(message, campaign, "circular", 400)
        return campaign


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[Opened]:
    made = Opened(database_url)
    await made.build()
    yield made
    await made.engine.dispose()


async def test_the_button_of_the_announcement_shows_the_circular_with_its_buttons(world: Opened) -> None:
    person = await world.hire(2, "whatsapp")
    campaign = await world.announced(person)
    [shown] = await world.press(person, f"k:read:{campaign}", "whatsapp")
    assert "Perihal 1" in shown.text
    assert labels(shown)[ID("ack.button_read")] == f"k:ack:{campaign}"
    assert shown.opening is None
    assert await world.rows(acknowledgments) == []


async def test_nobody_acknowledges_what_she_was_not_shown(world: Opened) -> None:
    person = await world.hire(2, "whatsapp")
    campaign = await world.announced(person)
    [shown] = await world.press(person, f"k:ack:{campaign}", "whatsapp")
    assert "Perihal 1" in shown.text
    assert await world.rows(acknowledgments) == []
    await world.press(person, f"k:ack:{campaign}", "whatsapp")
    assert len(await world.rows(acknowledgments)) == 1


async def test_words_do_not_acknowledge_what_was_not_shown_either(world: Opened) -> None:
    person = await world.hire(2, "whatsapp")
    await world.announced(person)
    [shown] = await world.say(person, "saya sudah membaca edarannya", "whatsapp")
    assert "Perihal 1" in shown.text
    assert await world.rows(acknowledgments) == []
    await world.say(person, "saya sudah membaca edarannya", "whatsapp")
    assert len(await world.rows(acknowledgments)) == 1


async def test_the_button_of_a_reminder_lists_what_waits(world: Opened) -> None:
    person = await world.hire(2, "whatsapp")
    one, other = await world.announced(person), await world.announced(person)
    [shown] = await world.press(person, "k:waiting", "whatsapp")
    assert set(labels(shown).values()) == {f"k:ack:{one}", f"k:ack:{other}"}
    for campaign in (one, other):  # shown first, then recorded
        for _ in range(2):
            await world.press(person, f"k:ack:{campaign}", "whatsapp")
    [nothing] = await world.press(person, "k:waiting", "whatsapp")
    assert nothing.text == ID("ack.nothing_waits")


# --- what opens ------------------------------------------------------------------------------


def openings() -> list[Opening]:
    due = datetime.fromtimestamp(2_000_000_000).astimezone()
    pending = Pending(3, "Perihal", "SE 1", due, due)
    who = Recipient(1, "Ani", 1, (1,), account=Account("whatsapp", "w1"))
    entry = Entry(who, pending, 1, due)
    changed = Changed(RuleRef("satu/se-1", "a"), 1, "Perihal", "SE 1")
    replies = [digest_page(Digest(Kind.OVERDUE, who, (entry,), due), ID), news([changed], ID)]
    return [reply.opening for reply in replies if reply.opening is not None]


def test_everything_that_opens_fills_all_holes_of_its_template() -> None:
    found = openings()
    assert [one.kind for one in found] == ["digest", "news"]
    for one in found:
        assert {name for name, _ in one.values} == HOLES[one.kind]


async def test_a_letter_fills_all_holes_of_its_template(world: Opened) -> None:
    person = await world.hire(2)
    campaign = await world.campaign(await world.version(), [person])
    letters = Letters(world.circulars, SqlCampaigns(world.engine, lambda: 0), TEXTS, "id", lambda _: UTC)
    opening = (await letters.message(campaign, "en")).opening
    assert opening is not None
    assert {name for name, _ in opening.values} == HOLES["circular"]
    assert (opening.language, opening.action, opening.campaign) == ("en", f"k:read:{campaign}", campaign)


# --- reminders -------------------------------------------------------------------------------


@dataclass
class Lanes:
    """Keeps `Carrier` for both channels. `does`: channel → what becomes of a message there."""

    channels: tuple[str, ...] = ("telegram", "whatsapp")
    sent: list[tuple[str, Reply]] = field(default_factory=list)
    does: dict[str, Outcome] = field(default_factory=dict)

    async def send(self, account: Account, reply: Reply, until: datetime) -> Outcome:
        self.sent.append((account.channel, reply))
        return self.does.get(account.channel, Sent("1"))


@pytest.fixture
async def office(database_url: str) -> AsyncIterator[Office]:
    made = Office(database_url)
    await made.opened()
    yield made
    await made.engine.dispose()


async def reminded(office: Office, lanes: Lanes) -> list[str]:
    """By which channels she was tried."""
    office.now = at(MONDAY, "09:00")
    await Reminders(
        SqlReminders(office.engine), lanes, lambda _: office.calendar, TEXTS, "id", PLAN, office.clock
    ).remind()
    return [channel for channel, _ in lanes.sent]


async def with_both(office: Office, sent_days_ago: int, channel: str = "telegram") -> None:
    await office.employ("satu/ani")
    await office.register("satu/ani", "whatsapp")
    await office.campaign("satu/ani", due=THURSDAY, sent=MONDAY - timedelta(days=sent_days_ago))
    async with office.engine.begin() as connection:
        await connection.execute(update(deliveries).values(channel=channel))


async def test_soon_after_the_circular_the_preferred_channel_reminds(office: Office) -> None:
    await with_both(office, 2)
    lanes = Lanes()
    assert await reminded(office, lanes) == ["telegram"]
    opening = lanes.sent[0][1].opening
    assert opening is not None
    assert {name for name, _ in opening.values} == HOLES["reminder"]
    assert opening.action == f"k:read:{opening.campaign}"


async def test_the_order_of_the_settings_counts(office: Office) -> None:
    await with_both(office, 2)
    assert await reminded(office, Lanes(("whatsapp", "telegram"))) == ["whatsapp"]


@pytest.mark.parametrize(("went", "reminds"), [("telegram", "whatsapp"), ("whatsapp", "telegram")])
async def test_after_days_without_an_answer_the_other_channel_reminds(
    office: Office, went: str, reminds: str
) -> None:
    await with_both(office, 4, went)
    assert await reminded(office, Lanes()) == [reminds]


async def test_who_has_one_channel_only_is_reminded_there(office: Office) -> None:
    await office.employ("satu/ani")
    await office.campaign("satu/ani")
    async with office.engine.begin() as connection:
        await connection.execute(update(deliveries).values(channel="telegram"))
    assert await reminded(office, Lanes()) == ["telegram"]


FAILURES: list[Callable[[], Outcome]] = [
    lambda: NotReached(Unreachable.BLOCKED),
    lambda: Refused("100"),
    lambda: Later(3_600.0, "limit"),
    lambda: Halted("ceiling"),
    NotTried,  # the channel's pause lasts longer than her working time
]


@pytest.mark.parametrize("failure", FAILURES)
async def test_what_one_channel_certainly_did_not_bring_the_other_brings(
    office: Office, failure: Callable[[], Outcome]
) -> None:
    await with_both(office, 2)
    assert await reminded(office, Lanes(does={"telegram": failure()})) == ["telegram", "whatsapp"]
    assert [row["outcome"] for row in await office.rows(reminders)] == ["sent"]


@pytest.mark.parametrize("end", [Uncertain(), RetryAfter(600.0)])
async def test_what_may_have_come_or_soon_can_is_not_sent_by_the_other_channel(
    office: Office, end: Outcome
) -> None:
    await with_both(office, 2)
    assert await reminded(office, Lanes(does={"telegram": end})) == ["telegram"]


async def test_nobody_is_reminded_twice_a_day_over_two_channels(office: Office) -> None:
    await with_both(office, 4)
    lanes = Lanes()
    await reminded(office, lanes)
    assert await reminded(office, lanes) == ["whatsapp"]
