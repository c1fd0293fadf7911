"""`edaran campaign proxy`: acknowledging for somebody who cannot do it herself; a second person decides."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands.shared import As, Json, Regency, ledger, run, session

if TYPE_CHECKING:
    from bot.campaigns.proxies import ProxyOffice, Request
    from bot.commands.shared import Session
    from bot.people.rights import Action
    from bot.storage.store import Store

proxy_app = typer.Typer(
    help="Konfirmasi atas nama pegawai yang tidak bisa melakukannya sendiri; orang kedua memutuskan.",
    no_args_is_help=True,
)

Id = Annotated[int, typer.Argument(help="Nomor permintaan.", metavar="PERMINTAAN")]


@proxy_app.command("ask")
def ask(
    campaign: Annotated[int, typer.Argument(help="Nomor kampanye.", metavar="ID")],
    person: Annotated[str, typer.Option("--person", help="NIP, NI PPPK, atau nomor pegawai.", metavar="NIP")],
    reason: Annotated[str, typer.Option(help="Mengapa ia tidak bisa melakukannya sendiri.")],
    reference: Annotated[str, typer.Option(help="Nomor surat, atau tempat pindaian atau foto buktinya.")],
    acting: As = None,
    as_json: Json = False,
) -> None:
    """Minta konfirmasi dicatat atas nama seorang pegawai."""
    from bot.campaigns.proxies import Asked
    from bot.people.rights import Action
    from bot.problems import Problem
    from bot.storage.circular_reading import SqlCirculars

    async def regency(store: Store) -> str | None:
        told = await SqlCirculars(store.engine).told(campaign)
        return told.content.regency if told else None

    async def work() -> None:
        async with ledger() as store:
            place = await regency(store)
        unknown = Problem("campaign.unknown", campaign=campaign)
        async with _session(place, acting, Action.PROXY_REQUEST, unknown) as here:
            found = await here.person(person)
            office = _office(here)
            asked = Asked(campaign, found.id, reason, reference)
            made = await office.ask(here.actor, asked, here.regency)
            if as_json:
                _print(_document(made))
            typer.echo(here.texts("proxy.filed", request=made.id), err=True)

    run(work())


@proxy_app.command("list")
def listed(regency: Regency, acting: As = None, as_json: Json = False) -> None:
    """Permintaan yang menunggu keputusan Anda."""

    async def work() -> None:
        async with session(regency, acting) as here:
            office = _office(here)
            found: list[Request] = []
            while page := await office.waiting(here.actor, regency, found[-1].id if found else 0):
                found += page
            if as_json:
                _print([_document(one) for one in found])
                return
            if not found:
                typer.echo(here.texts("proxy.none_waiting"), err=True)
            for one in found:
                typer.echo(_line(one, here))

    run(work())


@proxy_app.command("approve")
def approve(request: Id, acting: As = None) -> None:
    """Setujui sebagai orang kedua: konfirmasinya tercatat, dan orangnya diberi tahu."""
    _decide(request, acting, approved=True)


@proxy_app.command("refuse")
def refuse(request: Id, acting: As = None) -> None:
    """Tolak: tidak ada yang tercatat."""
    _decide(request, acting, approved=False)


def _decide(request: int, acting: str | None, *, approved: bool) -> None:
    from bot.campaigns.proxy_chat import result_key
    from bot.people.rights import Action
    from bot.problems import Problem
    from bot.storage.proxies import SqlProxies

    async def work() -> None:
        async with ledger() as store:
            found = await SqlProxies(store.engine).find(request)
        unknown = Problem("proxy.unknown", request=request)
        place = found.regency if found else None
        async with _session(place, acting, Action.PROXY_APPROVE, unknown) as here:
            recorded = await _office(here).decide(here.actor, request, approved=approved)
            name = {"name": found.name} if approved and found else {}
            typer.echo(here.texts(result_key(approved=approved, recorded=recorded), **name), err=True)

    run(work())


@asynccontextmanager
async def _session(
    regency: str | None, acting: str | None, action: Action, unknown: Exception
) -> AsyncIterator[Session]:
    """`regency` None: what is meant does not exist, which only the operator is told."""
    from bot.people.rights import RefusedError

    if regency is None:
        raise unknown if acting is None else RefusedError(action)
    async with session(regency, acting) as here:
        yield here


def _office(here: Session) -> ProxyOffice:
    """Nobody is told from here: the ledger keeps who is to be told, and the bot tells them."""
    from bot.app import now
    from bot.campaigns.proxies import ProxyOffice
    from bot.storage.proxies import SqlProxies

    kept = SqlProxies(here.store.engine)
    return ProxyOffice(kept, here.store.staff, None, lambda _: here.today, lambda: now().timestamp())


def _line(one: Request, here: Session) -> str:
    asker = one.asker or here.texts("proxy.by_operator")
    whom = f"{one.name} ({one.number})"
    return "  ".join((str(one.id), str(one.campaign), whom, one.reason, one.reference, asker))


def _document(one: Request) -> dict[str, Any]:
    return {
        "request": one.id,
        "campaign": one.campaign,
        "name": one.name,
        "number": one.number,
        "reason": one.reason,
        "reference": one.reference,
        "asked_by": one.asker,
        "at": one.at,
    }


def _print(document: Any) -> None:
    typer.echo(json.dumps(document, ensure_ascii=False, indent=1))
