"""`edaran roster`: importing what a regency exports, and listing its staff."""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands.shared import As, Json, Regency, Session, run, session

if TYPE_CHECKING:
    from rich.progress import Progress as Bars

    from bot.people.roster.columns import Layout
    from bot.people.roster.difference import Difference
    from bot.people.roster.importing import RegencyFrame, Staged
    from bot.people.roster.mapping import RosterMapping
    from bot.people.roster.reading import RosterFile
    from bot.people.staff import Listed

roster_app = typer.Typer(help="Daftar pegawai: impor dari berkas, dan isinya.", no_args_is_help=True)

PAGE = 10_000
"""People read at once for a list: a page costs a look at all of the regency."""

NONE = "–"


@roster_app.command("import")
def roster_import(
    file: Annotated[Path, typer.Argument(help="Ekspor daftar pegawai: CSV atau XLSX.", metavar="BERKAS")],
    regency: Regency,
    map_file: Annotated[
        Path | None,
        typer.Option("--map", help="Pemetaan kolom (YAML), misalnya hasil --show-map yang disunting."),
    ] = None,
    sheet: Annotated[str | None, typer.Option("--sheet", help="Lembar yang dibaca.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Tampilkan perbedaannya saja; tidak ada yang berubah.")
    ] = False,
    accept_leavers: Annotated[
        bool, typer.Option("--accept-leavers", help="Terima walau lebih dari sepersepuluh pegawai keluar.")
    ] = False,
    show_map: Annotated[
        bool, typer.Option("--show-map", help="Tampilkan pemetaan kolom yang akan dipakai, lalu selesai.")
    ] = False,
    propose: Annotated[
        bool, typer.Option("--propose", help="Abaikan pemetaan tersimpan; usulkan lagi dari judul kolom.")
    ] = False,
    save_map: Annotated[
        bool, typer.Option("--save-map/--no-save-map", help="Simpan pemetaan kabupaten ini sesudah impor.")
    ] = True,
    acting: As = None,
    as_json: Json = False,
) -> None:
    """Bawa daftar pegawai ke isi sebuah berkas: semuanya, atau tidak sama sekali."""

    async def work() -> bool:
        async with session(regency, acting) as here:
            importing = _Import(here, file, _frame(here))
            await importing.check_right()
            mapping = await importing.mapping(map_file, propose=propose)
            with importing.opened() as source:
                layout = importing.layout(source, mapping, sheet)
                if show_map:
                    _show(layout)
                    return True
                with _progress(here) as step, importing.staged(source, layout, step) as staged:
                    if dry_run:
                        difference = await importing.dry_run(staged, step)
                    else:
                        options = {"accept_leavers": accept_leavers, "keep_mapping": save_map}
                        difference = await importing.carry_out(staged, step, options)
                    importing.report(staged, difference, applied=not dry_run, as_json=as_json)
                return _useful(difference)

    if not run(work()):
        raise typer.Exit(1)


@roster_app.command("list")
def roster_list(
    regency: Regency,
    unit: Annotated[str | None, typer.Option("--unit", help="Hanya unit ini dan di bawahnya.")] = None,
    acting: As = None,
    as_json: Json = False,
) -> None:
    """Pegawai sebuah unit dan di bawahnya, menurut nama; nomor dan telepon disamarkan."""

    async def work() -> None:
        async with session(regency, acting) as here:
            people = _listed(here, await here.unit_or_root(unit))
            if as_json:
                await _write_list(people)
                return
            async for entry in people:
                line = here.texts("roster.line", **{key: value or NONE for key, value in entry.items()})
                sys.stdout.write(f"{line}\n")

    run(work())


# --- importing -------------------------------------------------------------------------------

Step = Callable[[str], Callable[[int, int | None], None]]
"""Begins a step, named by the key of its text: gives what tells how far it is."""


