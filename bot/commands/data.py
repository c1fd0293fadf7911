"""What is kept: backup and restore, retention, and everything about one person."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.shared import Json, ledger, operator, run, texts_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from bot.people.rights import Action
    from bot.rendering.texts import Texts
    from bot.storage.restoring import Restored
    from bot.storage.store import Store

Reference = Annotated[
    str,
    typer.Argument(metavar="ID", help="Kabupaten/nomor pegawai, misalnya lumajang/HL-7.", show_default=False),
]


def backup(
    file: Annotated[Path, typer.Argument(help="Berkas cadangan yang ditulis.", show_default=False)],
) -> None:
    """Simpan semua data ke satu berkas, juga selagi bot berjalan."""

    async def work() -> int:
        async with ledger() as store:
            return await store.back_up(file, operator().name)

    rows = run(work())
    typer.echo(texts_in()("backup.done", path=file, rows=rows), err=True)


def restore(
    file: Annotated[Path, typer.Argument(help="Berkas dari `edaran backup`.", show_default=False)],
    replace: Annotated[
        bool, typer.Option("--replace", help="Ganti seluruh isi basis data dengan isi cadangan.")
    ] = False,
) -> None:
    """Pulihkan semua data dari cadangan: seluruhnya, atau tidak sama sekali."""

    async def work() -> Restored:
        async with ledger() as store:
            return await store.restore(file, operator().name, replace=replace)

    done = run(work())
    for line in _restored(done, texts_in()):
        typer.echo(line, err=True)


def _restored(done: Restored, texts: Texts) -> Iterator[str]:
    """What was brought back, and what people have to decide now."""
    yield texts("backup.restored", rows=done.rows)
    if done.paused:
        yield texts("backup.paused", count=len(done.paused), campaigns=_listed(done.paused))
    if done.uncertain:
        count = sum(done.uncertain.values())
        yield texts("backup.uncertain", count=count, campaigns=_listed(done.uncertain))
    if done.paused or done.uncertain:
        yield texts("backup.next", campaign=min({*done.paused, *done.uncertain}))
    if done.campaigns:
        yield texts("backup.since")


def _listed(campaigns: Iterable[int]) -> str:
    return ", ".join(map(str, campaigns))


def retention(as_json: Json = False) -> None:
    """Hapus sekarang juga apa yang masa simpannya sudah habis (bot melakukannya sendiri setiap hari)."""
    from bot.config import load_settings

    async def work() -> dict[str, int]:
        async with ledger() as store:
            return await store.enforcer(load_settings().retention).enforce()

    removed = run(work())
    texts = texts_in()
    if as_json:
        typer.echo(json.dumps(removed, indent=1))
        return
    for name, number in removed.items():
        typer.echo(texts("retention.line", what=texts(f"retention.what_{name}"), number=number), err=True)


# --- one person ------------------------------------------------------------------------------


def person_export(
    person: Reference,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Berkas hasil; tanpa ini: keluaran baku.")
    ] = None,
) -> None:
    """Semua yang tersimpan tentang satu orang, sebagai dokumen JSON."""
    from datetime import datetime

    from bot.people.privacy import document
    from bot.people.rights import Action

    async def work() -> str:
        async with ledger() as store:
            found = await _allowed(store, Action.EXPORT_PERSON, person)
            kept = await store.personal.about(found, operator().name, Action.EXPORT_PERSON)
        assert kept is not None
        return json.dumps(document(kept, datetime.now().astimezone()), ensure_ascii=False, indent=1)

    content = run(work())
    if output is None:
        typer.echo(content)
    else:
        _write_private(output, content + "\n")


def person_erase(
    person: Reference,
    sure: Annotated[bool, typer.Option("--yes", help="Tanpa bertanya lagi.")] = False,
    as_json: Json = False,
) -> None:
    """Hapus data satu orang; sebutkan apa yang hilang, apa yang tetap, dan mengapa."""
    from bot.config import load_settings
    from bot.people.privacy import Erasure
    from bot.people.rights import Action

    texts = texts_in()

    async def work() -> Erasure | None:
        async with ledger() as store:
            found = await _allowed(store, Action.ERASE_PERSON, person)
            if not (sure or typer.confirm(texts("erase.sure"), err=True)):
                return None
            period = load_settings().retention.leavers
            return await store.personal.erase(found, operator().name, _today(), period)

    done = run(work())
    if done is None:
        raise typer.Exit(1)
    until = done.until.isoformat() if done.until else None
    if as_json:
        typer.echo(json.dumps({"gone": done.gone, "stays": done.stays, "until": until}, indent=1))
        return
    typer.echo(texts("erase.gone"), err=True)
    for gone in done.gone:
        typer.echo(f"- {texts(f'erase.gone_{gone}')}", err=True)
    typer.echo(texts("erase.stays"), err=True)
    for stays in done.stays:
        typer.echo(f"- {texts(f'erase.stays_{stays}')}", err=True)
    if until:
        typer.echo(texts("erase.until", day=until), err=True)


async def _allowed(store: Store, action: Action, reference: str) -> int:
    """The id of the person, if the actor may do this to her. Raises Problem; whether she exists is said to
    nobody who may not see her."""
    from bot.people.rights import require
    from bot.problems import Problem

    found = await store.personal.find(reference)
    if found is None:
        raise Problem("staff.no_person")
    require(operator(), action, await store.staff.target_of(found, _today()))
    return found


# --- shared ----------------------------------------------------------------------------------


def _today() -> date:
    from datetime import datetime

    return datetime.now().astimezone().date()


def _write_private(path: Path, content: str) -> None:
    """Readable by its owner only. Replaces nothing."""
    import os

    from bot.problems import Problem

    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(content)
    except OSError as error:
        raise Problem("data.not_written", path=path, reason=error) from error
