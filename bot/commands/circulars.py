"""`edaran circular`: the registered circulars."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.commands.campaign_making import circular_add
from bot.commands.shared import Json, Policies, texts_in

circular_app = typer.Typer(help="Daftar dan rincian edaran.", no_args_is_help=True)
circular_app.command("add")(circular_add)


@circular_app.command("list")
def circular_list(policies: Policies = None, as_json: Json = False) -> None:
    """Daftar edaran yang terdaftar."""
    from bot import circulars
    from bot.app import build_assistant

    typer.echo(circulars.listed(build_assistant(policies).engine.corpus, texts_in(), as_json=as_json))


@circular_app.command("show")
def circular_show(
    circular: Annotated[str, typer.Argument(help="Misalnya lumajang/se-3-2026.")],
    policies: Policies = None,
    as_json: Json = False,
) -> None:
    """Rincian satu edaran: aturannya, sumbernya, catatannya."""
    from bot import circulars
    from bot.app import build_assistant

    corpus = build_assistant(policies).engine.corpus
    typer.echo(circulars.shown(corpus, circular, texts_in(), as_json=as_json))
