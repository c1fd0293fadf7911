"""`edaran counters`: what is asked about, and how often; never by whom."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands.shared import As, Json, Regency, Session, run, session

if TYPE_CHECKING:
    from bot.people.counting import Figure


Days = Annotated[int, typer.Option("--days", help="Sekian hari terakhir, dengan hari ini.", min=1, max=3660)]


def counters(
    regency: Regency,
    days: Days = 30,
    acting: As = None,
    as_json: Json = False,
) -> None:
    """Berapa orang bertanya tentang apa, per unit besar. Angka di bawah lima orang tidak ada."""

    async def work() -> None:
        from bot.people.rights import Action, require

        async with session(regency, acting) as here:
            root = await here.unit_or_root(None)
            require(here.actor, Action.SEE_COUNTERS, await here.store.staff.unit_target(root))
            figures = await here.store.counters.read(regency, *_last(here.today, days))
            names = {figure.unit: await _unit(here, figure.unit) for figure in figures}
        if as_json:
            typer.echo(json.dumps([_document(f, names) for f in figures], ensure_ascii=False, indent=1))
            return
        for figure in figures:
            typer.echo(here.texts("counters.line", **_document(figure, names)))
        if not figures:
            typer.echo(here.texts("counters.none"))

    run(work())


def _last(today: date, days: int) -> tuple[date, date]:
    """The last `days` days, half open."""
    tomorrow = today + timedelta(days=1)
    return tomorrow - timedelta(days=days), tomorrow


async def _unit(here: Session, unit: int) -> str:
    found = await here.store.staff.unit(unit) if unit else None
    return found.name if found else here.texts("counters.rest")


def _document(figure: Figure, names: dict[int, str]) -> dict[str, Any]:
    return {
        "unit": names[figure.unit],
        "activity": figure.activity,
        "verdict": figure.verdict,
        "circular": figure.circular,
        "people": figure.people,
    }
