"""`edaran whatsapp`: the texts that WhatsApp has to approve."""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import typer

from bot.commands.shared import Json, Language, Policies, run, texts_in

if TYPE_CHECKING:
    from pathlib import Path

    from bot.channels.whatsapp_templates import Seen, Templates

whatsapp_app = typer.Typer(help="WhatsApp: pesan pembuka dan persetujuannya.", no_args_is_help=True)
templates_app = typer.Typer(help="Pesan pembuka dari policies/pesan_pembuka.yaml.", no_args_is_help=True)
whatsapp_app.add_typer(templates_app, name="templates")


@templates_app.command("list")
def list_templates(policies: Policies = None, language: Language = "id", as_json: Json = False) -> None:
    """Bagaimana setiap pesan pembuka di WhatsApp. Keluar 1 bila ada yang belum bisa dipakai."""
    _run(policies, language, lambda templates: templates.seen(), as_json=as_json)


@templates_app.command("push")
def push_templates(policies: Policies = None, language: Language = "id", as_json: Json = False) -> None:
    """Ajukan pesan pembuka yang belum ada di WhatsApp. Keluar 1 bila ada yang belum bisa dipakai."""
    _run(policies, language, lambda templates: templates.push(), as_json=as_json)


def _run(
    policies: Path | None,
    language: str,
    work: Callable[[Templates], Awaitable[list[Seen]]],
    *,
    as_json: bool,
) -> None:
    from bot.channels.whatsapp_templates import NOTHING, Stand

    found: list[Seen] = []

    async def all_of_it() -> None:
        found.extend(await _with_templates(policies, work))

    run(all_of_it())
    texts = texts_in(language)
    if as_json:
        documents = [
            {
                "name": one.template.name,
                "language": one.template.language,
                "kind": one.template.kind,
                "state": one.stand.value,
                "reason": one.reason or None,
            }
            for one in found
        ]
        typer.echo(json.dumps(documents, ensure_ascii=False, indent=1))
    for one in () if as_json else found:
        values = {"name": one.template.name, "language": one.template.language}
        typer.echo(texts(f"whatsapp.template_{one.stand.value}", reason=one.reason or NOTHING, **values))
    sys.exit(any(one.stand is not Stand.APPROVED for one in found))


async def _with_templates(
    policies: Path | None, work: Callable[[Templates], Awaitable[list[Seen]]]
) -> list[Seen]:
    from bot.app import corpus_of, seconds
    from bot.channels.whatsapp_build import secret
    from bot.channels.whatsapp_client import build_client
    from bot.channels.whatsapp_templates import build_templates
    from bot.config import load_settings
    from bot.policy.files import DIRECTORY
    from bot.problems import Problem

    settings = load_settings().whatsapp
    if settings.token is None:
        raise Problem("setting.missing", setting="EDARAN_WHATSAPP__TOKEN", example="EAAG…")
    wanted = corpus_of(policies or DIRECTORY).templates
    client = build_client(secret(settings.token), settings.phone_id or "", settings.api_base)
    try:
        return await work(build_templates(client.api, settings, lambda: wanted, seconds))
    finally:
        await client.api._session.aclose()
