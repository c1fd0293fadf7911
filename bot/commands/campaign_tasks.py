"""`edaran campaign task`: what people ask HR to look at, and closing it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands.campaign_here import Here, Regency, opened, places, print_document
from bot.commands.shared import As, Json, run

if TYPE_CHECKING:
    from datetime import datetime

    from bot.campaigns.tasks import Task, TaskOffice
    from bot.people.rights import Actor

task_app = typer.Typer(
    help="Tugas bagian kepegawaian: apa yang ditanyakan atau disanggah pegawai.", no_args_is_help=True
)


@task_app.command("list")
def listed(
    campaign: Annotated[int | None, typer.Option("--campaign", help="Hanya dari kampanye ini.")] = None,
    regency: Regency = None,
    acting: As = None,
    as_json: Json = False,
) -> None:
    """Tugas yang menunggu, yang paling lama dulu."""

    async def work() -> None:
        async with opened(acting) as here:
            found: list[Task] = []
            for place in await _places(here, campaign, regency):
                found += await _waiting(here, await here.actor(place), place)
            found = [task for task in found if campaign in (None, task.campaign)]
            if as_json:
                print_document([_document(task, here) for task in found])
                return
            if not found:
                here.say("hr.no_tasks")
            for task in found:
                typer.echo(_line(task, here))

    run(work())


@task_app.command("done")
def done(
    task: Annotated[int, typer.Argument(help="Nomor tugas.", metavar="TUGAS")],
    release: Annotated[
        bool, typer.Option("--release", help="Edaran itu memang bukan untuknya: jangan diminta lagi darinya.")
    ] = False,
    acting: As = None,
) -> None:
    """Tugas ini selesai: tidak menunggu lagi."""
    from bot.campaigns.hr_tasks import said
    from bot.people.rights import Action, RefusedError
    from bot.problems import Problem
    from bot.storage.tasks import SqlTasks

    async def work() -> None:
        async with opened(acting) as here:
            found = await SqlTasks(here.store.engine).find(task)
            if found is None:  # who may not know learns nothing
                raise RefusedError(Action.HANDLE_TASKS) if acting else Problem("task.unknown", task=task)
            actor = await here.actor(found.regency)
            closed = await _office(here).close(actor, task, release=release)
            here.say(said(closed, release=release), task=task)

    run(work())


async def _places(here: Here, campaign: int | None, regency: str | None) -> list[str]:
    """The regencies whose tasks are meant: the campaign's own, the one that is named, or all."""
    if campaign is None:
        return await places(here, regency)
    actor = await here.actor_on(campaign)
    return [(await here.reporting.view(actor, campaign)).regency]


async def _waiting(here: Here, actor: Actor, regency: str) -> list[Task]:
    from bot.people.rights import Target

    root = await here.store.staff.root(regency)
    whole = Target(frozenset({root.id}) if root else frozenset())
    office = _office(here)
    found: list[Task] = []
    while page := await office.waiting(actor, regency, whole, found[-1].id if found else 0):
        found += page
    return found


def _office(here: Here) -> TaskOffice:
    from bot.campaigns.tasks import TaskOffice
    from bot.storage.tasks import SqlTasks

    return TaskOffice(SqlTasks(here.store.engine), here.store.staff, here.today, here.now.timestamp)


def _line(task: Task, here: Here) -> str:
    from bot.rendering import dates

    return here.texts(
        "hr.task",
        task=task.id,
        name=" · ".join(filter(None, (task.name, task.number, task.unit))),
        what=here.texts(f"hr.task_{task.kind.value}"),
        campaign=task.campaign,
        day=dates.day(_local(task, here), here.texts),
    )


def _document(task: Task, here: Here) -> dict[str, Any]:
    return {
        "task": task.id,
        "regency": task.regency,
        "campaign": task.campaign,
        "person": task.person,
        "name": task.name,
        "number": task.number,
        "unit": task.unit,
        "kind": task.kind.value,
        "at": _local(task, here).isoformat(),
    }


def _local(task: Task, here: Here) -> datetime:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(task.at, UTC).astimezone(here.zone(task.regency))
