"""`edaran circular`: the registered circulars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.campaign_making import circular_add
from bot.commands.shared import Json, Policies, ledger, run, texts_in
from bot.problems import Problem

if TYPE_CHECKING:
    from bot.campaigns.campaign import Version
    from bot.campaigns.content import Content

circular_app = typer.Typer(help="Daftar dan rincian edaran.", no_args_is_help=True)
circular_app.command("add")(circular_add)


@circular_app.command("list")
def circular_list(policies: Policies = None, as_json: Json = False) -> None:
    """Daftar edaran yang terdaftar."""
    from bot import circulars
    from bot.app import build_assistant

    corpus = build_assistant(policies).engine.corpus
    try:
        found = run(_added())
    except Problem as problem:  # the circulars of policies/ do not need the ledger
        found = []
        typer.echo(texts_in()("circular.no_ledger", reason=problem.line(texts_in())), err=True)
    typer.echo(circulars.listed(corpus, texts_in(), found, as_json=as_json))


@circular_app.command("show")
def circular_show(
    circular: Annotated[str, typer.Argument(help="Misalnya lumajang/se-3-2026.")],
    policies: Policies = None,
    as_json: Json = False,
) -> None:
    """Rincian satu edaran: aturannya, sumbernya, catatannya."""
    from bot import circulars
    from bot.app import build_assistant
    from bot.campaigns.drafting import AD_HOC

    corpus = build_assistant(policies).engine.corpus
    if not circular.startswith(AD_HOC):
        typer.echo(circulars.shown(corpus, circular, texts_in(), as_json=as_json))
        return
    found = run(_added())
    its = [version for version in found if version.circular == circular]
    if not its:
        known = ", ".join(dict.fromkeys((*corpus.circulars, *(version.circular for version in found))))
        raise Problem("cli.unknown_name", kind="edaran", value=circular, known=known)
    for version in its:  # several regencies can have one of the same number
        content = run(_content(version))
        typer.echo(circulars.shown_added(version, content, texts_in(), as_json=as_json))


async def _added() -> list[Version]:
    """None where there is no ledger yet: looking does not make one."""
    from bot.config import load_settings
    from bot.storage.campaign_circulars import ad_hoc
    from bot.storage.engine import is_there

    if not is_there(load_settings().database.url):
        return []
    async with ledger() as store:
        return list(await ad_hoc(store.engine))


async def _content(version: Version) -> Content:
    from bot.storage import campaign_versions

    async with ledger() as store, store.engine.connect() as connection:
        return await campaign_versions.content(connection, version.id)
