"""What is wrong with a command line, in our own words: the library that reads it says so in English."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    import click

    from bot.rendering.texts import Texts

_VALUE = re.compile(r"'?(.*?)'? is not ")
_EXTRA = re.compile(r"\((.*)\)\s*$", re.DOTALL)
STOPPED = 130
"""The status of a command that somebody stopped, as shells have it."""


def carried_out(app: typer.Typer, texts: Callable[[], Texts]) -> int:
    """Runs the command of this process; its status. What is wrong with the command line is said on standard
    error, with status 2."""
    import click

    try:
        status = app(standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except click.UsageError as error:
        for line in usage_lines(error, texts()):
            typer.echo(line, err=True)
        return error.exit_code
    except click.Abort:
        typer.echo(texts()("cli.stopped"), err=True)
        return STOPPED
    return status if isinstance(status, int) else 0


def usage_lines(error: click.UsageError, texts: Texts) -> list[str]:
    """What is wrong, and where one reads how it is right."""
    lines = [_wrong(error, texts)]
    if error.ctx is not None:
        lines.append(texts("cli.help", command=error.ctx.command_path))
    return lines


def _wrong(error: click.UsageError, texts: Texts) -> str:
    import click

    match error:
        case click.MissingParameter():
            return texts("cli.missing", name=_name(error))
        case click.BadParameter():
            return _bad(error, texts)
        case click.NoSuchOption():
            return _unknown("cli.no_option", error.option_name, error.possibilities, texts)
        case click.exceptions.NoSuchCommand():
            return _unknown("cli.no_command", error.command_name, error.possibilities, texts)
        case click.BadOptionUsage():
            key = "cli.option_bare" if "requires" in error.message else "cli.option_valued"
            return texts(key, name=error.option_name)
    extra = _EXTRA.search(error.message)
    return texts("cli.extra", value=extra[1]) if extra else error.format_message()


def _unknown(key: str, name: str, near: Sequence[str] | None, texts: Texts) -> str:
    from difflib import get_close_matches

    known = get_close_matches(name, near or ())
    said = texts(key, name=name)
    return f"{said} {texts('cli.near', known=', '.join(known))}" if known else said


def _bad(error: click.BadParameter, texts: Texts) -> str:
    import click

    name, kind = _name(error), error.param.type if error.param else None
    found = _VALUE.match(error.message)
    value = found[1] if found else ""
    if isinstance(kind, click.types.IntRange):
        least, most = ("…" if end is None else str(end) for end in (kind.min, kind.max))
        return texts("cli.bad_range", name=name, value=value, least=least, most=most)
    if isinstance(kind, click.types.IntParamType):
        return texts("cli.bad_integer", name=name, value=value)
    return texts("cli.bad_value", name=name, reason=error.message)


def _name(error: click.BadParameter) -> str:
    """An option as one types it, an argument as the help calls it."""
    parameter: Any = error.param
    if parameter is None:
        return str(error.param_hint or "")
    if parameter.param_type_name == "option":
        return str(max(parameter.opts, key=len))
    return str(parameter.metavar or parameter.name).upper()


# --- days and moments ------------------------------------------------------------------------


def day_given(text: str) -> datetime:
    """The beginning of the day that an option names, without a zone. Raises Problem."""
    from datetime import date, time

    from bot.problems import Problem

    try:
        return datetime.combine(date.fromisoformat(text.strip()), time())
    except ValueError as error:
        raise Problem("cli.bad_day", value=text) from error


def moment_given(text: str) -> datetime:
    """The moment that an option names, of a day alone its beginning; without a zone where none is typed.
    Raises Problem."""
    from bot.problems import Problem

    try:
        return datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise Problem("cli.bad_moment", value=text) from error
