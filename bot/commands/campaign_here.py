"""What every command about campaigns needs: who acts, on what, in which words."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands import campaign_showing as showing
from bot.commands.shared import actor_of, ledger

if TYPE_CHECKING:
    from bot.campaigns.reporting import Reporting
    from bot.campaigns.steering import Steering
    from bot.people.rights import Action, Actor
    from bot.policy.corpus import Corpus
    from bot.rendering.texts import Texts
    from bot.storage.campaigns import SqlCampaigns
    from bot.storage.store import Store
    from bot.worktime import Calendar

Id = Annotated[int, typer.Argument(help="Nomor kampanye.", metavar="ID")]
Regency = Annotated[str | None, typer.Option("--regency", help="Kabupaten, misalnya lumajang.")]
OfUnit = Annotated[str | None, typer.Option("--unit", help="Hanya unit ini dan yang di bawahnya.")]
Yes = Annotated[bool, typer.Option("--yes", help="Sudah memeriksa hitungannya; jangan bertanya lagi.")]
Policies = Annotated[Path | None, typer.Option("--policies", help="Folder policies/ yang dipakai.")]


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
        return known.calendar.zone if known else self.now.tzinfo or utc()

    def calendar(self, regency: str) -> Calendar | None:
        known = self.corpus.regencies.get(regency)
        return known.calendar if known else None

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
        return Reporting(ledger, self.today, self.zone, self.calendar)

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


def utc() -> tzinfo:
    from datetime import UTC

    return UTC


@asynccontextmanager
async def opened(acting: str | None, policies: Path | None = None) -> AsyncIterator[Here]:
    from bot.app import catalogues, mind, now
    from bot.catalogues import DEFAULT_LANGUAGE
    from bot.policy.files import DIRECTORY

    corpus = mind(policies or DIRECTORY)[0].corpus
    async with ledger() as store:
        yield Here(store, corpus, catalogues()[DEFAULT_LANGUAGE], acting, now())


def print_document(document: Any) -> None:
    typer.echo(json.dumps(document, ensure_ascii=False, indent=1))


async def places(here: Here, regency: str | None) -> list[str]:
    """The regency that is named, or all that have units; an employee has rights in one, and names it. Raises
    Problem for none that is known."""
    from bot.problems import Problem
    from bot.storage.reports import SqlReports

    if regency is None:
        if here.acting is not None:
            raise Problem("campaign.whose_regency")
        return list(await SqlReports(here.store.engine, lambda: 0).regencies())
    if regency not in here.corpus.regencies:
        listed = ", ".join(here.corpus.regencies)
        raise Problem("cli.unknown_name", kind="kabupaten", value=regency, known=listed)
    return [regency]


async def require_whole(here: Here, actor: Actor, action: Action, regency: str) -> None:
    """The right over the whole regency."""
    from bot.people.rights import Target, require
    from bot.problems import Problem

    root = await here.store.staff.root(regency)
    require(actor, action, Target(frozenset({root.id}) if root else frozenset()))
    if root is None:
        raise Problem("staff.no_regency", regency=regency)


def confirm(here: Here, people: int, what: str = "", *, yes: bool) -> None:
    """Nobody is written to whose number the actor has not seen. `what`: before the names of the texts."""
    count = showing.number(people, here.texts)
    confirmed(here, f"campaign.{what}confirm", f"campaign.{what}unconfirmed", yes=yes, count=count)


def confirmed(here: Here, asked: str, unasked: str, *, yes: bool, **values: object) -> None:
    """Returns once the actor has said yes. `asked`: the key of the question; `unasked`: of the problem where
    nobody can be asked."""
    from bot.problems import Problem

    if yes:
        return
    if not sys.stdin.isatty():
        raise Problem(unasked, **values)
    if not typer.confirm(here.texts(asked, **values), err=True):
        here.say("campaign.left")
        raise typer.Exit(1)


@contextmanager
def bar(title: str) -> Iterator[Callable[[int, int], None]]:
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as bars:
        task = bars.add_task(title, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)
