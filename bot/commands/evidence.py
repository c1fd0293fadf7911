"""`edaran evidence`: what happened, proved; its commands, in the order in which one needs them."""

from __future__ import annotations

from collections.abc import Callable

import typer

from bot.commands import evidence_checking as checking
from bot.commands import evidence_signing as signing

evidence_app = typer.Typer(
    help="Bukti: memeriksa berkas bukti dan tanda terima, pos pemeriksaan, kunci.", no_args_is_help=True
)
_COMMANDS: dict[str, Callable[..., None]] = {
    "verify": checking.verify,
    "checkpoint": signing.checkpoint,
    "key": signing.key,
    "rotate": signing.rotate,
    "export": signing.export,
    "receipt": signing.receipt,
}
for name, command in _COMMANDS.items():
    evidence_app.command(name)(command)
