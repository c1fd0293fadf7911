"""`edaran person` and `edaran role`: a person, her absences and secondments, and who holds which role."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands.data import person_erase, person_export
from bot.commands.shared import As, Json, Regency, Session, Since, Through, after, run, session

if TYPE_CHECKING:
    from bot.people.office import Dossier, Office
    from bot.people.staff import Assignment, Person, Role
    from bot.rendering.texts import Texts

person_app = typer.Typer(help="Seorang pegawai: datanya, cutinya, penugasannya.", no_args_is_help=True)
role_app = typer.Typer(help="Peran: admin unit, kepala unit, HR, pengelola.", no_args_is_help=True)

Number = Annotated[str, typer.Argument(help="NIP, NI PPPK, atau nomor pegawai dari daerah.", metavar="NIP")]
RoleName = Annotated[str, typer.Argument(help="admin_unit, kepala_unit, hr, pengelola.", metavar="PERAN")]
OfUnit = Annotated[str | None, typer.Option("--unit", help="Unit tempat peran itu berlaku.")]
NONE = "–"


@person_app.command("show")
def person_show(number: Number, regency: Regency, acting: As = None, as_json: Json = False) -> None:
    """Data seorang pegawai; nomor dan teleponnya disamarkan."""

    async def work() -> None:
        async with session(regency, acting) as here:
            person = await here.person(number)
            dossier = await _office(here).see_person(here.actor, person.id)
            if as_json:
                typer.echo(json.dumps(_document(dossier), ensure_ascii=False, indent=1))
                return
            for line in _lines(dossier, here):
                typer.echo(line)

    run(work())


@person_app.command("leave")
def person_leave(
    number: Number,
    regency: Regency,
    kind: Annotated[
        str | None, typer.Option(help="Jenisnya, misalnya tugas_belajar. Tanpa ini: cuti.")
    ] = None,
    since: Since = None,
    through: Through = None,
    acting: As = None,
) -> None:
    """Catat cuti atau ketidakhadiran lain."""

    async def work() -> None:
        async with session(regency, acting) as here:
            person = await here.person(number)
            days = (here.first(since), after(through))
            usual = next(iter(here.bureau.absences))
            await _office(here).set_absence(here.actor, person.id, kind or usual, *days)
            here.done()

    run(work())


@person_app.command("back")
def person_back(number: Number, regency: Regency, since: Since = None, acting: As = None) -> None:
    """Akhiri cuti yang berjalan, atau batalkan yang akan datang: sejak hari itu masuk kembali."""

    async def work() -> None:
        async with session(regency, acting) as here:
            person = await here.person(number)
            await _office(here).end_absence(here.actor, person.id, here.first(since))
            here.done()

    run(work())


@person_app.command("second")
def person_second(
    number: Number,
    unit: Annotated[str, typer.Argument(help="Unit tempat bertugas sementara.", metavar="UNIT")],
    regency: Regency,
    since: Since = None,
    through: Through = None,
    acting: As = None,
) -> None:
    """Tugaskan sementara di unit lain; unit asalnya tetap."""

    async def work() -> None:
        async with session(regency, acting) as here:
            person, there = await here.person(number), await here.unit(unit)
            await _office(here).second(here.actor, person.id, there, here.first(since), after(through))
            here.done()

    run(work())


@person_app.command("return")
def person_return(number: Number, regency: Regency, since: Since = None, acting: As = None) -> None:
    """Akhiri penugasan sementara: sejak hari itu kembali ke unit asal."""

    async def work() -> None:
        async with session(regency, acting) as here:
            person = await here.person(number)
            await _office(here).end_secondment(here.actor, person.id, here.first(since))
            here.done()

    run(work())


@person_app.command("renumber")
def person_renumber(
    number: Number,
    new: Annotated[str, typer.Argument(help="Nomor barunya.", metavar="NOMOR_BARU")],
    regency: Regency,
    acting: As = None,
) -> None:
    """Nomor pegawai berganti (honorer jadi PPPK): riwayat dan akunnya tetap. Jalankan sebelum impor."""

    async def work() -> None:
        async with session(regency, acting) as here:
            given = _checked(new, here.today)
            person = await here.person(number)
            await _office(here).renumber(here.actor, person.id, given)
            here.done()

    run(work())


def _checked(number: str, today: date) -> str:
    """The number as the roster keeps it. Raises Problem for one that cannot be a number."""
    from bot.people.numbers import DIGITS, NumberError, NumberKind, parse_number
    from bot.problems import Problem

    try:
        plain = parse_number(number, NumberKind.OWN, today)
        civil = len(plain) == DIGITS and plain.isdigit()  # of a NIP and an NI PPPK the latter is less narrow
        return parse_number(plain, NumberKind.NI_PPPK, today) if civil else plain
    except NumberError as error:
        raise Problem(f"roster.reject_number_{error.fault.value}") from error


person_app.command("export")(person_export)
person_app.command("erase")(person_erase)


# --- roles -----------------------------------------------------------------------------------


@role_app.command("list")
def role_list(regency: Regency, unit: OfUnit = None, acting: As = None, as_json: Json = False) -> None:
    """Siapa memegang peran apa, sekarang atau nanti."""

    async def work() -> None:
        async with session(regency, acting) as here:
            held = await _office(here).roles(here.actor, await here.unit_or_root(unit))
            names = await here.store.staff.paths({at.unit for _, at in held if at.unit is not None})
            rows = [(at, _role(person, at, names.get(at.unit or 0))) for person, at in held]
            if as_json:
                typer.echo(json.dumps([row for _, row in rows], ensure_ascii=False, indent=1))
                return
            for at, row in rows:
                shown = row | {"unit": row["unit"] or NONE} | _said(at, here.texts)
                typer.echo(here.texts("role.line", **shown))

    run(work())


@role_app.command("grant")
def role_grant(
    number: Number,
    role: RoleName,
    regency: Regency,
    unit: OfUnit = None,
    standing: Annotated[str, typer.Option(help="Untuk kepala unit: definitif, plt, plh.")] = "definitif",
    since: Since = None,
    through: Through = None,
    acting: As = None,
) -> None:
    """Beri peran atas sebuah unit dan yang di bawahnya (hr: seluruh kabupaten)."""
    from bot.people.staff import Assignment, Standing

    async def work() -> None:
        async with session(regency, acting) as here:
            how = _one_of(Standing, standing, "--standing")
            given = _one_of(_roles(), role, "peran")
            place = await _place(here, given, unit)
            held = Assignment(given, place, here.first(since), after(through), how)
            await _office(here).appoint(here.actor, (await here.person(number)).id, held)
            here.done()

    run(work())


@role_app.command("end")
def role_end(
    number: Number,
    role: RoleName,
    regency: Regency,
    unit: OfUnit = None,
    since: Since = None,
    acting: As = None,
) -> None:
    """Akhiri peran: sejak hari itu tidak lagi dipegang."""

    async def work() -> None:
        async with session(regency, acting) as here:
            taken = _one_of(_roles(), role, "peran")
            place = await _place(here, taken, unit)
            person = await here.person(number)
            await _office(here).end_role(here.actor, person.id, taken, place, here.first(since))
            here.done()

    run(work())


async def _place(here: Session, role: Role, unit: str | None) -> int | None:
    """The unit that is named; for HR the regency itself, if none is."""
    from bot.people.staff import Role

    if unit is not None:
        return await here.unit(unit)
    return await here.unit_or_root(None) if role is Role.HR else None


def _roles() -> type[Role]:
    from bot.people.staff import Role

    return Role


def _one_of(values: Any, text: str, kind: str) -> Any:
    from bot.problems import Problem

    if text not in list(values):
        raise Problem("cli.unknown_name", kind=kind, value=text, known=", ".join(values))
    return values(text)


def _office(here: Session) -> Office:
    from bot.people.office import Office

    return Office(here.bureau)


# --- what is shown ---------------------------------------------------------------------------


def _document(dossier: Dossier) -> dict[str, Any]:
    from bot.people.numbers import mask_number, mask_phone

    person, member = dossier.person, dossier.member
    return {
        "id": person.id,
        "name": person.name,
        "number": mask_number(person.number),
        "phone": mask_phone(person.phone) if person.phone else None,
        "status": person.status,
        "left": _iso(person.left),
        "unit": dossier.path or None,
        "kind": member.kind if member else None,
        "pattern": member.pattern if member else person.pattern,
        "roles": [_held(at) for at in dossier.roles],
        "absences": [
            {"kind": leave.kind, "since": _iso(leave.since), "until": _iso(leave.until)}
            for leave in dossier.leaves
        ],
    }


def _role(person: Person, held: Assignment, unit: str | None) -> dict[str, Any]:
    from bot.people.numbers import mask_number

    return {"name": person.name, "number": mask_number(person.number), "unit": unit, **_held(held)}


def _held(held: Assignment) -> dict[str, Any]:
    return {
        "role": held.role.value,
        "standing": held.standing.value,
        "since": _iso(held.since),
        "until": _iso(held.until),
    }


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _lines(dossier: Dossier, here: Session) -> Iterator[str]:
    shown = {key: value or NONE for key, value in _document(dossier).items()}
    yield here.texts("person.head", **shown)
    yield here.texts("person.work", **shown)
    if dossier.person.left is not None:
        yield here.texts("person.left", **shown)
    for at in dossier.roles:
        yield here.texts("person.role", **_said(at, here.texts))
    for leave in dossier.leaves:
        span = _span(leave.since, leave.until, here.texts)
        yield here.texts("person.absence", kind=leave.kind, span=span)


def _said(held: Assignment, texts: Texts) -> dict[str, str]:
    """A role for people: only a head's has a standing."""
    from bot.people.staff import Role

    role = held.role.value
    if held.role is Role.UNIT_HEAD:
        role = texts("role.head", role=role, standing=held.standing.value)
    return {"role": role, "span": _span(held.since, held.until, texts)}


def _span(since: date, until: date | None, texts: Texts) -> str:
    """`until`: the first day that it no longer has; None: it is open."""
    from bot.rendering import dates

    first = dates.date_of(since, texts)
    if until is None:
        return texts("role.since", since=first)
    return texts("role.span", since=first, through=dates.last_day(until, texts))
