"""Commands that are named before they are imported, so that asking does not wait for all the others."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup

if TYPE_CHECKING:
    import click


class LazyGroup(TyperGroup):
    """A group that has, besides its own commands, those of `elsewhere`: each is imported when it is called,
    or when the help lists what it does."""

    elsewhere: ClassVar[Mapping[str, str]] = {}
    """Name → "module:attribute" of a Typer or of a function."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands.update({name: TyperCommand(name) for name in self.elsewhere})

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        place = self.elsewhere.get(name)
        return super().get_command(ctx, name) if place is None else _imported(name, place)


def _imported(name: str, place: str) -> click.Command:
    module, _, attribute = place.partition(":")
    found = getattr(import_module(module), attribute)
    holder = typer.Typer(suggest_commands=False)
    if isinstance(found, typer.Typer):
        holder.add_typer(found, name=name)
    else:
        holder.command(name)(found)
    return typer.main.get_group(holder).commands[name]
