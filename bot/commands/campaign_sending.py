"""`edaran campaign test|approve|run|pause|resume|cancel|requeue|remind`: its steps, and sending."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands import campaign_showing as showing
from bot.commands.campaign_here import (
    Here,
    Id,
    Yes,
    bar,
    confirm,
    opened,
    utc,
)
from bot.commands.shared import As, plain, run
from bot.commands.usage import STOPPED, moment_given

if TYPE_CHECKING:
    from bot.campaigns.campaign import Step
    from bot.campaigns.outbox import Outbox
    from bot.rendering.texts import Texts
    from bot.storage.store import Store


LOOK_EVERY = 0.2
"""Seconds between two looks at the progress of sending."""


def outbox(store: Store) -> AbstractAsyncContextManager[Outbox]:
    """Opens what sends, over a ledger."""
    from bot.outgoing import for_command  # with all channels, which no other command needs

    return for_command(store)


def _step(campaign: int, step: Callable[[], Step], acting: str | None) -> None:
    async def work() -> None:
        async with opened(acting) as here:
            actor = await here.actor_on(campaign)
            done = await here.steering.take(actor, campaign, step())
            here.say(
                "campaign.now", campaign=campaign, state=here.texts(f"campaign.state_{done.state.value}")
            )

    run(work())


def _the(name: str) -> Callable[[], Step]:
    def step() -> Step:
        from bot.campaigns.campaign import Step

        return Step(name)

    return step


def approve(
    campaign: Id,
    start: Annotated[
        datetime | None,
        typer.Option(
            parser=moment_given,
            metavar="TTTT-BB-HHTJJ:MM",
            help="Mulai dikirim pada saat ini; hari saja: sejak pukul 00.00. Tanpa ini: segera.",
        ),
    ] = None,
    acting: As = None,
) -> None:
    """Setujui sebagai orang kedua; penyusunnya tidak bisa menyetujui sendiri."""
    from bot.problems import Problem

    async def work() -> None:
        async with opened(acting) as here:
            actor = await here.actor_on(campaign)
            view = await here.reporting.view(actor, campaign)
            starts, zone = start, here.zone(view.regency)
            if starts is not None:
                starts = starts if starts.tzinfo is not None else starts.replace(tzinfo=zone)
                if starts.astimezone(zone).date() < here.today(view.regency):
                    raise Problem("campaign.start_over", start=showing.moment(starts, zone, here.texts))
            await here.steering.take(actor, campaign, _the("approve")(), starts=starts)
            status = await here.reporting.status(actor, campaign)
            for line in showing.head(status.known, zone, here.texts):
                typer.echo(line, err=True)
            typer.echo(showing.sums(status.known, status.total, here.texts), err=True)

    run(work())


def pause(campaign: Id, acting: As = None) -> None:
    """Jeda pengiriman; yang sudah terkirim tetap berlaku."""
    _step(campaign, _the("pause"), acting)


def resume(campaign: Id, acting: As = None) -> None:
    """Lanjutkan pengiriman yang dijeda."""
    _step(campaign, _the("resume"), acting)


def cancel(campaign: Id, acting: As = None) -> None:
    """Batalkan; tidak bisa dilanjutkan lagi."""
    _step(campaign, _the("cancel"), acting)


# --- sending ---------------------------------------------------------------------------------


def try_out(
    campaign: Id,
    to: Annotated[
        str | None,
        typer.Option("--to", help="NIP penerima percobaan. Tanpa ini: Anda sendiri.", metavar="NIP"),
    ] = None,
    acting: As = None,
) -> None:
    """Kirim ke diri sendiri dulu. Keluar 1 bila tidak sampai."""
    from bot.campaigns.sending import Sent
    from bot.people.rights import Action
    from bot.problems import Problem

    async def work() -> None:
        async with opened(acting) as here:
            actor = await here.actor_on(campaign)
            view = await here.steering.reached(actor, campaign, Action.CREATE_CAMPAIGN)
            person = actor.person
            if to is not None:
                found = await here.store.staff.find_person(view.regency, plain(to))
                if found is None:
                    raise Problem("staff.no_person")
                person = found.id
            if person is None:
                raise Problem("campaign.test_whom")
            async with outbox(here.store) as sending:
                outcome = await sending.try_out(campaign, person)
            if not isinstance(outcome, Sent):
                here.say("campaign.not_tried", reason=_why(outcome, here.texts))
                raise typer.Exit(1)
            await here.steering.take(actor, campaign, _the("test")())
            here.say("campaign.tried", campaign=campaign)

    run(work())


def _why(outcome: Any, texts: Texts) -> str:
    from bot.campaigns.exporting import Wording

    reason = getattr(outcome, "reason", None)
    if reason is None:
        return texts(
            f"campaign.outcome_{'uncertain' if type(outcome).__name__ == 'Uncertain' else 'not_tried'}"
        )
    return Wording(texts, utc()).reason(str(reason))


def run_campaign(campaign: Id, acting: As = None) -> None:
    """Kirim yang sudah waktunya, lalu selesai. Keluar 1 bila tidak ada yang boleh dikirim."""
    from bot.campaigns.campaign import CampaignState
    from bot.people.rights import Action

    async def work() -> None:
        async with opened(acting) as here:
            actor = await here.actor_on(campaign)
            await here.steering.reached(actor, campaign, Action.RUN_CAMPAIGN)
            async with _interruptible(here, campaign), outbox(here.store) as sending:
                await sending.start_due()
                state = (await here.campaigns.get(campaign)).state
                if state is CampaignState.APPROVED:
                    await _say_why(here, sending, campaign)
                if state is CampaignState.RUNNING:
                    async with _watched(here, campaign):
                        state = await sending.run(campaign)
            status = await here.reporting.status(actor, campaign)
            here.say("campaign.now", campaign=campaign, state=here.texts(f"campaign.state_{state.value}"))
            typer.echo(showing.sums(status.known, status.total, here.texts), err=True)
            if unsure := status.uncertain:
                here.say("campaign.uncertain", count=showing.number(unsure, here.texts), campaign=campaign)
            if state not in (CampaignState.RUNNING, CampaignState.DONE):
                raise typer.Exit(1)

    run(work())


async def _say_why(here: Here, sending: Outbox, campaign: int) -> None:
    """An approved campaign has not started: its time has not come, or a channel is waited for."""
    found = await here.campaigns.get(campaign)
    if found.starts_at is not None and found.starts_at > here.now:
        starts = showing.moment(found.starts_at, here.zone(found.regency), here.texts)
        here.say("campaign.starts_later", campaign=campaign, starts=starts)
    elif (held := await sending.held(campaign)) is not None:
        for line in showing.held_lines(held, here.texts):
            typer.echo(line, err=True)


@asynccontextmanager
async def _interruptible(here: Here, campaign: int) -> AsyncIterator[None]:
    """Whoever stops the command is told how far it came, and how to go on."""
    import asyncio

    try:
        yield
    except asyncio.CancelledError:
        sent, gone = await _progress(here, campaign)
        counts = {"sent": sent, "waiting": gone - sent}
        shown = {name: showing.number(count, here.texts) for name, count in counts.items()}
        here.say("campaign.stopped", campaign=campaign, **shown)
        raise typer.Exit(STOPPED) from None


async def _progress(here: Here, campaign: int) -> tuple[int, int]:
    """How many deliveries are dealt with, and how many there are."""
    from bot.campaigns.campaign import DeliveryState

    counts = await here.campaigns.progress(campaign)
    gone = sum(counts.values()) - counts.get(DeliveryState.WITHDRAWN, 0)
    waiting = counts.get(DeliveryState.QUEUED, 0) + counts.get(DeliveryState.SENDING, 0)
    return gone - waiting, gone


@asynccontextmanager
async def _watched(here: Here, campaign: int) -> AsyncIterator[None]:
    """A bar on standard error while it sends, of what the ledger has."""
    import asyncio

    async def look(told: Callable[[int, int], None]) -> None:
        told(*await _progress(here, campaign))

    async def watch(told: Callable[[int, int], None]) -> None:
        while True:
            await look(told)
            await asyncio.sleep(LOOK_EVERY)

    with bar(here.texts("campaign.sending")) as told:
        task = asyncio.create_task(watch(told))
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            await look(told)


def requeue(campaign: Id, yes: Yes = False, acting: As = None) -> None:
    """Kirim sekali lagi yang tidak pasti sampai; sebagian orang bisa menerimanya dua kali."""
    from bot.people.rights import Action
    from bot.storage.deliveries import SqlDeliveries

    async def work() -> None:
        async with opened(acting) as here:
            actor = await here.actor_on(campaign)
            await here.steering.reached(actor, campaign, Action.RUN_CAMPAIGN)
            status = await here.reporting.status(actor, campaign)
            uncertain = status.uncertain
            if not uncertain:
                here.say("campaign.requeue_nothing")
                return
            confirm(here, uncertain, "requeue_", yes=yes)
            count = await SqlDeliveries(here.store.engine, lambda: here.seconds).requeue(campaign)
            here.say("campaign.requeued", count=showing.number(count, here.texts))

    run(work())


def remind(campaign: Id, acting: As = None) -> None:
    """Ingatkan yang belum, bila sekarang jam kerjanya dan hari ini ia belum diingatkan."""
    from bot.people.rights import Action

    async def work() -> None:
        async with opened(acting) as here:
            actor = await here.actor_on(campaign)
            await here.steering.reached(actor, campaign, Action.RUN_CAMPAIGN)
            async with outbox(here.store) as sending:
                count = await sending.remind(campaign)
            here.say("campaign.reminded", count=showing.number(count, here.texts))

    run(work())
