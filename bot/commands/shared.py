"""What commands share: options, texts, and for those about staff the open ledger and the actor."""

from __future__ import annotations

from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from bot.commands.usage import day_given

if TYPE_CHECKING:
    from bot.people.office import Bureau
    from bot.people.rights import Actor
    from bot.people.staff import Person
    from bot.rendering.texts import Texts
    from bot.storage.staff import SqlStaff
    from bot.storage.store import Store
    from bot.vocabulary import Vocabulary

T = TypeVar("T")

Json = Annotated[bool, typer.Option("--json", help="Satu dokumen JSON di keluaran baku.")]
Language = Annotated[str, typer.Option("--language", help="Bahasa jawaban: id atau en.")]
Policies = Annotated[Path | None, typer.Option("--policies", help="Folder policies/ yang dipakai.")]
Regency = Annotated[str, typer.Option("--regency", help="Kabupaten, misalnya lumajang.")]

As = Annotated[
    str | None,
    typer.Option("--as", help="NIP pegawai yang wewenangnya dipakai. Tanpa ini: pengelola.", metavar="NIP"),
]
_DAY = "TTTT-BB-HH"
Since = Annotated[
    datetime | None,
    typer.Option("--since", parser=day_given, metavar=_DAY, help="Hari pertama. Tanpa ini: hari ini."),
]
Through = Annotated[
    datetime | None,
    typer.Option(
        "--through", parser=day_given, metavar=_DAY, help="Hari terakhir, ikut terhitung. Tanpa ini: terbuka."
    ),
]


def run(work: Coroutine[Any, Any, T]) -> T:
    import asyncio  # thirty milliseconds that asking does without

    return asyncio.run(work)


def texts_in(language: str = "id") -> Texts:
    """Raises Problem for a language that has no catalogue."""
    from bot.app import catalogues
    from bot.problems import Problem

    known = catalogues()
    if language not in known:
        raise Problem("cli.language", value=language, known=", ".join(known))
    return known[language]


@asynccontextmanager
async def ledger() -> AsyncIterator[Store]:
    """The ledger of the settings, closed afterwards. Its errors come out as a Problem."""
    from bot.config import load_settings
    from bot.storage.store import open_store
    from bot.storage.trouble import plainly

    with plainly():
        store = await open_store(load_settings().database.url)
        try:
            yield store
        finally:
            await store.close()


def operator() -> Actor:
    """Whoever can run commands on this machine can read its database: she acts as the operator, and the
    access log has her name on this machine."""
    import getpass
    from datetime import date

    from bot.people.rights import Actor
    from bot.people.staff import Assignment, Role

    held = Assignment(Role.OPERATOR, None, date.min)
    return Actor(f"operator:{getpass.getuser()}", None, (held,))


@dataclass(frozen=True, slots=True)
class Session:
    """One command about the staff of a regency: who acts, with what, and in which words."""

    regency: str
    today: date
    store: Store
    actor: Actor
    bureau: Bureau
    texts: Texts
    vocabulary: Vocabulary
    zone: tzinfo

    async def person(self, number: str) -> Person:
        """The person of that number, if the actor may see her."""
        from bot.people.office import Office

        return await Office(self.bureau).find_person(self.actor, self.regency, plain(number))

    async def unit(self, text: str) -> int:
        """The unit that is meant, if the actor may see it."""
        from bot.people.office import Office

        return (await Office(self.bureau).find_unit(self.actor, self.regency, text)).id

    async def unit_or_root(self, text: str | None) -> int:
        """The regency itself, if no unit is named."""
        from bot.problems import Problem

        if text is not None:
            return await self.unit(text)
        root = await self.store.staff.root(self.regency)
        if root is None:
            raise Problem("staff.no_regency", regency=self.regency)
        return root.id

    def first(self, since: datetime | None) -> date:
        return since.date() if since else self.today

    def done(self) -> None:
        typer.echo(self.texts("staff.done"), err=True)


def after(through: datetime | None) -> date | None:
    """The first day that a span no longer has, of its last one."""
    return through.date() + timedelta(days=1) if through else None


@asynccontextmanager
async def session(regency: str, number: str | None) -> AsyncIterator[Session]:
    """`number`: the employee with whose rights to act; None: the operator's."""
    from bot.app import catalogues, corpus_of, now
    from bot.catalogues import DEFAULT_LANGUAGE
    from bot.directory import CorpusDirectory
    from bot.people.office import Bureau
    from bot.policy.files import DIRECTORY
    from bot.problems import Problem

    corpus = corpus_of(DIRECTORY)
    known = CorpusDirectory(lambda: corpus)
    if regency not in corpus.regencies:
        listed = ", ".join(known.regencies())
        raise Problem("cli.unknown_name", kind="kabupaten", value=regency, known=listed)

    def today(where: str) -> date:
        return now().astimezone(corpus.regencies[where].calendar.zone).date()

    zone = corpus.regencies[regency].calendar.zone
    texts = catalogues()[DEFAULT_LANGUAGE]
    kinds = [key.removeprefix(_ABSENCE) for key in texts.entries if key.startswith(_ABSENCE)]
    async with ledger() as store:
        actor = await actor_of(store.staff, regency, number, today(regency))
        bureau = Bureau(store.staff, known, today, kinds)
        yield Session(regency, today(regency), store, actor, bureau, texts, corpus.vocabulary, zone)


_ABSENCE = "away."
"""The kinds of absence are those that have a wording."""


async def actor_of(staff: SqlStaff, regency: str, number: str | None, day: date) -> Actor:
    """The operator, or the employee of that number with the roles she holds that day. The access log then
    names both: it was not she who acted."""
    from bot.problems import Problem

    machine = operator()
    if number is None:
        return machine
    person = await staff.find_person(regency, plain(number))
    if person is None:
        raise Problem("staff.no_person")
    return replace(await staff.actor(person.id, day), name=f"{machine.name} as person:{person.id}")


def plain(number: str) -> str:
    """A staff number as the roster keeps it. What cannot be one stays: it will not be found."""
    from bot.people.numbers import NumberError, NumberKind, parse_number

    try:
        return parse_number(number, NumberKind.OWN, date.min)
    except NumberError:
        return number
