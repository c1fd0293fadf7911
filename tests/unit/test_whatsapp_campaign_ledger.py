"""Campaigns over WhatsApp in the ledger: what is told of messages, what they cost, another channel."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import permutations

import pytest
from sqlalchemy import insert, select

from bot.campaigns.acknowledging import Wish
from bot.campaigns.campaign import CampaignState, Proof, Step, Unreachable
from bot.campaigns.costs import Paid, Told
from bot.campaigns.ladder import Heard, Rung
from bot.campaigns.sending import (
    Halted,
    Later,
    NotReached,
    Outcome,
    Refused,
    Sent,
    Uncertain,
)
from bot.config import Retention
from bot.model import Reply
from bot.storage.acknowledgments import SqlAcknowledgments
from bot.storage.campaign_tables import deliveries, whatsapp_sent
from bot.storage.deliveries import SqlDeliveries
from bot.storage.retention import Enforcer
from bot.storage.tables import unreachable, whatsapp_accounts
from tests.campaign_world import TERMS
from tests.staff_world import TODAY
from tests.unit.whatsapp_ledger_world import BOTH, Both, Does

S = CampaignState


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[Both]:
    both = Both(database_url)
    await both.build()
    yield both
    await both.engine.dispose()


# --- one person, both channels ---


async def test_the_preferred_channel_is_tried_first_and_nobody_gets_it_twice(world: Both) -> None:
    first = await world.on("satu/a", *BOTH)
    second = await world.on("satu/b", "whatsapp")
    campaign = await world.campaign()
    assert await world.carried(campaign.id, "whatsapp", "telegram", "whatsapp") is S.DONE
    assert world.does.calls == [("whatsapp", f"w{second}"), ("telegram", f"{first}")]


async def test_the_settings_choose_which_channel_is_preferred(world: Both) -> None:
    person = await world.on("satu/a", *BOTH)
    world.deliveries = SqlDeliveries(world.engine, lambda: world.now, ("whatsapp", "telegram"))
    campaign = await world.campaign()
    await world.carried(campaign.id, "telegram", "whatsapp")
    assert world.does.calls == [("whatsapp", f"w{person}")]


@pytest.mark.parametrize("outcome", [Refused("400"), NotReached(Unreachable.BLOCKED)])
async def test_after_a_failure_the_other_channel_brings_it_once(world: Both, outcome: Outcome) -> None:
    person = await world.on("satu/a", *BOTH)
    campaign = await world.campaign()
    world.does.does["telegram"] = outcome
    await world.carried(campaign.id, *BOTH)
    assert world.does.calls == [("telegram", f"{person}"), ("whatsapp", f"w{person}")]
    assert await world.row(person) == ("sent", "whatsapp", None)
    assert await world.counts_hold(campaign.id)


async def test_what_both_channels_refuse_stays_failed(world: Both) -> None:
    person = await world.on("satu/a", *BOTH)
    campaign = await world.campaign()
    world.does.does = {"telegram": Refused("400"), "whatsapp": Refused("100")}
    assert await world.carried(campaign.id, *BOTH, *BOTH) is S.DONE
    assert len(world.does.calls) == 2
    assert await world.row(person) == ("failed", "whatsapp", "100")
    assert (await world.evidence(campaign.id))["elsewhere"] == 1


async def test_what_is_uncertain_goes_by_no_other_channel(world: Both) -> None:
    await world.on("satu/a", *BOTH)
    campaign = await world.campaign()
    world.does.does["telegram"] = Uncertain()
    await world.carried(campaign.id, *BOTH)
    assert len(world.does.calls) == 1


async def test_where_the_other_channel_is_closed_meanwhile_the_campaign_still_ends(world: Both) -> None:
    person = await world.on("satu/a", *BOTH)
    campaign = await world.campaign()
    world.does.does = {"telegram": Refused("400"), "whatsapp": NotReached(Unreachable.NEVER_STARTED)}
    assert await world.carried(campaign.id, *BOTH, *BOTH) is S.DONE
    assert (await world.row(person))[0] == "unreachable"


# --- statuses ---


async def over_whatsapp(world: Both) -> tuple[int, int, str]:
    """A person who has WhatsApp only; her campaign is sent."""
    person = await world.on("satu/a", "whatsapp")
    campaign = await world.campaign()
    await world.carried(campaign.id, "whatsapp")
    return campaign.id, person, f"whatsapp-w{person}"


@pytest.mark.parametrize("order", list(permutations([Rung.SENT, Rung.DELIVERED, Rung.READ]))[::2])
async def test_what_was_read_is_shown_in_any_order_and_is_no_acknowledgment(
    world: Both, order: tuple[Rung, ...]
) -> None:
    campaign, person, message = await over_whatsapp(world)
    await world.told(message, *order, *order)
    told = await world.costs.told(campaign)
    assert (told.read, told.arrived, told.failed) == (1, 1, 0)
    assert await world.row(person) == ("sent", "whatsapp", None)
    async with world.engine.connect() as connection:
        said = await connection.scalar(select(deliveries.c.acknowledged_at))
    assert said is None


async def test_a_message_that_fails_later_changes_its_delivery_with_evidence_and_counts(world: Both) -> None:
    campaign, person, message = await over_whatsapp(world)
    await world.told(message, Rung.SENT)
    await world.told(message, Rung.FAILED, code=131049)
    assert await world.row(person) == ("failed", "whatsapp", "131049")
    assert await world.counts_hold(campaign)
    assert (await world.evidence(campaign))["failed"] == 1


async def test_a_person_without_whatsapp_is_unreachable_there_for_everything(world: Both) -> None:
    campaign, person, message = await over_whatsapp(world)
    await world.told(message, Rung.FAILED, code=131026)
    assert await world.row(person) == ("unreachable", "whatsapp", "never_started")
    assert [row["chat_id"] for row in await world.rows(unreachable)] == [f"w{person}"]
    assert await world.counts_hold(campaign)


async def test_after_a_failure_that_was_told_later_the_other_channel_brings_it(world: Both) -> None:
    campaign, person, message = await over_whatsapp(world)
    await world.account("satu/a", "telegram")
    await world.told(message, Rung.FAILED, code=131026)
    await world.statuses.settle(world.deliveries.settle)
    await world.carried(campaign, *BOTH)
    assert await world.row(person) == ("sent", "telegram", None)
    await world.told(message, Rung.READ)  # of the message before
    assert await world.row(person) == ("sent", "telegram", None)
    assert await world.counts_hold(campaign)


async def test_a_message_that_arrived_after_all_is_sent(world: Both) -> None:
    campaign, person, message = await over_whatsapp(world)
    await world.told(message, Rung.FAILED, code=131049)
    await world.told(message, Rung.DELIVERED)
    assert await world.row(person) == ("sent", "whatsapp", None)
    assert await world.counts_hold(campaign)


async def test_a_failure_that_is_told_before_the_sending_is_recorded_is_not_lost(world: Both) -> None:
    person = await world.on("satu/a", "whatsapp")
    await world.told(f"whatsapp-w{person}", Rung.FAILED, code=131049)
    campaign = await world.campaign()
    await world.carried(campaign.id, "whatsapp")
    assert await world.row(person) == ("failed", "whatsapp", "131049")
    assert await world.counts_hold(campaign.id)


async def test_statuses_of_answers_are_forgotten_and_those_of_campaigns_stay(world: Both) -> None:
    _, _, message = await over_whatsapp(world)
    await world.told(message, Rung.READ)
    await world.told("an answer", Rung.READ)
    world.now += 9 * 86_400
    await Enforcer(world.engine, Retention(), lambda: world.now).enforce()
    assert [row["message_id"] for row in await world.rows(whatsapp_sent)] == [message]


# --- waiting ---


async def test_a_person_to_whom_too_much_was_sent_waits_and_the_others_do_not(world: Both) -> None:
    slow = await world.on("satu/a", "whatsapp")
    fast = await world.on("satu/b", "whatsapp")
    campaign = await world.campaign()

    class Pairwise(Does):
        async def send(self, channel: str, external_id: str, message: Reply) -> Outcome:
            await super().send(channel, external_id, message)
            first = external_id == f"w{slow}" and self.calls.count((channel, external_id)) == 1
            return Later(6.0) if first else Sent(external_id)

    world.does = Pairwise()
    assert await world.carried(campaign.id, "whatsapp") is S.RUNNING
    assert await world.row(fast) == ("sent", "whatsapp", None)
    assert await world.row(slow) == ("queued", "whatsapp", None)
    world.now += 7
    assert await world.carried(campaign.id, "whatsapp") is S.DONE
    assert len(world.does.calls) == 3


async def test_who_waits_for_the_day_s_limit_is_counted_and_telegram_goes_on(world: Both) -> None:
    await world.on("satu/a", "whatsapp")
    other = await world.on("satu/b", "telegram")
    campaign = await world.campaign()
    world.does.does["whatsapp"] = Later(3_600, "limit")
    await world.carried(campaign.id, "whatsapp", "telegram")
    told = await world.costs.told(campaign.id)
    assert [(one.reason, one.count, one.until) for one in told.waits] == [
        ("limit", 1, int(world.now) + 3_600)
    ]
    assert (await world.row(other))[0] == "sent"


async def test_a_reached_ceiling_pauses_the_campaign_and_says_why(world: Both) -> None:
    person = await world.on("satu/a", "whatsapp")
    campaign = await world.campaign()
    world.does.does["whatsapp"] = Halted("ceiling")
    assert await world.carried(campaign.id, "whatsapp") is S.PAUSED
    assert await world.row(person) == ("queued", "whatsapp", "ceiling")
    del world.does.does["whatsapp"]
    await world.campaigns.step(campaign.id, Step.RESUME, "operator:test")
    assert await world.carried(campaign.id, "whatsapp") is S.DONE
    assert (await world.costs.told(campaign.id)).waits == ()


async def test_who_acknowledged_on_one_channel_gets_nothing_on_the_other(world: Both) -> None:
    person = await world.on("satu/a", *BOTH)
    campaign = await world.campaign()
    world.does.does["telegram"] = Refused("400")
    await world.carried(campaign.id, "telegram")
    wish = Wish(person, campaign.id, int(world.now), Proof.BUTTON, "telegram")
    await SqlAcknowledgments(world.engine).take(wish)
    await world.carried(campaign.id, "whatsapp")
    assert world.does.calls == [("telegram", f"{person}")]


# --- costs ---


async def test_no_more_is_set_aside_than_the_ceiling_allows(world: Both) -> None:
    await world.on("satu/a", "whatsapp")
    campaign = (await world.campaign()).id
    taken = [await world.costs.set_aside(campaign, 400, 1_000) for _ in range(3)]
    assert taken == [True, True, False]
    assert await world.costs.told(campaign) == Told(messages=2, rupiah=800)
    await world.costs.give_back(campaign, 400)
    assert await world.costs.set_aside(campaign, 400, 1_000)


async def test_a_template_that_fails_or_was_free_is_given_back_once(world: Both) -> None:
    await world.on("satu/a", "whatsapp")
    campaign = (await world.campaign()).id
    for message in ("m1", "m2", "m3"):
        await world.costs.set_aside(campaign, 400, None)
        await world.costs.accepted(message, campaign, "circular", 400)
    await world.told("m1", Rung.FAILED, Rung.FAILED, code=131049)
    await world.statuses.heard([Heard("m2", Rung.SENT, 5, billable=False)])
    await world.told("m3", Rung.READ)
    told = await world.costs.told(campaign)
    assert (told.messages, told.rupiah) == (1, 400)


async def test_a_failure_that_is_told_before_the_cost_is_noted_costs_nothing(world: Both) -> None:
    await world.on("satu/a", "whatsapp")
    campaign = (await world.campaign()).id
    await world.costs.set_aside(campaign, 400, None)
    await world.told("m1", Rung.FAILED, code=131049)
    await world.costs.accepted("m1", campaign, "circular", 400)
    assert (await world.costs.told(campaign)).rupiah == 0


async def test_the_preview_counts_whom_a_paid_message_would_go_to(world: Both) -> None:
    await world.on("satu/a", *BOTH)
    await world.on("satu/b", "whatsapp")
    talking = await world.on("satu/c", "whatsapp")
    await world.on("satu/d")
    account = {"external_id": f"w{talking}", "heard_at": int(world.now) - 60}
    async with world.engine.begin() as connection:
        await connection.execute(insert(whatsapp_accounts), account)
    since = int(world.now) - 86_400

    async def paid(*before: str) -> int | None:
        draft = await world.draft()
        preview = await world.campaigns.preview(draft, TERMS, TODAY, Paid(before, since))
        return preview.paid

    assert await paid("telegram") == 1
    assert await paid() == 2
    assert (await world.campaigns.preview(await world.draft(), TERMS, TODAY)).paid is None


# --- what was shown ---


async def test_a_circular_that_was_only_announced_is_unseen_until_it_is_shown(world: Both) -> None:
    campaign, person, message = await over_whatsapp(world)
    assert not await world.unseen.unseen(person, campaign)  # free text shows all of it
    await world.costs.accepted(message, campaign, "circular", 400)
    assert await world.unseen.unseen(person, campaign)
    await world.unseen.shown(person, campaign)
    assert not await world.unseen.unseen(person, campaign)
