"""`edaran campaign create`, `edaran circular add`: what is sent, and to whom, shown before it is made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands import campaign_costs as costs
from bot.commands import campaign_showing as showing
from bot.commands.campaign_here import (
    Here,
    Policies,
    Regency,
    Yes,
    confirm,
    confirmed,
    opened,
    print_document,
    require_whole,
)
from bot.commands.shared import As, Json, run

if TYPE_CHECKING:
    from datetime import date

    from bot.campaigns.addressing import Preview, Terms
    from bot.campaigns.campaign import Version
    from bot.campaigns.content import Content
    from bot.campaigns.drafting import Prepared
    from bot.config import Settings
    from bot.people.rights import Actor
    from bot.storage.campaigns import Draft


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
        async with opened(acting, policies) as here:
            making = await _making(here, circular, audience, due, regency, quiz)
            made = await making.prepare(editorial=editorial, everybody=everybody)
            preview = await making.preview(made)
            await making.show(made, preview, as_json=as_json and dry_run)
            if dry_run:
                return
            if made.editorial:
                document = await making.replace(made, preview)
            else:
                confirm(here, preview.addressed, yes=yes)
                document = await making.carry_out(made)
            if as_json:
                print_document(document)

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
        from bot.storage.campaign_circulars import last_sent

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
            print_document(document | {"whatsapp": costs.estimate_document(preview, tariff)})
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
    from bot.campaigns.drafting import FAR, check_quiz, due_of, regency_of
    from bot.config import load_settings
    from bot.people.rights import Action
    from bot.storage.campaign_circulars import placed, regencies_with

    with_it = await regencies_with(here.store.engine, circular) if circular.startswith("adhoc/") else ()
    place = regency_of(here.corpus, circular, regency, with_it)
    actor = await here.actor(place)
    await require_whole(here, actor, Action.CREATE_CAMPAIGN, place)
    content = await placed(here.store.engine, await _content(here, circular, place))
    check_quiz(content, quiz=quiz)
    when = due_of(due, here.zone(place), here.now)
    if when > here.now + FAR:
        typer.echo(here.texts("campaign.due_far", value=due), err=True)
    return _Making(here, actor, content, audience, when, quiz, load_settings())


async def _content(here: Here, circular: str, regency: str) -> Content:
    from bot.app import catalogues
    from bot.campaigns.content import of_policies
    from bot.problems import Problem
    from bot.storage.campaign_circulars import ad_hoc_content

    if circular in here.corpus.circulars:
        return of_policies(here.corpus, circular, regency, catalogues())
    found = await ad_hoc_content(here.store.engine, regency, circular)
    if found is None:
        raise Problem("campaign.no_circular", circular=circular, known=", ".join(here.corpus.circulars))
    return found


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
    yes: Annotated[
        bool, typer.Option("--yes", help="Sudah memeriksa edaran yang digantikan; jangan bertanya lagi.")
    ] = False,
    acting: As = None,
    as_json: Json = False,
) -> None:
    """Daftarkan edaran yang tidak ada di policies/, untuk dikirim sebagai kampanye."""
    from bot.campaigns.content import MOST_BYTES, Document, ad_hoc
    from bot.people.rights import Action
    from bot.problems import Problem
    from bot.storage.campaign_circulars import add_circular, displaced

    async def work() -> None:
        async with opened(acting) as here:
            if regency not in here.corpus.regencies:
                known = ", ".join(here.corpus.regencies)
                raise Problem("cli.unknown_name", kind="kabupaten", value=regency, known=known)
            actor = await here.actor(regency)
            await require_whole(here, actor, Action.ADD_CIRCULAR, regency)
            content = ad_hoc(
                regency,
                dated=_written_on(dated, here.today(regency)),
                document=Document(file.name, _read(file, MOST_BYTES + 1)),
                number=number,
                subject=subject,
                issuer=issuer,
                lines={"id": line} if line else None,
            )
            before = await displaced(here.store.engine, content)
            if before is not None:
                _confirm_in_place_of(here, before, yes=yes)
            version, new = await add_circular(here.store.engine, content, actor.name, here.seconds)
            here.say(
                "campaign.circular_added" if new else "campaign.circular_known", circular=content.circular
            )
            if as_json:
                shown = {
                    "circular": content.circular,
                    "version": version.id,
                    "digest": version.digest,
                    "new": new,
                    "replaces": version.replaces,
                }
                print_document(shown | {"number": content.number, "subject": content.subject})
            else:
                typer.echo(content.circular)

    run(work())


def _written_on(text: str, today: date) -> date:
    """Raises Problem for what is no date, or has not come yet."""
    from datetime import date

    from bot.problems import Problem

    try:
        day = date.fromisoformat(text.strip())
    except ValueError as error:
        raise Problem("campaign.bad_date", value=text) from error
    if day > today:
        raise Problem("campaign.date_ahead", value=text)
    return day


def _confirm_in_place_of(here: Here, before: Version, *, yes: bool) -> None:
    values = {"version": before.id, "subject": before.subject}
    here.say("campaign.circular_replaces", **values)
    confirmed(here, "campaign.circular_confirm", "campaign.circular_unconfirmed", yes=yes)


def _read(path: Path, most: int) -> bytes:
    """Not more than `most` bytes: a larger file is refused without being read whole."""
    from bot.problems import Problem

    try:
        with path.open("rb") as file:
            return file.read(most)
    except OSError as error:
        raise Problem("cli.no_file", path=path, reason=error) from error
