"""`edaran policy`: checking and explaining circulars that have become data."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from bot.commands.shared import Json, Language, Policies, texts_in

policy_app = typer.Typer(
    help="Memeriksa dan menjelaskan edaran yang sudah menjadi data.", no_args_is_help=True
)


@policy_app.command("check")
def policy_check(
    directory: Annotated[Path | None, typer.Argument(help="Folder policies/.")] = None,
    language: Language = "id",
    as_json: Json = False,
) -> None:
    """Periksa semua edaran: bentuk, rujukan, pertentangan, kasus. Keluar 1 bila ada yang perlu diperbaiki."""
    from bot import checking

    today = datetime.now().astimezone().date()
    raise typer.Exit(checking.run(directory, texts_in(language), today, as_json=as_json))


@policy_app.command("explain")
def policy_explain(
    circular: Annotated[str, typer.Argument(help="Misalnya lumajang/se-3-2026.")],
    policies: Policies = None,
    language: Language = "id",
) -> None:
    """Jelaskan satu edaran dalam kalimat: setiap aturan, syaratnya, dan pengecualiannya."""
    from bot import circulars
    from bot.app import build_assistant

    corpus = build_assistant(policies).engine.corpus
    typer.echo(circulars.explained(corpus, circular, texts_in(language)))
