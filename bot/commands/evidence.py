"""`edaran evidence`: what happened, proved. Checking needs no ledger, no settings and no network."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands.shared import As, Json, Language, Regency, ledger, operator, run, session, texts_in

if TYPE_CHECKING:
    from bot.campaigns.evidence import Checkpoint
    from bot.campaigns.inspection import Finding, Report
    from bot.campaigns.receipts import Receipt
    from bot.campaigns.signing import PublicKey, Signer
    from bot.rendering.texts import Texts

evidence_app = typer.Typer(
    help="Bukti: memeriksa berkas bukti dan tanda terima, pos pemeriksaan, kunci.", no_args_is_help=True
)

File = Annotated[Path, typer.Argument(help="Berkas bukti (SQLite) atau tanda terima (teks).")]
Output = Annotated[Path | None, typer.Option("-o", "--output", help="Berkas tujuan.")]
Held = Annotated[
    list[Path] | None,
    typer.Option("--checkpoint", help="Pos pemeriksaan atau tanda terima yang Anda simpan; boleh berulang."),
]
Keys = Annotated[
    list[Path] | None, typer.Option("--key", help="Kunci publik (PEM) yang Anda percaya; boleh berulang.")
]
MOST_BYTES = 100_000
"""Of a file that holds a key, a checkpoint or a receipt."""


# --- checking --------------------------------------------------------------------------------


@evidence_app.command("verify")
def verify(
    file: File, checkpoint: Held = None, key: Keys = None, language: Language = "id", as_json: Json = False
) -> None:
    """Periksa berkas bukti tanpa jaringan dan tanpa basis data. Keluar 1 bila ada yang diubah, hilang,
    disisipkan, ditukar, dipalsukan, atau dipotong."""
    from bot.storage.bundle import is_sqlite

    texts = texts_in(language)
    given = [_public(path) for path in key or ()]
    held = [_held(path) for path in checkpoint or ()]
    if is_sqlite(file):
        findings, document, lines = _bundle(file, given, held, texts)
    else:
        findings, document, lines = _receipt(file, given, texts)
    told = [_sentence(finding, texts) for finding in findings]
    if as_json:
        named = [
            {"kind": finding.kind, "event": finding.seq, "text": line}
            for finding, line in zip(findings, told, strict=True)
        ]
        document |= {"ok": not findings, "findings": named}
        typer.echo(json.dumps(document, ensure_ascii=False, indent=1))
    else:
        for line in (*told, *lines):
            typer.echo(line)
    raise typer.Exit(1 if findings else 0)


_Checked = tuple[Sequence["Finding"], dict[str, Any], list[str]]


def _bundle(file: Path, given: Sequence[PublicKey], held: Sequence[Checkpoint], texts: Texts) -> _Checked:
    import sqlite3

    from bot.campaigns.inspection import Report, inspect
    from bot.storage.bundle import opened

    report = Report()
    try:
        with opened(file) as bundle:
            report = inspect(bundle, given, held)
            if not bundle.whole():
                report.add("damaged", reason="integrity_check")
    except sqlite3.DatabaseError as error:
        report.add("damaged", reason=str(error))
    document = {
        "events": report.events,
        "checkpoints": report.checkpoints,
        "forgotten": report.forgotten,
        "keys": list(report.keys),
        "pinned": report.pinned,
        "more": report.more,
    }
    return report.findings, document, list(_summary(report, texts))


def _summary(report: Report, texts: Texts) -> Iterator[str]:
    if report.more:
        yield texts("evidence.more", count=report.more)
    if report.findings:
        yield texts("evidence.not_whole", count=len(report.findings) + report.more, events=report.events)
        return
    keys = ", ".join(report.keys)
    yield texts("evidence.whole", events=report.events, checkpoints=report.checkpoints, keys=keys)
    if report.forgotten:
        yield texts("evidence.forgotten", count=report.forgotten)
    if not report.pinned:
        yield texts("evidence.unpinned")


def _receipt(file: Path, given: Sequence[PublicKey], texts: Texts) -> _Checked:
    from bot.campaigns.inspection import Finding
    from bot.campaigns.receipts import read_receipt
    from bot.problems import Problem

    try:
        receipt = read_receipt(_small(file))
    except ValueError as error:
        raise Problem("evidence.no_bundle", path=file) from error
    known = not given or receipt.key in given
    findings = [] if receipt.holds() else [Finding("receipt_false", receipt.entry.seq)]
    if not known:
        findings.append(Finding("key_unknown", None, {"signer": receipt.key.key_id}))
    subject = json.loads(receipt.subject) if not findings else None
    document = {"event": receipt.entry.seq, "keys": [receipt.key.key_id], "subject": subject}
    lines = [] if findings else list(_receipt_lines(receipt, pinned=bool(given), texts=texts))
    return findings, document | {"pinned": bool(given)}, lines


def _receipt_lines(receipt: Receipt, *, pinned: bool, texts: Texts) -> Iterator[str]:
    entry, signed = receipt.entry, receipt.checkpoint
    yield texts(
        "evidence.receipt_whole",
        seq=entry.seq,
        what=_kind(entry.kind, texts),
        at=_moment(entry.at, texts),
        size=signed.size,
        signed=_moment(signed.at, texts),
        signer=signed.key_id,
    )
    yield texts("evidence.receipt_subject", subject=receipt.subject)
    if not pinned:
        yield texts("evidence.unpinned")


def _sentence(finding: Finding, texts: Texts) -> str:
    values: dict[str, object] = {**finding.values, "seq": finding.seq}
    if "at" in finding.values:
        values["at"] = _moment(int(finding.values["at"]), texts)
        values["what"] = _kind(str(finding.values["what"]), texts)
    # What the file says may hold anything; it does not move the cursor of a terminal.
    plain = {name: _plain(value) if isinstance(value, str) else value for name, value in values.items()}
    return texts(f"evidence.found_{finding.kind}", **plain)


def _plain(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _kind(kind: str, texts: Texts) -> str:
    key = f"evidence.kind_{kind}"
    return texts(key) if key in texts else kind


def _moment(at: int, texts: Texts) -> str:
    """In UTC: a bundle can hold events of regencies in different zones."""
    from datetime import UTC, datetime

    from bot.rendering.dates import clock, day

    try:
        moment = datetime.fromtimestamp(at, UTC)
    except (OverflowError, OSError, ValueError):
        return str(at)
    return f"{day(moment, texts)} {clock(moment, texts)} UTC"


def _public(path: Path) -> PublicKey:
    from bot.campaigns.signing import read_public
    from bot.problems import Problem

    try:
        return read_public(_small(path).encode())
    except ValueError as error:
        raise Problem("evidence.no_key_file", path=path) from error


def _held(path: Path) -> Checkpoint:
    from bot.campaigns.evidence import read_checkpoint
    from bot.campaigns.receipts import read_receipt
    from bot.problems import Problem

    text = _small(path)
    try:
        return read_checkpoint(text) if text.lstrip().startswith("{") else read_receipt(text).checkpoint
    except ValueError as error:
        raise Problem("evidence.no_checkpoint_file", path=path) from error


def _small(path: Path) -> str:
    from bot.problems import Problem

    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES).decode(errors="replace")
    except OSError as error:
        raise Problem("cli.no_file", path=path, reason=error.strerror or str(error)) from error


# --- checkpoints and keys --------------------------------------------------------------------


@evidence_app.command("checkpoint")
def checkpoint(output: Output = None) -> None:
    """Tanda tangani catatan sampai saat ini. Simpan hasilnya di luar basis data: dengannya ekor yang dipotong
    ketahuan."""
    from bot.app import now
    from bot.storage import evidence

    async def work() -> str | None:
        _require_everything()
        async with ledger() as store:
            made = await evidence.checkpoint(store.engine, _signer(), int(now().timestamp()))
            return made.text() if made else None

    made = run(work())
    if made is None:
        typer.echo(texts_in()("evidence.none"), err=True)
        raise typer.Exit(1)
    _write(made + "\n", output)


@evidence_app.command("key")
def key(output: Output = None) -> None:
    """Kunci publik untuk diumumkan. Dengan kunci itu siapa pun bisa memeriksa bukti."""
    _write(_signer().public.pem(), output)


@evidence_app.command("rotate")
def rotate() -> None:
    """Ganti kunci penanda tangan. Yang lama mengesahkan yang baru, lalu dibuang."""
    from bot.app import now
    from bot.config import load_settings
    from bot.storage import evidence
    from bot.storage.key_files import prepare

    path = load_settings().evidence.key

    async def work() -> tuple[str, str]:
        _require_everything()
        old = _signer()
        new, beside = prepare(path)
        async with ledger() as store:
            await evidence.succeed(store.engine, old, new, int(now().timestamp()))
        beside.replace(path)
        return old.key_id, new.key_id

    old, new = run(work())
    typer.echo(texts_in()("evidence.rotated", old=old, new=new), err=True)


# --- bundles and receipts --------------------------------------------------------------------


@evidence_app.command("export")
def export(
    output: Annotated[Path, typer.Option("-o", "--output", help="Berkas SQLite yang dibuat.")],
    campaign: Annotated[int | None, typer.Option(help="Hanya isi kampanye ini. Tanpa ini: semua.")] = None,
) -> None:
    """Tulis berkas bukti yang bisa diperiksa di mana saja."""
    from bot.app import now
    from bot.storage.access import note
    from bot.storage.bundle import Exported
    from bot.storage.bundle import export as write

    at = int(now().timestamp())

    async def work() -> Exported:
        _require_everything()
        async with ledger() as store:
            async with store.engine.begin() as connection:
                await note(connection, at, operator().name, "evidence.exported")
            return await write(store.engine, _signer(), output, at, campaign)

    done = run(work())
    size = done.checkpoint.size
    texts = texts_in()
    typer.echo(texts("evidence.exported", path=output, events=size, opened=done.opened, size=size), err=True)


@evidence_app.command("receipt")
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
                for line in _listed(noted, here.texts):
                    typer.echo(line)
                return
            await evidence.checkpoint(here.store.engine, _signer(), at)
            made = await evidence.receipt(here.store.engine, person.id, event)
            typer.echo(receipt_text(made, here.texts))
            if qr is not None:
                qr.write_bytes(picture(made, "png" if qr.suffix == ".png" else "svg"))
                typer.echo(here.texts("evidence.written", path=qr), err=True)

    run(work())


def receipt_text(receipt: Receipt, texts: Texts) -> str:
    """What the employee keeps: three lines to read, and the receipt itself as one word."""
    signed = receipt.checkpoint
    told = texts(
        "evidence.receipt",
        code=receipt.code(),
        seq=receipt.entry.seq,
        what=_kind(receipt.entry.kind, texts),
        at=_moment(receipt.entry.at, texts),
        size=signed.size,
        signed=_moment(signed.at, texts),
        signer=signed.key_id,
    )
    return f"{told}\n{receipt.token()}"


def _listed(noted: Iterable[Any], texts: Texts) -> Iterator[str]:
    for one in noted:
        yield texts("evidence.listed", seq=one.seq, at=_moment(one.at, texts), what=_kind(one.kind, texts))


def _require_everything() -> None:
    """The evidence spans all regencies: only who may export anybody's data has it."""
    from bot.people.rights import Action, Target, require

    require(operator(), Action.EXPORT_PERSON, Target())


def _signer() -> Signer:
    from bot.config import load_settings
    from bot.storage.key_files import signer_at

    return signer_at(load_settings().evidence.key)


def _write(text: str, output: Path | None) -> None:
    if output is None:
        typer.echo(text, nl=False)
        return
    output.write_text(text)
    typer.echo(texts_in()("evidence.written", path=output), err=True)
