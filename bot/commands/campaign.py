"""`edaran campaign`: its commands, in the order in which one needs them."""

from __future__ import annotations

from collections.abc import Callable

import typer

from bot.commands import campaign_looking as looking
from bot.commands import campaign_making as making
from bot.commands import campaign_sending as sending
from bot.commands.campaign_tasks import task_app
from bot.commands.proxies import proxy_app

campaign_app = typer.Typer(
    help="Kampanye: kirim edaran, lihat siapa yang sudah membaca.", no_args_is_help=True
)
_COMMANDS: dict[str, Callable[..., None]] = {
    "create": making.create,
    "test": sending.try_out,
    "approve": sending.approve,
    "run": sending.run_campaign,
    "pause": sending.pause,
    "resume": sending.resume,
    "cancel": sending.cancel,
    "requeue": sending.requeue,
    "remind": sending.remind,
    "list": looking.list_campaigns,
    "status": looking.status,
    "pending": looking.pending,
    "compare": looking.compare,
    "export": looking.export,
}
for name, command in _COMMANDS.items():
    campaign_app.command(name)(command)
campaign_app.add_typer(proxy_app, name="proxy")
campaign_app.add_typer(task_app, name="task")