class _Import:
    """One file on its way into the ledger of one regency."""

    def __init__(self, here: Session, path: Path, frame: RegencyFrame) -> None:
        self._here = here
        self._path = path
        self._frame = frame

    async def check_right(self) -> None:
        """Before anything of the file is read."""
        from bot.people.roster.importing import check_right

        await check_right(self._here.store.roster, self._here.actor, self._frame.id)

    async def mapping(self, file: Path | None, *, propose: bool) -> RosterMapping | None:
        """The file's, else the one kept for the regency; None: to be proposed from the headers."""
        from bot.people.roster.importing import kept_mapping
        from bot.people.roster.mapping_file import read_mapping

        if file is not None:
            return read_mapping(file)
        return None if propose else kept_mapping(await self._here.store.roster.mapping(self._frame.id))

    @contextmanager
    def opened(self) -> Iterator[RosterFile]:
        from bot.people.roster.reading import open_roster

        source = open_roster(self._path)
        try:
            yield source
        finally:
            source.close()

    def layout(self, source: RosterFile, mapping: RosterMapping | None, sheet: str | None) -> Layout:
        from bot.people.roster.importing import propose

        return propose(source, self._frame, mapping, sheet)

    @contextmanager
    def staged(self, source: RosterFile, layout: Layout, step: Step) -> Iterator[Staged]:
        from bot.people.roster.importing import digest_of, stage

        digest = digest_of(self._path)
        gc.freeze()  # the program itself need not be gone through while rows come and go
        staged = stage(source, layout, self._frame, self._here.today, digest, step("roster.step_read"))
        try:
            yield staged
        finally:
            staged.staging.close()

    async def dry_run(self, staged: Staged, step: Step) -> Difference:
        from bot.people.roster.importing import dry_run

        told = step("roster.step_compare")
        here = self._here
        difference = await dry_run(staged, here.store.roster, here.actor, self._frame.id, here.today)
        told(1, 1)
        return difference

    async def carry_out(self, staged: Staged, step: Step, options: dict[str, bool]) -> Difference:
        from bot.people.roster.importing import carry_out

        told = step("roster.step_apply")
        here = self._here
        ledger, regency = here.store.roster, self._frame.id
        difference = await carry_out(staged, ledger, here.actor, regency, here.today, **options)
        told(1, 1)
        return difference

    def report(self, staged: Staged, difference: Difference, *, applied: bool, as_json: bool) -> None:
        from bot.people.roster.report import Report

        name, texts = self._path.name, self._here.texts
        report = Report(self._frame.id, name, staged.layout, difference, texts, applied)
        if as_json:
            report.write_json(sys.stdout)
        else:
            for line in report.lines():
                typer.echo(line)


def _frame(here: Session) -> RegencyFrame:
    from bot.people.roster.importing import RegencyFrame

    known = here.bureau.known
    name, patterns = known.regencies()[here.regency], known.patterns(here.regency)
    return RegencyFrame(here.regency, name, patterns, here.vocabulary)


def _useful(difference: Difference) -> bool:
    """Not if every row was rejected."""
    from bot.people.roster.changes import Kind

    read = sum(count for kind, count in difference.counts.items() if kind is not Kind.LEFT)
    return read > 0 or difference.rejected == 0


def _show(layout: Layout) -> None:
    from bot.people.roster.mapping_file import written

    typer.echo(written(layout.mapping), nl=False)


@contextmanager
def _progress(here: Session) -> Iterator[Step]:
    """Bars on standard error, one a step."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as bars:
        yield lambda key: _bar(bars, here.texts(key))


def _bar(bars: Bars, title: str) -> Callable[[int, int | None], None]:
    task = bars.add_task(title, total=None)

    def told(done: int, total: int | None) -> None:
        bars.update(task, completed=done, total=total)

    return told


# --- listing ---------------------------------------------------------------------------------


async def _listed(here: Session, unit: int) -> AsyncIterator[dict[str, Any]]:
    """Page by page."""
    from bot.people.office import Office
    from bot.people.unit_names import path_of

    units = {branch.unit.id: branch.unit for branch in await here.store.staff.units(here.regency, here.today)}
    paths: dict[int, str] = {}
    office, after = Office(here.bureau), None
    while True:
        page = await office.see_unit(here.actor, unit, after, PAGE)
        for listed in page.people:
            place = listed.unit
            if place not in paths:
                paths[place] = path_of(place, units) if place in units else listed.unit_name
            yield _entry(listed, paths[place])
        after = page.following
        if after is None:
            return


def _entry(listed: Listed, path: str) -> dict[str, Any]:
    from bot.people.numbers import mask_number, mask_phone

    person = listed.person
    return {
        "id": person.id,
        "name": person.name,
        "number": mask_number(person.number),
        "status": person.status,
        "phone": mask_phone(person.phone) if person.phone else None,
        "pattern": person.pattern,
        "unit_id": listed.unit,
        "unit": path,
        "seconded": listed.seconded,
    }


async def _write_list(people: AsyncIterator[dict[str, Any]]) -> None:
    """One JSON document, a person at a time."""
    before, encode = "[\n ", json.JSONEncoder(ensure_ascii=False).encode
    async for entry in people:
        sys.stdout.write(before + encode(entry))
        before = ",\n "
    sys.stdout.write("[]\n" if before.startswith("[") else "\n]\n")
