"""`edaran evidence verify`: checking needs no ledger, no settings and no network."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands import evidence_showing as showing
from bot.commands.shared import Json, Language, texts_in
from bot.problems import Problem

if TYPE_CHECKING:
    from bot.campaigns.evidence import Checkpoint
    from bot.campaigns.findings import Finding
    from bot.campaigns.signing import PublicKey
    from bot.rendering.texts import Texts

File = Annotated[Path, typer.Argument(help="Berkas bukti (SQLite) atau tanda terima (teks).")]
Held = Annotated[
    list[Path] | None,
    typer.Option("--checkpoint", help="Pos pemeriksaan atau tanda terima yang Anda simpan; boleh berulang."),
]
Keys = Annotated[
    list[Path] | None, typer.Option("--key", help="Kunci publik (PEM) yang Anda percaya; boleh berulang.")
]
MOST_BYTES = 100_000
"""Of a file that holds a key, a checkpoint or a receipt."""


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
    told = [showing.sentence(finding, texts) for finding in findings]
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

    from bot.campaigns.findings import Report
    from bot.campaigns.inspection import inspect
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
        "unendorsed": list(report.unendorsed),
        "more": report.more,
    }
    return report.findings, document, list(showing.summary(report, texts))


def _receipt(file: Path, given: Sequence[PublicKey], texts: Texts) -> _Checked:
    from bot.campaigns.findings import Finding
    from bot.campaigns.receipts import read_receipt

    try:
        receipt = read_receipt(_small(file))
    except ValueError as error:
        raise Problem("evidence.no_bundle", path=file) from error
    findings = [] if receipt.holds() else [Finding("receipt_false", receipt.entry.seq)]
    if given and receipt.key not in given:
        findings.append(Finding("key_unknown", None, {"signer": receipt.key.key_id}))
    subject = json.loads(receipt.subject) if not findings else None
    document = {"event": receipt.entry.seq, "keys": [receipt.key.key_id], "subject": subject}
    lines = [] if findings else list(showing.receipt_summary(receipt, pinned=bool(given), texts=texts))
    return findings, document | {"pinned": bool(given)}, lines


def _public(path: Path) -> PublicKey:
    from bot.campaigns.signing import read_public

    try:
        return read_public(_small(path).encode())
    except ValueError as error:
        raise Problem("evidence.no_key_file", path=path) from error


def _held(path: Path) -> Checkpoint:
    from bot.campaigns.evidence import read_checkpoint
    from bot.campaigns.receipts import read_receipt

    text = _small(path)
    try:
        return read_checkpoint(text) if text.lstrip().startswith("{") else read_receipt(text).checkpoint
    except ValueError as error:
        raise Problem("evidence.no_checkpoint_file", path=path) from error


def _small(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES).decode(errors="replace")
    except OSError as error:
        raise Problem("cli.no_file", path=path, reason=error) from error
