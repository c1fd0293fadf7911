"""`edaran evidence checkpoint|key|rotate|export|receipt`: what needs the signing key."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands import evidence_showing as showing
from bot.commands.shared import As, Regency, ledger, operator, run, session, texts_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.campaigns.signing import Signer
    from bot.storage.store import Store

Output = Annotated[Path | None, typer.Option("-o", "--output", help="Berkas tujuan.")]


def checkpoint(output: Output = None) -> None:
    """Tanda tangani catatan sampai saat ini. Simpan hasilnya di luar basis data: dengannya ekor yang dipotong
    ketahuan."""
    from bot.app import now
    from bot.storage import evidence

    async def work() -> str | None:
        _require_everything()
        async with ledger() as store:
            signer = await _signer(store)
            made = await evidence.checkpoint(store.engine, signer, int(now().timestamp()))
            return made.text() if made else None

    made = run(work())
    if made is None:
        typer.echo(texts_in()("evidence.none"), err=True)
        raise typer.Exit(1)
    _write(made + "\n", output)


def key(output: Output = None) -> None:
    """Kunci publik untuk diumumkan. Dengan kunci itu siapa pun bisa memeriksa bukti."""

    async def work() -> str:
        async with ledger() as store:
            return (await _signer(store)).public.pem()

    _write(run(work()), output)


def rotate(
    lost: Annotated[
        bool, typer.Option("--lost", help="Kunci lama hilang: yang baru dipakai tanpa pengesahannya.")
    ] = False,
) -> None:
    """Ganti kunci penanda tangan. Yang lama mengesahkan yang baru, lalu dibuang."""
    from bot.app import now
    from bot.config import load_settings
    from bot.storage import evidence
    from bot.storage.key_files import prepare, put_in_place, set_aside

    path = load_settings().evidence.key

    async def work() -> str:
        _require_everything()
        texts = texts_in()
        async with ledger() as store:
            old = None if lost else await _signer(store)
            new, beside = prepare(path)
            aside = set_aside(path) if old is None else None  # before anybody looks for the new one there
            await evidence.succeed(store.engine, old, new, int(now().timestamp()))
            put_in_place(beside, path)
        if old is not None:
            return texts("evidence.rotated", old=old.key_id, new=new.key_id)
        kept = [texts("evidence.set_aside", path=aside)] if aside else []
        return "\n".join([texts("evidence.rotated_alone", new=new.key_id), *kept])

    typer.echo(run(work()), err=True)


def export(
    output: Annotated[Path, typer.Option("-o", "--output", help="Berkas SQLite yang dibuat.")],
    campaign: Annotated[int | None, typer.Option(help="Hanya isi kampanye ini. Tanpa ini: semua.")] = None,
) -> None:
    """Tulis berkas bukti yang bisa diperiksa di mana saja."""
    from bot.app import now
    from bot.storage.access import note
    from bot.storage.bundle import Exported
    from bot.storage.bundle import export as write
    from bot.storage.campaign_row import state_of

    at = int(now().timestamp())

    async def work() -> Exported:
        _require_everything()
        async with ledger() as store:
            signer = await _signer(store)
            async with store.engine.begin() as connection:
                if campaign is not None:
                    await state_of(connection, campaign)
                await note(connection, at, operator().name, "evidence.exported")
            with _writing(output):
                return await write(store.engine, signer, output, at, campaign)

    done = run(work())
    size = done.checkpoint.size
    texts = texts_in()
    typer.echo(texts("evidence.exported", path=output, events=size, opened=done.opened, size=size), err=True)


def receipt(
    number: Annotated[str, typer.Argument(help="NIP, NI PPPK, atau nomor pegawai.", metavar="NIP")],
    regency: Regency,
    event: Annotated[int | None, typer.Option(help="Nomor peristiwa. Tanpa ini: daftarnya.")] = None,
    qr: Annotated[Path | None, typer.Option(help="Juga sebagai kode QR: berkas .svg atau .png.")] = None,
    acting: As = None,
) -> None:
    """Tanda terima seorang pegawai: membuktikan bahwa peristiwanya tercatat dan tidak diubah."""
    from bot.app import now
    from bot.campaigns.receipts import picture
    from bot.people.rights import Action, require
    from bot.storage import evidence
    from bot.storage.access import note

    at = int(now().timestamp())

    async def work() -> None:
        async with session(regency, acting) as here:
            person = await here.person(number)
            target = await here.store.staff.target_of(person.id, here.today)
            require(here.actor, Action.EXPORT_PERSON, target)
            async with here.store.engine.begin() as connection:
                await note(
                    connection, at, here.actor.name, "evidence.receipt", regency=regency, person=person.id
                )
                noted = await evidence.events_of(connection, person.id)
            if event is None:
                for line in showing.listed(noted, here.texts, here.zone):
                    typer.echo(line)
                return
            await evidence.checkpoint(here.store.engine, await _signer(here.store), at)
            made = await evidence.receipt(here.store.engine, person.id, event)
            typer.echo(showing.receipt_text(made, here.texts, here.zone))
            if qr is not None:
                with _writing(qr):
                    qr.write_bytes(picture(made, "png" if qr.suffix == ".png" else "svg"))
                typer.echo(here.texts("evidence.written", path=qr), err=True)

    run(work())


def _require_everything() -> None:
    """The evidence spans all regencies: only who may export anybody's data has it."""
    from bot.people.rights import Action, Target, require

    require(operator(), Action.EXPORT_PERSON, Target())


async def _signer(store: Store) -> Signer:
    """Raises Problem where the file of the key is not the one that the ledger knows."""
    from bot.config import load_settings
    from bot.storage.signing_key import signer_of

    return await signer_of(store.engine, load_settings().evidence.key)


def _write(text: str, output: Path | None) -> None:
    if output is None:
        typer.echo(text, nl=False)
        return
    with _writing(output):
        output.write_text(text)
    typer.echo(texts_in()("evidence.written", path=output), err=True)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Raises Problem where the file cannot be written."""
    from bot.problems import Problem

    try:
        yield
    except OSError as error:
        raise Problem("report.not_written", path=path, reason=error) from error
