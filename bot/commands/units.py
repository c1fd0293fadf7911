"""`edaran unit`: the tree of units."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands.shared import As, Json, Regency, Session, run, session

if TYPE_CHECKING:
    from bot.people.staff import Branch
    from bot.people.unit_office import UnitOffice

unit_app = typer.Typer(help="Unit kerja: pohonnya, namanya, polanya.", no_args_is_help=True)

UnitName = Annotated[
    str, typer.Argument(help="Nama, kode, atau jalur unit: “Dinas A / UPT B”.", metavar="UNIT")
]
InUnit = Annotated[str | None, typer.Option("--unit", help="Hanya unit ini dan di bawahnya.")]
INDENT = "  "


@unit_app.command("list")
def unit_list(regency: Regency, unit: InUnit = None, acting: As = None, as_json: Json = False) -> None:
    """Pohon unit, dengan jumlah orangnya."""

    async def work() -> None:
        async with session(regency, acting) as here:
            branches = await _office(here).tree(here.actor, await here.unit_or_root(unit))
            if as_json:
                typer.echo(
                    json.dumps([_document(branch) for branch in branches], ensure_ascii=False, indent=1)
                )
                return
            for branch in branches:
                typer.echo(_line(branch, here))

    run(work())


@unit_app.command("add")
def unit_add(
    name: Annotated[str, typer.Argument(help="Nama unit baru.", metavar="NAMA")],
    regency: Regency,
    under: Annotated[
        str | None, typer.Option(help="Unit induknya. Tanpa ini: langsung di kabupaten.")
    ] = None,
    code: Annotated[str | None, typer.Option(help="Kode unit menurut kabupaten.")] = None,
    kind: Annotated[str | None, typer.Option(help="Jenis unit, misalnya rsud.")] = None,
    pattern: Annotated[str | None, typer.Option(help="Pola jam kerja, misalnya lima_hari.")] = None,
    acting: As = None,
) -> None:
    """Daftarkan unit baru."""
    from bot.people.staff import Unit

    async def work() -> None:
        async with session(regency, acting) as here:
            office = _office(here)
            known = under is not None or await here.store.staff.root(regency) is not None
            parent = await here.unit_or_root(under) if known else await office.root(here.actor, regency)
            await office.add(here.actor, Unit(0, regency, name, parent, kind, pattern, code))
            here.done()

    run(work())


@unit_app.command("rename")
def unit_rename(
    unit: UnitName,
    name: Annotated[str, typer.Argument(help="Nama barunya.", metavar="NAMA")],
    regency: Regency,
    acting: As = None,
) -> None:
    """Ganti nama unit; nama lama tetap tercatat."""

    async def work() -> None:
        async with session(regency, acting) as here:
            await _office(here).rename(here.actor, await here.unit(unit), name)
            here.done()

    run(work())


@unit_app.command("move")
def unit_move(
    unit: UnitName,
    regency: Regency,
    under: Annotated[str | None, typer.Option(help="Unit induk barunya. Tanpa ini: kabupaten.")] = None,
    acting: As = None,
) -> None:
    """Pindahkan unit beserta isinya ke bawah unit lain."""

    async def work() -> None:
        async with session(regency, acting) as here:
            moved = await here.unit(unit)
            await _office(here).move(here.actor, moved, await here.unit_or_root(under))
            here.done()

    run(work())


@unit_app.command("pattern")
def unit_pattern(
    unit: UnitName,
    regency: Regency,
    pattern: Annotated[
        str | None, typer.Argument(help="Pola jam kerja. Tanpa ini: ikut unit di atasnya.", metavar="POLA")
    ] = None,
    acting: As = None,
) -> None:
    """Tetapkan pola jam kerja unit dan yang di bawahnya."""

    async def work() -> None:
        async with session(regency, acting) as here:
            await _office(here).set_pattern(here.actor, await here.unit(unit), pattern)
            here.done()

    run(work())


@unit_app.command("kind")
def unit_kind(
    unit: UnitName,
    regency: Regency,
    kind: Annotated[
        str | None, typer.Argument(help="Jenis unit. Tanpa ini: ikut unit di atasnya.", metavar="JENIS")
    ] = None,
    acting: As = None,
) -> None:
    """Tetapkan jenis unit: dinas, puskesmas, sekolah, …"""

    async def work() -> None:
        async with session(regency, acting) as here:
            await _office(here).set_kind(here.actor, await here.unit(unit), kind)
            here.done()

    run(work())


@unit_app.command("close")
def unit_close(unit: UnitName, regency: Regency, acting: As = None) -> None:
    """Tutup unit yang sudah kosong; riwayatnya tetap ada."""

    async def work() -> None:
        async with session(regency, acting) as here:
            await _office(here).close(here.actor, await here.unit(unit))
            here.done()

    run(work())


def _office(here: Session) -> UnitOffice:
    from bot.people.unit_office import UnitOffice

    return UnitOffice(here.bureau)


def _line(branch: Branch, here: Session) -> str:
    unit = branch.unit
    marks = " · ".join(filter(None, (unit.code, unit.kind, unit.pattern)))
    counts = here.texts("staff.counts", own=branch.own, total=branch.total)
    return f"{INDENT * branch.depth}{unit.name}{f' [{marks}]' if marks else ''}: {counts}"


def _document(branch: Branch) -> dict[str, Any]:
    unit = branch.unit
    return {
        "id": unit.id,
        "parent": unit.parent,
        "name": unit.name,
        "code": unit.code,
        "kind": unit.kind,
        "pattern": unit.pattern,
        "depth": branch.depth,
        "people": branch.own,
        "total": branch.total,
    }
