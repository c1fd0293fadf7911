"""`edaran code`: one-time codes on paper, and the way back from a lost or stolen account."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from bot.commands.shared import As, Regency, Session, run, session

if TYPE_CHECKING:
    from bot.people.identity import Holder, Identity
    from bot.people.staff import Listed, Person

code_app = typer.Typer(
    help="Kode sekali pakai yang membuktikan siapa seorang pegawai, dan tautan akunnya.",
    no_args_is_help=True,
)

Unit = Annotated[str | None, typer.Option("--unit", help="Unit beserta semua di bawahnya.")]
OfPerson = Annotated[
    str | None, typer.Option("--person", help="NIP, NI PPPK, atau nomor pegawai.", metavar="NIP")
]
USERNAME = re.compile(r"@?(\w{5,32})", re.ASCII)
AT_ONCE = 500
"""People that are read at a time."""


@code_app.command("issue")
def issue(
    regency: Regency,
    bot: Annotated[str, typer.Option(help="Nama pengguna bot di Telegram, tanpa @.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Berkas HTML yang ditulis.")],
    unit: Unit = None,
    person: OfPerson = None,
    days: Annotated[
        int | None,
        typer.Option(help="Berapa hari kodenya berlaku. Tanpa ini: EDARAN_CODES__DAYS.", min=1, max=90),
    ] = None,
    acting: As = None,
) -> None:
    """Cetak lembar kode untuk satu unit (yang belum tertaut saja) atau satu orang. Kode lama mereka mati."""
    from bot.config import load_settings

    username, valid = _username(bot), days or load_settings().codes.days
    _one_of(unit, person)

    async def work() -> None:
        async with session(regency, acting) as here:
            listed, skipped = await _bearers(here, unit, person)
            with _new_file(output) as file:
                await _write(here, listed, username, valid, file)
            said = here.texts("code.issued", count=len(listed), skipped=skipped, file=output)
            typer.echo(said, err=True)

    run(work())


@code_app.command("revoke")
def revoke(regency: Regency, unit: Unit = None, person: OfPerson = None, acting: As = None) -> None:
    """Matikan kode yang belum dipakai, misalnya bila lembarnya hilang."""
    from bot.problems import Problem

    _one_of(unit, person)
    if unit is None and person is None:
        raise Problem("code.unit_or_person")

    async def work() -> None:
        async with session(regency, acting) as here:
            people = [one.person for one in await _people(here, unit, person)]
            count = await _identity(here).revoke(here.actor, [_holder(one) for one in people])
            typer.echo(here.texts("code.revoked", count=count), err=True)

    run(work())


@code_app.command("unlink")
def unlink(
    regency: Regency,
    person: Annotated[str, typer.Option("--person", help="NIP, NI PPPK, atau nomor pegawai.", metavar="NIP")],
    channel: Annotated[
        str | None, typer.Option(help="Hanya di kanal ini, misalnya telegram. Tanpa ini: semua.")
    ] = None,
    acting: As = None,
) -> None:
    """Lepas akun yang hilang atau dicuri: tautannya putus seketika, kodenya mati."""

    async def work() -> None:
        async with session(regency, acting) as here:
            found = await here.person(person)
            gone = await _identity(here).unlink(here.actor, found.id, regency, channel)
            typer.echo(here.texts("code.unlinked", count=len(gone)), err=True)

    run(work())


# --- who -------------------------------------------------------------------------------------


async def _bearers(here: Session, unit: str | None, person: str | None) -> tuple[list[Listed], int]:
    """Those who get a code, and how many do not need one. One person gets hers in any case: it is the way
    back to a changed number."""
    from bot.problems import Problem

    listed = await _people(here, unit, person)
    if person is not None:
        return listed, 0
    linked = await here.store.identities.linked([one.person.id for one in listed])
    bearers = [one for one in listed if one.person.id not in linked]
    if not bearers:
        raise Problem("code.nobody", linked=len(linked))
    return bearers, len(linked)


async def _people(here: Session, unit: str | None, person: str | None) -> list[Listed]:
    """The one person, or all of the unit, by unit and name. Raises Problem, RefusedError."""
    from bot.people.rights import Action, require

    if person is not None:
        return [await _listed(here, await here.person(person))]
    root = await here.unit_or_root(unit)
    require(here.actor, Action.ISSUE_CODE, await here.store.staff.unit_target(root))
    page = await here.store.staff.people_in(root, here.today, limit=AT_ONCE)
    listed = list(page.people)
    while page.following is not None:
        page = await here.store.staff.people_in(root, here.today, page.following, AT_ONCE)
        listed += page.people
    await here.store.staff.looked(
        here.actor.name, Action.ISSUE_CODE, regency=here.regency, unit=root, count=len(listed)
    )
    return sorted(listed, key=lambda one: (one.unit_name, one.person.name))


async def _listed(here: Session, person: Person) -> Listed:
    from bot.people.staff import Listed
    from bot.problems import Problem

    member = await here.store.staff.member(person.id, here.today)
    if member is None:
        raise Problem("staff.left")
    return Listed(person, member.unit.id, member.unit.name)


def _holder(person: Person) -> Holder:
    from bot.people.identity import Holder

    return Holder(person.id, person.regency, person.left)


def _identity(here: Session) -> Identity:
    import time

    from bot.people.identity import Identity

    return Identity(
        here.store.identities, here.store.staff, lambda regency, _: here.bureau.today(regency), time.time
    )


def _one_of(unit: str | None, person: str | None) -> None:
    from bot.problems import Problem

    if unit is not None and person is not None:
        raise Problem("code.unit_or_person")


# --- the file --------------------------------------------------------------------------------


async def _write(here: Session, listed: list[Listed], bot: str, days: int, file: TextIO) -> None:
    import secrets
    from datetime import timedelta

    from bot.people.sheets import Slip, sheet

    holders = [_holder(one.person) for one in listed]
    codes = await _identity(here).issue(here.actor, holders, secrets.token_bytes, days)
    expires = here.today + timedelta(days=days)
    slips = [
        Slip(one.person.name, one.unit_name, one.person.number, code, expires)
        for one, code in zip(listed, codes, strict=True)
    ]
    title = here.bureau.known.regencies()[here.regency]
    file.writelines(sheet(slips, bot, title, here.texts))


@contextmanager
def _new_file(path: Path) -> Iterator[TextIO]:
    """A file that only its owner can read. It is made before any code is, and taken away again if none is.
    Never replaces one: the codes in it are written nowhere else."""
    from bot.problems import Problem

    try:
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise Problem("code.file_exists", file=path) from error
    except OSError as error:
        raise Problem("code.no_file", file=path, reason=error) from error
    try:
        with os.fdopen(opened, "w", encoding="utf-8") as file:
            yield file
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _username(bot: str) -> str:
    from bot.problems import Problem

    match = USERNAME.fullmatch(bot)
    if match is None:
        raise Problem("code.bad_bot", value=bot)
    return match[1]
