"""`edaran campaign`: create, try, approve, send, look, remind, export; `edaran circular add`."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands import campaign_costs as costs
from bot.commands import campaign_showing as showing
from bot.commands.proxies import proxy_app
from bot.commands.shared import As, Json, actor_of, ledger, plain, run

if TYPE_CHECKING:
    from bot.campaigns.addressing import Preview, Terms
    from bot.campaigns.campaign import Step
    from bot.campaigns.content import Content
    from bot.campaigns.costs import Told
    from bot.campaigns.drafting import Prepared
    from bot.campaigns.outbox import Outbox
    from bot.campaigns.reporting import Reporting, View
    from bot.campaigns.reports import Group
    from bot.campaigns.steering import Steering
    from bot.config import Settings
    from bot.people.rights import Action, Actor
    from bot.policy.corpus import Corpus
    from bot.rendering.texts import Texts
    from bot.storage.campaigns import Draft, SqlCampaigns
    from bot.storage.store import Store

campaign_app = typer.Typer(
    help="Kampanye: kirim edaran, lihat siapa yang sudah membaca.", no_args_is_help=True
)
campaign_app.add_typer(proxy_app, name="proxy")


def outbox(store: Store) -> AbstractAsyncContextManager[Outbox]:
    """Opens what sends, over a ledger."""
    from bot.outgoing import for_command  # with all channels, which no other command needs

    return for_command(store)


Id = Annotated[int, typer.Argument(help="Nomor kampanye.", metavar="ID")]
Regency = Annotated[str | None, typer.Option("--regency", help="Kabupaten, misalnya lumajang.")]
OfUnit = Annotated[str | None, typer.Option("--unit", help="Hanya unit ini dan yang di bawahnya.")]
Yes = Annotated[bool, typer.Option("--yes", help="Sudah memeriksa hitungannya; jangan bertanya lagi.")]
Policies = Annotated[Path | None, typer.Option("--policies", help="Folder policies/ yang dipakai.")]

PAGE = 1_000
QUICK = 100_000
"""Addressees up to whom a status says how long reading takes: that is not kept, but read from all of them."""
LOOK_EVERY = 0.2
"""Seconds between two looks at the progress of sending."""


# --- what every command needs ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Here:
    """One command: who acts, on what, in which words."""

    store: Store
    corpus: Corpus
    texts: Texts
    acting: str | None
    now: datetime

    def zone(self, regency: str) -> tzinfo:
        known = self.corpus.regencies.get(regency)
        return known.calendar.zone if known else self.now.tzinfo or _utc()

    def today(self, regency: str) -> Any:
        return self.now.astimezone(self.zone(regency)).date()

    @property
    def seconds(self) -> int:
        return int(self.now.timestamp())

    @property
    def campaigns(self) -> SqlCampaigns:
        from bot.storage.campaigns import SqlCampaigns

        return SqlCampaigns(self.store.engine, lambda: self.now.timestamp())

    @property
    def reporting(self) -> Reporting:
        from bot.campaigns.reporting import Reporting
        from bot.storage.reports import SqlReports

        ledger = SqlReports(self.store.engine, lambda: self.now.timestamp())
        return Reporting(ledger, self.today, self.zone)

    @property
    def steering(self) -> Steering:
        from bot.campaigns.steering import Steering

        return Steering(self.reporting, self.campaigns)

    async def actor(self, regency: str) -> Actor:
        return await actor_of(self.store.staff, regency, self.acting, self.today(regency))

    async def actor_on(self, campaign: int) -> Actor:
        """Somebody acts with the roles she has in the campaign's regency. Only the operator is told that
        there is no such campaign."""
        from bot.people.rights import Action, RefusedError
        from bot.problems import Problem
        from bot.storage.reports import SqlReports

        known = await SqlReports(self.store.engine, lambda: self.now.timestamp()).campaign(campaign)
        if known is not None:
            return await self.actor(known.campaign.regency)
        if self.acting is not None:
            raise RefusedError(Action.SEE_CAMPAIGN)
        raise Problem("campaign.unknown", campaign=campaign)

    def say(self, key: str, **values: object) -> None:
        """Messages go to standard error."""
        typer.echo(self.texts(key, **values), err=True)


def _utc() -> tzinfo:
    from datetime import UTC

    return UTC


@asynccontextmanager
async def _here(acting: str | None, policies: Path | None = None) -> AsyncIterator[Here]:
    from bot.app import catalogues, mind, now
    from bot.catalogues import DEFAULT_LANGUAGE
    from bot.policy.files import DIRECTORY

    corpus = mind(policies or DIRECTORY)[0].corpus
    async with ledger() as store:
        yield Here(store, corpus, catalogues()[DEFAULT_LANGUAGE], acting, now())


def _print(document: Any) -> None:
    typer.echo(json.dumps(document, ensure_ascii=False, indent=1))


# --- making ----------------------------------------------------------------------------------


@campaign_app.command("create")
def create(
    circular: Annotated[str, typer.Argument(help="Misalnya lumajang/se-3-2026, atau adhoc/…")],
    audience: Annotated[str, typer.Option(help='Misalnya: unit = "Dinas Pendidikan" dan status = pns')],
    due: Annotated[str, typer.Option(help="Tenggat, ISO 8601; hari saja: sampai akhir hari itu.")],
    regency: Regency = None,
    quiz: Annotated[bool, typer.Option("--quiz", help="Disertai cek pemahaman.")] = False,
    editorial: Annotated[
        bool,
        typer.Option("--editorial", help="Saya sudah membaca keduanya: hanya kata-katanya yang berubah."),
    ] = False,
    everybody: Annotated[
        bool, typer.Option("--all", help="Minta semua membaca lagi, juga yang tidak kena perubahannya.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Hanya hitung; tidak ada yang dibuat.")] = False,
    yes: Yes = False,
    policies: Policies = None,
    acting: As = None,
    as_json: Json = False,
) -> None:
    """Buat kampanye: siapa yang dituju ditunjukkan dulu, baru diminta kepastian."""

    async def work() -> None:
        async with _here(acting, policies) as here:
            making = await _making(here, circular, audience, due, regency, quiz)
            made = await making.prepare(editorial=editorial, everybody=everybody)
            preview = await making.preview(made)
            await making.show(made, preview, as_json=as_json and dry_run)
            if dry_run:
                return
            if made.editorial:
                document = await making.replace(made, preview)
            else:
                _confirm(here, preview.addressed, yes=yes)
                document = await making.carry_out(made)
            if as_json:
                _print(document)

    run(work())


@dataclass(frozen=True, slots=True)
class _Making:
    here: Here
    actor: Actor
    content: Content
    audience: str
    due: datetime
    quiz: bool
    settings: Settings

    @property
    def _regency(self) -> str:
        return self.content.regency

    @property
    def _terms(self) -> Terms:
        from bot.campaigns.drafting import terms_of
        from bot.directory import CorpusDirectory

        patterns = CorpusDirectory(lambda: self.here.corpus).patterns(self._regency)
        return terms_of(self.here.corpus, self._regency, patterns)

    async def prepare(self, *, editorial: bool, everybody: bool) -> Prepared:
        from bot.campaigns.drafting import prepared
        from bot.storage.campaign_creation import last_sent

        before = await last_sent(self.here.store.engine, self.content)
        return prepared(self.content, before, self.here.corpus, editorial=editorial, everybody=everybody)

    def _draft(self, made: Prepared, version: int) -> Draft:
        from bot.storage.campaigns import Draft

        return Draft(self._regency, version, self.audience, self.due, self.quiz, made.change)

    async def preview(self, made: Prepared) -> Preview:
        from bot.campaigns.addressing import Preview

        latest = await self.here.campaigns.latest_version(self._regency, self.content.circular)
        same = latest is not None and latest.digest == self.content.digest
        draft = self._draft(made, latest.id if same and latest else 0)
        paid = costs.paid(self.settings, self.here.now.timestamp())
        found = await self.here.campaigns.preview(draft, self._terms, self.here.today(self._regency), paid)
        return Preview() if made.editorial and made.change is None else found

    @property
    def _warned(self) -> bool:
        """Nobody of the regency has confirmed the text yet."""
        known = self.here.corpus.circulars.get(self.content.circular)
        return known is not None and not known.evidence.original_seen

    async def show(self, made: Prepared, preview: Preview, *, as_json: bool) -> None:
        """For people on standard error, where a confirmation is asked too."""
        from bot.campaigns.drafting import branches
        from bot.storage.reports import SqlReports

        here = self.here
        units = await SqlReports(here.store.engine, lambda: 0).units(self._regency)
        tree = branches(preview, units)
        tariff = self.settings.whatsapp.tariff()
        if as_json:
            document = showing.preview_document(
                made, preview, tree, self.due, self.audience, warned=self._warned
            )
            _print(document | {"whatsapp": costs.estimate_document(preview, tariff)})
        else:
            due = showing.moment(self.due, here.zone(self._regency), here.texts)
            for line in showing.preview_lines(made, preview, tree, due, self.audience, here.texts):
                typer.echo(line, err=True)
            for line in costs.estimate_lines(preview, tariff, here.texts):
                typer.echo(line, err=True)
        if self._warned:
            here.say("campaign.not_confirmed", circular=self.content.circular)

    async def _version(self, made: Prepared, *, material: bool) -> int:
        before = made.before.version.id if made.before else None
        version = await self.here.campaigns.add_version(
            self.content, self.actor.name, material=material, replaces=before
        )
        return version.id

    async def replace(self, made: Prepared, preview: Preview) -> dict[str, Any]:
        """An editorial change: the new text is kept, and nobody is asked again."""
        version = await self._version(made, material=False)
        self.here.say("campaign.replaced", version=version)
        return {"campaign": None, "change": "editorial", "version": version, "addressed": preview.addressed}

    async def carry_out(self, made: Prepared) -> dict[str, Any]:
        version = await self._version(made, material=True)
        here = self.here
        campaign, preview = await here.campaigns.create(
            self._draft(made, version), self._terms, here.today(self._regency), self.actor.name
        )
        here.say(
            "campaign.created", campaign=campaign.id, addressed=showing.number(preview.addressed, here.texts)
        )
        return {
            "campaign": campaign.id,
            "change": "material" if made.before else None,
            "version": version,
            "state": campaign.state.value,
            "addressed": preview.addressed,
            "unregistered": preview.unregistered,
            "excluded": {why.value: count for why, count in preview.excluded.items()},
        }


async def _making(
    here: Here, circular: str, audience: str, due: str, regency: str | None, quiz: bool
) -> _Making:
    from bot.campaigns.drafting import due_of, regency_of
    from bot.config import load_settings
    from bot.people.rights import Action
    from bot.storage.campaign_creation import regencies_with

    with_it = await regencies_with(here.store.engine, circular) if circular.startswith("adhoc/") else ()
    place = regency_of(here.corpus, circular, regency, with_it)
    actor = await here.actor(place)
    await _require_whole(here, actor, Action.CREATE_CAMPAIGN, place)
    content = await _content(here, circular, place)
    when = due_of(due, here.zone(place), here.now)
    return _Making(here, actor, content, audience, when, quiz, load_settings())


async def _content(here: Here, circular: str, regency: str) -> Content:
    from bot.app import catalogues
    from bot.campaigns.content import of_policies
    from bot.problems import Problem
    from bot.storage.campaign_creation import ad_hoc_content

    if circular in here.corpus.circulars:
        return of_policies(here.corpus, circular, regency, catalogues())
    found = await ad_hoc_content(here.store.engine, regency, circular)
    if found is None:
        raise Problem("campaign.no_circular", circular=circular, known=", ".join(here.corpus.circulars))
    return found


async def _require_whole(here: Here, actor: Actor, action: Action, regency: str) -> None:
    """The right over the whole regency."""
    from bot.people.rights import Target, require
    from bot.problems import Problem

    root = await here.store.staff.root(regency)
    require(actor, action, Target(frozenset({root.id}) if root else frozenset()))
    if root is None:
        raise Problem("staff.no_regency", regency=regency)


def _confirm(here: Here, people: int, what: str = "", *, yes: bool) -> None:
    """Nobody is written to whose number the actor has not seen. `what`: before the names of the texts."""
    from bot.problems import Problem

    if yes:
        return
    count = showing.number(people, here.texts)
    if not sys.stdin.isatty():
        raise Problem(f"campaign.{what}unconfirmed", count=count)
    if not typer.confirm(here.texts(f"campaign.{what}confirm", count=count), err=True):
        here.say("campaign.left")
        raise typer.Exit(1)


# --- steps -----------------------------------------------------------------------------------


def _step(campaign: int, step: Callable[[], Step], acting: str | None) -> None:
    async def work() -> None:
        async with _here(acting) as here:
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


@campaign_app.command("approve")
def approve(
    campaign: Id,
    start: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M%z", "%Y-%m-%dT%H:%M:%S%z"],
            help="Mulai dikirim pada saat ini. Tanpa ini: segera.",
        ),
    ] = None,
    acting: As = None,
) -> None:
    """Setujui sebagai orang kedua; penyusunnya tidak bisa menyetujui sendiri."""

    async def work() -> None:
        async with _here(acting) as here:
            actor = await here.actor_on(campaign)
            view = await here.reporting.view(actor, campaign)
            starts = start
            if starts is not None and starts.tzinfo is None:
                starts = starts.replace(tzinfo=here.zone(view.regency))
            done = await here.steering.take(actor, campaign, _the("approve")(), starts=starts)
            here.say(
                "campaign.now", campaign=campaign, state=here.texts(f"campaign.state_{done.state.value}")
            )

    run(work())


@campaign_app.command("pause")
def pause(campaign: Id, acting: As = None) -> None:
    """Jeda pengiriman; yang sudah terkirim tetap berlaku."""
    _step(campaign, _the("pause"), acting)


@campaign_app.command("resume")
def resume(campaign: Id, acting: As = None) -> None:
    """Lanjutkan pengiriman yang dijeda."""
    _step(campaign, _the("resume"), acting)


@campaign_app.command("cancel")
def cancel(campaign: Id, acting: As = None) -> None:
    """Batalkan; tidak bisa dilanjutkan lagi."""
    _step(campaign, _the("cancel"), acting)


# --- sending ---------------------------------------------------------------------------------


@campaign_app.command("test")
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
        async with _here(acting) as here:
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
    return Wording(texts, _utc()).reason(str(reason))


@campaign_app.command("run")
def run_campaign(campaign: Id, acting: As = None) -> None:
    """Kirim yang sudah waktunya, lalu selesai. Keluar 1 bila tidak ada yang boleh dikirim."""
    from bot.campaigns.campaign import CampaignState
    from bot.people.rights import Action

    async def work() -> None:
        async with _here(acting) as here:
            actor = await here.actor_on(campaign)
            await here.steering.reached(actor, campaign, Action.RUN_CAMPAIGN)
            async with outbox(here.store) as sending:
                await sending.start_due()
                state = (await here.campaigns.get(campaign)).state
                if state is CampaignState.RUNNING:
                    async with _watched(here, campaign):
                        state = await sending.run(campaign)
            status = await here.reporting.status(actor, campaign)
            here.say("campaign.now", campaign=campaign, state=here.texts(f"campaign.state_{state.value}"))
            typer.echo(showing.sums(status.total, here.texts), err=True)
            if state not in (CampaignState.RUNNING, CampaignState.DONE):
                raise typer.Exit(1)

    run(work())


@asynccontextmanager
async def _watched(here: Here, campaign: int) -> AsyncIterator[None]:
    """A bar on standard error while it sends, of what the ledger has."""
    import asyncio

    from bot.campaigns.campaign import DeliveryState

    async def look(told: Callable[[int, int], None]) -> None:
        counts = await here.campaigns.progress(campaign)
        gone = sum(counts.values()) - counts.get(DeliveryState.WITHDRAWN, 0)
        waiting = counts.get(DeliveryState.QUEUED, 0) + counts.get(DeliveryState.SENDING, 0)
        told(gone - waiting, gone)

    async def watch(told: Callable[[int, int], None]) -> None:
        while True:
            await look(told)
            await asyncio.sleep(LOOK_EVERY)

    with _bar(here.texts("campaign.sending")) as told:
        task = asyncio.create_task(watch(told))
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            await look(told)


@contextmanager
def _bar(title: str) -> Iterator[Callable[[int, int], None]]:
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as bars:
        task = bars.add_task(title, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)


@campaign_app.command("requeue")
def requeue(campaign: Id, yes: Yes = False, acting: As = None) -> None:
    """Kirim sekali lagi yang tidak pasti sampai; sebagian orang bisa menerimanya dua kali."""
    from bot.campaigns.campaign import DeliveryState
    from bot.people.rights import Action
    from bot.storage.deliveries import SqlDeliveries

    async def work() -> None:
        async with _here(acting) as here:
            actor = await here.actor_on(campaign)
            await here.steering.reached(actor, campaign, Action.RUN_CAMPAIGN)
            uncertain = (await here.campaigns.progress(campaign)).get(DeliveryState.UNCERTAIN, 0)
            if uncertain:
                _confirm(here, uncertain, "requeue_", yes=yes)
            count = await SqlDeliveries(here.store.engine, lambda: here.seconds).requeue(campaign)
            here.say("campaign.requeued", count=showing.number(count, here.texts))

    run(work())


@campaign_app.command("remind")
def remind(campaign: Id, acting: As = None) -> None:
    """Ingatkan yang belum, bila sekarang jam kerjanya dan hari ini ia belum diingatkan."""
    from bot.people.rights import Action

    async def work() -> None:
        async with _here(acting) as here:
            actor = await here.actor_on(campaign)
            await here.steering.reached(actor, campaign, Action.RUN_CAMPAIGN)
            async with outbox(here.store) as sending:
                count = await sending.remind(campaign)
            here.say("campaign.reminded", count=showing.number(count, here.texts))

    run(work())


# --- looking ---------------------------------------------------------------------------------


@campaign_app.command("list")
def list_campaigns(regency: Regency = None, acting: As = None, as_json: Json = False) -> None:
    """Daftar kampanye, yang terbaru dulu."""
    from bot.problems import Problem
    from bot.storage.reports import SqlReports

    async def work() -> None:
        async with _here(acting) as here:
            if acting is not None and regency is None:
                raise Problem("campaign.whose_regency")
            if regency is not None and regency not in here.corpus.regencies:
                listed = ", ".join(here.corpus.regencies)
                raise Problem("cli.unknown_name", kind="kabupaten", value=regency, known=listed)
            every = await SqlReports(here.store.engine, lambda: 0).regencies()
            documents = []
            for place in [regency] if regency else every:
                for known, tally in await here.reporting.campaigns(await here.actor(place), place):
                    zone = here.zone(place)
                    documents.append(showing.known_document(known, zone) | showing.tally_document(tally))
                    if not as_json:
                        for line in (*showing.head(known, zone, here.texts), showing.sums(tally, here.texts)):
                            typer.echo(line)
            if as_json:
                _print(documents)
            elif not documents:
                here.say("campaign.no_campaigns")

    run(work())


@campaign_app.command("status")
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
    from bot.config import load_settings
    from bot.problems import Problem

    if by not in (None, "unit", "day"):
        raise Problem("cli.unknown_name", kind="--by", value=by, known="unit, day")

    async def work() -> None:
        async with _here(acting) as here:
            actor = await here.actor_on(campaign)
            view = await here.reporting.view(actor, campaign)
            place = _named(view, unit)
            found = await here.reporting.status_of(actor, view, place)
            tops = [place] if place is not None else list(view.tops)
            timed = found.total.addressed <= QUICK if pace is None else pace
            times = [await here.reporting.pace(actor, view, top) for top in tops] if timed else []
            days = await here.reporting.days(actor, view, tops[0]) if by == "day" else None
            zone = here.zone(view.regency)
            whole = place is None and any(view.whole(top) for top in view.tops)
            told = await _told(here, campaign) if whole else None
            tariff = load_settings().whatsapp.tariff()
            if as_json:
                document = showing.status_document(found, times, zone, by_unit=by == "unit", days=days)
                _print(document | ({"whatsapp": costs.told_document(told, tariff)} if told else {}))
                return
            lines = showing.status_lines(found, times, zone, here.texts, by_unit=by == "unit", days=days)
            for line in lines:
                typer.echo(line)
            for line in costs.told_lines(campaign, told, tariff, zone, here.texts) if told else ():
                typer.echo(line)

    run(work())


async def _told(here: Here, campaign: int) -> Told | None:
    """What WhatsApp says. None: nothing of the campaign went there."""
    from bot.storage.whatsapp_costs import SqlCosts

    told = await SqlCosts(here.store.engine, lambda: here.now.timestamp()).told(campaign)
    return told if told.anything else None


def _named(view: View, text: str | None) -> int | None:
    """The unit that is meant, among those that the actor sees, closed ones too."""
    from bot.campaigns.reports import lineage
    from bot.people.unit_names import matching, only

    if text is None:
        return None
    found = {
        path: unit
        for path, unit in matching(view.units.values(), text).items()
        if set(lineage(view.units, unit.id)) & set(view.tops)
    }
    return only(found, view.regency, text).id


@campaign_app.command("pending")
def pending(campaign: Id, unit: OfUnit = None, acting: As = None, as_json: Json = False) -> None:
    """Siapa yang belum; yang tak terjangkau disebut tersendiri, dengan sebabnya."""
    from bot.campaigns.reports import Group

    async def work() -> None:
        async with _here(acting) as here:
            actor = await here.actor_on(campaign)
            view = await here.reporting.view(actor, campaign)
            place = _named(view, unit)
            tops = [place] if place is not None else list(view.tops)
            listing = _Listing(here, actor, view, tops)
            if as_json:
                await listing.write()
            else:
                for group in (Group.MISSING, Group.WAITING, Group.UNREACHABLE):
                    await listing.say(group)

    run(work())


@dataclass(frozen=True, slots=True)
class _Listing:
    """The lists of those who have not acknowledged, a page in memory at a time."""

    here: Here
    actor: Actor
    view: View
    tops: list[int]

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
            typer.echo(showing.INDENT + showing.person_line(one, self._path(one.unit), texts, zone))
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
                out.write(before + json.dumps(document, ensure_ascii=False))
                before = ",\n "
            out.write("]")
        out.write("}\n")


@campaign_app.command("compare")
def compare(
    campaigns: Annotated[list[int], typer.Argument(help="Nomor kampanye.", metavar="ID…")],
    unit: OfUnit = None,
    acting: As = None,
    as_json: Json = False,
) -> None:
    """Bandingkan beberapa kampanye: berapa persen membaca, seberapa cepat."""

    async def work() -> None:
        async with _here(acting) as here:
            rows = []
            for campaign in campaigns:
                actor = await here.actor_on(campaign)
                view = await here.reporting.view(actor, campaign)
                rows += await here.reporting.compared(actor, [campaign], _named(view, unit))
            if as_json:
                _print(
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


@campaign_app.command("export")
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
    from bot.storage.key_files import signer_at
    from bot.storage.report_files import Task
    from bot.storage.report_files import export as write

    if form not in list(Form):
        raise Problem("cli.unknown_name", kind="--format", value=form, known=", ".join(Form))

    async def work() -> None:
        async with _here(acting) as here:
            actor = await here.actor_on(campaign)
            view = await here.reporting.view(actor, campaign, Action.EXPORT_CAMPAIGN)
            signer = None
            if form == Form.SQLITE:  # its evidence is of the whole campaign
                view = await here.steering.reached(actor, campaign, Action.EXPORT_CAMPAIGN)
                signer = signer_at(load_settings().evidence.key)
            wording = Wording(here.texts, here.zone(view.regency))
            with _bar(here.texts("report.writing")) as told:
                task = Task(view, actor, wording, here.seconds, told)
                count = await write(here.store.engine, task, Form(form), output, signer)
            here.say("report.written", path=output, count=showing.number(count, here.texts))

    run(work())


# --- ad-hoc circulars ------------------------------------------------------------------------


def circular_add(
    file: Annotated[Path, typer.Argument(help="Edarannya, PDF.", metavar="BERKAS.pdf")],
    number: Annotated[str, typer.Option(help="Nomor edaran, seperti tertulis.")],
    dated: Annotated[str, typer.Option(help="Tanggal edaran, TTTT-BB-HH.")],
    subject: Annotated[str, typer.Option(help="Perihal.")],
    issuer: Annotated[str, typer.Option(help="Penerbit, misalnya Bupati Lumajang.")],
    regency: Annotated[str, typer.Option("--regency", help="Kabupaten, misalnya lumajang.")],
    line: Annotated[
        list[str] | None, typer.Option("--line", help="Satu baris ringkasan; paling banyak lima.")
    ] = None,
    acting: As = None,
    as_json: Json = False,
) -> None:
    """Daftarkan edaran yang tidak ada di policies/, untuk dikirim sebagai kampanye."""
    from datetime import date

    from bot.campaigns.content import MOST_BYTES, Document, ad_hoc
    from bot.people.rights import Action
    from bot.problems import Problem
    from bot.storage.campaign_creation import add_circular

    async def work() -> None:
        async with _here(acting) as here:
            if regency not in here.corpus.regencies:
                known = ", ".join(here.corpus.regencies)
                raise Problem("cli.unknown_name", kind="kabupaten", value=regency, known=known)
            actor = await here.actor(regency)
            await _require_whole(here, actor, Action.ADD_CIRCULAR, regency)
            try:
                day = date.fromisoformat(dated.strip())
            except ValueError as error:
                raise Problem("campaign.bad_date", value=dated) from error
            if day > here.today(regency):
                raise Problem("campaign.date_ahead", value=dated)
            document = Document(file.name, _read(file, MOST_BYTES + 1))
            lines = {"id": line} if line else None
            content = ad_hoc(
                regency, document, number=number, dated=day, subject=subject, issuer=issuer, lines=lines
            )
            version, new = await add_circular(here.store.engine, content, actor.name, here.seconds)
            here.say(
                "campaign.circular_added" if new else "campaign.circular_known", circular=content.circular
            )
            if as_json:
                shown = {
                    "circular": content.circular,
                    "version": version,
                    "digest": content.digest,
                    "new": new,
                }
                _print(shown | {"number": content.number, "subject": content.subject})
            else:
                typer.echo(content.circular)

    run(work())


def _read(path: Path, most: int) -> bytes:
    """Not more than `most` bytes: a larger file is refused without being read whole."""
    from bot.problems import Problem

    try:
        with path.open("rb") as file:
            return file.read(most)
    except OSError as error:
        raise Problem("cli.no_file", path=path, reason=error.strerror or str(error)) from error
