"""`edaran dev`: what helps to try Edaran without any account outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.shared import Language, texts_in

if TYPE_CHECKING:
    from bot.rendering.texts import Texts
    from bot.simulating.client import Simulator
    from bot.simulating.rules import Account, Rules

dev_app = typer.Typer(help="Alat untuk mencoba Edaran tanpa akun di luar.", no_args_is_help=True)


@dev_app.callback()
def dev() -> None:
    """Alat untuk mencoba Edaran tanpa akun di luar."""


@dev_app.command("whatsapp")
def whatsapp(
    port: Annotated[int, typer.Option(help="Porta simulator.", min=0, max=65535)] = 8090,
    webhook: Annotated[
        str, typer.Option(help="Alamat webhook Edaran.")
    ] = "http://127.0.0.1:8080/whatsapp/webhook",
    secret: Annotated[str | None, typer.Option(help="Rahasia aplikasi, penanda tangan webhook.")] = None,
    token: Annotated[str | None, typer.Option(help="Token yang diterima simulator.")] = None,
    limits: Annotated[
        bool, typer.Option(help="Batas laju seperti di WhatsApp; jendela 24 jam selalu berlaku.")
    ] = True,
    language: Language = "id",
) -> None:
    """Simulator WhatsApp: ketik pesan sebagai pegawai dan lihat jawaban Edaran; /bantuan untuk perintah."""
    import asyncio
    from contextlib import suppress

    from bot.simulating.rules import Account, Rules

    given = {"app_secret": secret, "token": token}
    account = Account(**{key: value for key, value in given.items() if value is not None})
    rules = Rules() if limits else Rules(pair_seconds=None, throughput=None, new_people=None)
    with suppress(KeyboardInterrupt):
        asyncio.run(_run(port, webhook, account, rules, texts_in(language)))


async def _run(port: int, webhook: str, account: Account, rules: Rules, texts: Texts) -> None:
    import httpx

    from bot.problems import Problem
    from bot.simulating.client import Simulator
    from bot.simulating.server import listener, serving, simulation_on
    from bot.simulating.terminal import chat

    try:
        bound = listener(port)
    except OSError as error:
        raise Problem("simulator.port", port=port, reason=error) from error
    bound.listen()
    async with (
        simulation_on(bound, webhook, account, rules) as simulation,
        serving(simulation, bound),
        httpx.AsyncClient(base_url=simulation.base, trust_env=False) as http,
    ):
        sim = Simulator(http, simulation.base, account)
        typer.echo(_introduction(sim, webhook, texts))
        await chat(sim, texts, typer.echo)


def _introduction(sim: Simulator, webhook: str, texts: Texts) -> str:
    """How Edaran is pointed here, and what can be typed."""
    settings = "\n".join(f"{name}={value}" for name, value in sim.environment().items())
    return texts("simulator.hint", settings=settings, webhook=webhook)
