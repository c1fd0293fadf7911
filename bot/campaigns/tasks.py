"""What people ask HR to look at: "bukan untuk saya", "saya tidak paham", an acknowledgment by proxy that is
wrong. A task says who and which circular, and nothing that anybody wrote."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol

from bot.people.rights import Action, Actor, Target, require
from bot.problems import Problem

PAGE = 50


class Kind(StrEnum):
    NOT_FOR_ME = "not_for_me"
    NOT_UNDERSTOOD = "not_understood"
    PROXY_WRONG = "proxy_wrong"


@dataclass(frozen=True, slots=True)
class Task:
    """`at`: seconds since 1970. `number` (masked): the person's; `unit`: of her delivery."""

    id: int
    regency: str
    campaign: int
    person: int
    name: str
    kind: Kind
    at: int
    number: str = ""
    unit: str = ""


class Tasks(Protocol):
    """The ledger. A changing method returns when the change is durable."""

    async def add(self, person: int, campaign: int, kind: Kind, at: int) -> bool:
        """One task of a kind waits at a time. False: the campaign is not for her."""

    async def waiting(self, regency: str, after: int, most: int) -> Sequence[Task]:
        """The oldest first, from the id after `after`."""

    async def find(self, task: int) -> Task | None: ...

    async def close(self, task: int, by: str, at: int, *, release: bool = False) -> bool: ...

    async def seen(self, regency: str, by: str, at: int, count: int) -> None:
        """Notes that somebody has looked at a list of people."""


class Staff(Protocol):
    async def target_of(self, person: int, day: date) -> Target: ...


class TaskOffice:
    """What HR does with tasks. `today`: the date in a regency; `clock`: seconds since 1970."""

    def __init__(
        self, tasks: Tasks, staff: Staff, today: Callable[[str], date], clock: Callable[[], float]
    ) -> None:
        self._tasks = tasks
        self._staff = staff
        self._today = today
        self._clock = clock

    async def waiting(self, actor: Actor, regency: str, root: Target, after: int = 0) -> Sequence[Task]:
        """A page of what waits. `root`: the regency's. Raises RefusedError."""
        require(actor, Action.HANDLE_TASKS, root)
        found = await self._tasks.waiting(regency, after, PAGE)
        await self._tasks.seen(regency, actor.name, int(self._clock()), len(found))
        return found

    async def close(self, actor: Actor, task: int, *, release: bool = False) -> bool:
        """`release`: HR agrees that the circular is not for her, and it is asked of her no more. False:
        somebody was quicker. Raises RefusedError; Problem for a task that there is not, or that asks for
        something else."""
        found = await self._tasks.find(task)
        if found is None:
            if not actor.is_operator:  # who may not know learns nothing
                require(actor, Action.HANDLE_TASKS, Target())
            raise Problem("task.unknown", task=task)
        target = await self._staff.target_of(found.person, self._today(found.regency))
        require(actor, Action.HANDLE_TASKS, target)
        if release and found.kind is not Kind.NOT_FOR_ME:
            raise Problem("task.nothing_to_release", task=task)
        return await self._tasks.close(task, actor.name, int(self._clock()), release=release)
