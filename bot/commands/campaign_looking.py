"""`edaran campaign list|status|pending|compare|export`: who has read, who has not, whom nothing reaches."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands import campaign_costs as costs
from bot.commands import campaign_showing as showing
from bot.commands.campaign_here import (
    Here,
    Id,
    OfUnit,
    Regency,
    bar,
    opened,
    places,
    print_document,
)
from bot.commands.shared import As, Json, run

if TYPE_CHECKING:
    from bot.campaigns.campaign import Campaign
    from bot.campaigns.costs import Told
    from bot.campaigns.hindrances import Held
    from bot.campaigns.reporting import View
    from bot.campaigns.reports import Group
    from bot.people.rights import Actor


PAGE = 1_000
QUICK = 100_000
"""Addressees up to whom a status says how long reading takes: that is not kept, but read from all of them."""


def list_campaigns(regency: Regency = None, acting: As = None, as_json: Json = False) -> None:
    """Daftar kampanye, yang terbaru dulu."""

    async def work() -> None:
        async with opened(acting) as here:
            documents = []
            for place in await places(here, regency):
                for known, tally in await here.reporting.campaigns(await here.actor(place), place):
                    zone = here.zone(place)
                    documents.append(showing.known_document(known, zone) | showing.tally_document(tally))
                    if not as_json:
                        for line in (
                            *showing.head(known, zone, here.texts),
                            showing.sums(known, tally, here.texts),
                        ):
                            typer.echo(line)
            if as_json:
                print_document(documents)
            elif not documents:
                here.say("campaign.no_campaigns")

    run(work())


def status(
    campaign: Id,
    by: Annotated[str | None, typer.Option(help="unit: menurut unit; day: menurut hari.")] = None,
    unit: OfUnit = None,
    pace: Annotated[
        bool | None,
        typer.Option(
            "--pace/--no-pace", help="Berapa lama sampai dibaca. Tanpa ini: sampai 100.000 penerima."
        ),
    ] = None,
    acting: As = None,
    as_json: Json = False,
) -> None:
    """Berapa yang sudah, belum, menunggu, dan tak terjangkau."""
    from bot.campaigns import misreadings
    from bot.config import load_settings
    from bot.problems import Problem

    if by not in (None, "unit", "day"):
        raise Problem("cli.unknown_name", kind="--by", value=by, known="unit, day")

    async def work() -> None:
        async with opened(acting) as here:
            actor = await here.actor_on(campaign)
            view = await here.reporting.view(actor, campaign)
            place = _named(view, unit)
            found = await here.reporting.status_of(actor, view, place)
            tops = [place] if place is not None else list(view.tops)
            timed = found.total.addressed <= QUICK if pace is None else pace
            times = [await here.reporting.pace(actor, view, top) for top in tops] if timed else []
            days = await here.reporting.days(actor, view, tops[0]) if by == "day" else None
            zone = here.zone(view.regency)
            whole = place is None and view.all
            misread = await here.reporting.misread(view) if whole else None
            told = await _told(here, campaign) if whole else None
            held = await _held(here, view.known.campaign) if whole else None
            tariff = load_settings().whatsapp.tariff()
            if as_json:
                document = showing.status_document(found, times, zone, by_unit=by == "unit", days=days)
                document |= {"whatsapp": costs.told_document(told, tariff)} if told else {}
                if misread is not None:
                    document["misread"] = [showing.misread_document(one) for one in misread]
                print_document(document | ({"held": costs.held_document(held, here.texts)} if held else {}))
                return
            for line in showing.held_lines(held, here.texts) if held else ():
                typer.echo(line)
            lines = showing.status_lines(found, times, zone, here.texts, by_unit=by == "unit", days=days)
            for line in lines:
                typer.echo(line)
            for line in misreadings.lines(misread, here.texts) if misread is not None else ():
                typer.echo(line)
            for line in costs.told_lines(campaign, told, tariff, zone, here.texts) if told else ():
                typer.echo(line)

    run(work())


async def _told(here: Here, campaign: int) -> Told | None:
    """What WhatsApp says. None: nothing of the campaign went there."""
    from bot.storage.whatsapp_costs import SqlCosts

    told = await SqlCosts(here.store.engine, lambda: here.now.timestamp()).told(campaign)
    return told if told.anything else None


async def _held(here: Here, campaign: Campaign) -> Held | None:
    """What keeps it from starting though its time has come: only WhatsApp can, and is asked."""
    from bot.campaigns.campaign import CampaignState
    from bot.commands.campaign_sending import outbox
    from bot.config import load_settings

    waits = campaign.state is CampaignState.APPROVED and (campaign.starts_at or here.now) <= here.now
    if not waits or load_settings().whatsapp.token is None:
        return None
    async with outbox(here.store) as sending:
        return await sending.held(campaign.id)


def _named(view: View, text: str | None) -> int | None:
    """The unit that is meant, among those that the actor sees, closed ones too. Raises Problem for
    none, for several, and where only others are called so."""
    from bot.campaigns.reports import lineage
    from bot.people.unit_names import matching, only
    from bot.problems import Problem

    if text is None:
        return None
    known = matching(view.units.values(), text)
    found = {path: unit for path, unit in known.items() if set(lineage(view.units, unit.id)) & set(view.tops)}
    if known and not found:
        raise Problem("campaign.unit_outside", text=text)
    return only(found, view.regency, text).id


def pending(campaign: Id, unit: OfUnit = None, acting: As = None, as_json: Json = False) -> None:
    """Siapa yang belum; yang tak terjangkau disebut tersendiri, dengan sebabnya."""
    from bot.campaigns.reports import Group
    from bot.storage.tasks import SqlTasks

    async def work() -> None:
        async with opened(acting) as here:
            actor = await here.actor_on(campaign)
            view = await here.reporting.view(actor, campaign)
            place = _named(view, unit)
            tops = [place] if place is not None else list(view.tops)
            asking = await SqlTasks(here.store.engine).asking(campaign)
            listing = _Listing(here, actor, view, tops, asking)
            if as_json:
                await listing.write()
            else:
                for group in (Group.MISSING, Group.WAITING, Group.UNREACHABLE):
                    await listing.say(group)

    run(work())


@dataclass(frozen=True, slots=True)
class _Listing:
    """The lists of those who have not acknowledged, a page in memory at a time. `asking`: the people with a
    task that waits for HR."""

    here: Here
    actor: Actor
    view: View
    tops: list[int]
    asking: frozenset[int]

    async def _pages(self, group: Group) -> AsyncIterator[Any]:
        for top in self.tops:
            after = None
            while True:
                page = await self.here.reporting.people(self.actor, self.view, group, top, after, PAGE)
                for one in page.people:
                    yield one
                after = page.following
                if after is None:
                    break

    def _path(self, unit: int) -> str:
        from bot.people.unit_names import path_of

        return path_of(unit, self.view.units)

    async def say(self, group: Group) -> None:
        texts, zone, count = self.here.texts, self.here.zone(self.view.regency), 0
        async for one in self._pages(group):
            if count == 0:
                typer.echo(texts(f"report.title_{group.value}"))
            count += 1
            line = showing.INDENT + showing.person_line(one, self._path(one.unit), texts, zone)
            typer.echo(f"{line} · {texts('report.asking')}" if one.person in self.asking else line)
        typer.echo(texts(f"report.total_{group.value}", count=showing.number(count, texts)))

    async def write(self) -> None:
        """One document, a person at a time."""
        from bot.campaigns.reports import Group

        zone, out = self.here.zone(self.view.regency), sys.stdout
        out.write(f'{{"campaign": {self.view.known.campaign.id}')
        for group in (Group.MISSING, Group.WAITING, Group.UNREACHABLE):
            out.write(f',\n"{group.value}": [')
            before = "\n "
            async for one in self._pages(group):
                document = showing.person_document(one, self._path(one.unit), zone)
                document["asking"] = one.person in self.asking
                out.write(before + json.dumps(document, ensure_ascii=False))
                before = ",\n "
            out.write("]")
        out.write("}\n")


def compare(
    campaigns: Annotated[list[int], typer.Argument(help="Nomor kampanye.", metavar="ID…")],
    unit: OfUnit = None,
    acting: As = None,
    as_json: Json = False,
) -> None:
    """Bandingkan beberapa kampanye: berapa persen membaca, seberapa cepat."""

    async def work() -> None:
        async with opened(acting) as here:
            rows = []
            for campaign in campaigns:
                actor = await here.actor_on(campaign)
                view = await here.reporting.view(actor, campaign)
                rows += await here.reporting.compared(actor, [campaign], _named(view, unit))
            if as_json:
                print_document(
                    [
                        showing.known_document(one.known, here.zone(one.known.campaign.regency))
                        | showing.tally_document(one.total)
                        | {"pace": showing.pace_document(one.pace)}
                        for one in rows
                    ]
                )
                return
            for one in rows:
                typer.echo(showing.compared_line(one, here.texts))

    run(work())


# --- exporting -------------------------------------------------------------------------------


def export(
    campaign: Id,
    form: Annotated[str, typer.Option("--format", help="csv, xlsx, sqlite.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Berkas yang dibuat.")],
    acting: As = None,
) -> None:
    """Tulis laporan ke berkas yang hanya bisa dibaca pemiliknya."""
    from bot.campaigns.exporting import Form, Wording
    from bot.config import load_settings
    from bot.people.rights import Action
    from bot.problems import Problem
    from bot.storage.report_files import Task
    from bot.storage.report_files import export as write
    from bot.storage.signing_key import signer_of

    if form not in list(Form):
        raise Problem("cli.unknown_name", kind="--format", value=form, known=", ".join(Form))

    async def work() -> None:
        async with opened(acting) as here:
            actor = await here.actor_on(campaign)
            view = await here.reporting.view(actor, campaign, Action.EXPORT_CAMPAIGN)
            signer = None
            if form == Form.SQLITE:  # its evidence is of the whole campaign
                view = await here.steering.reached(actor, campaign, Action.EXPORT_CAMPAIGN)
                signer = await signer_of(here.store.engine, load_settings().evidence.key)
            statuses = here.corpus.vocabulary.statuses
            words = {key: here.texts.word(named.name) for key, named in statuses.items()}
            wording = Wording(here.texts, here.zone(view.regency), words)
            with bar(here.texts("report.writing")) as told:
                task = Task(view, actor, wording, here.seconds, told)
                count = await write(here.store.engine, task, Form(form), output, signer)
            here.say("report.written", path=output, count=showing.number(count, here.texts))

    run(work())
