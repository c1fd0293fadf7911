"""What waits for HR within /hr, and closing it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, tzinfo

from bot.campaigns.screens import LINE, label, one_of, rows, shortened
from bot.campaigns.tasks import Task, TaskOffice
from bot.model import Button, Reply
from bot.people.rights import Actor, Target
from bot.rendering import dates
from bot.rendering.texts import Texts

TASKS = 4
"""So many on one screen."""


class HrTasks:
    """For one actor of `regency`; `root`: its target. `zone`: of a regency. `office` None: there is nobody to
    close them, and every button is one of another version (ValueError)."""

    def __init__(
        self,
        office: TaskOffice | None,
        actor: Actor,
        regency: str,
        root: Target,
        zone: Callable[[str], tzinfo],
        texts: Texts,
    ) -> None:
        self._office = office
        self._actor = actor
        self._regency = regency
        self._root = root
        self._zone = zone
        self._texts = texts

    async def waiting(self, after: int) -> Reply:
        texts = self._texts
        if self._office is None:
            raise ValueError("no tasks here")
        page = await self._office.waiting(self._actor, self._regency, self._root, after)
        shown = page[:TASKS]
        lines = [texts("hr.tasks_title") if shown else texts("hr.no_tasks")]
        lines += [self._line(task) for task in shown]
        done = [Button(label(texts("hr.close", task=task.id)), f"h:d:{task.id}") for task in shown]
        ways = [Button(texts("hr.more"), f"h:t:{shown[-1].id}")] if len(page) > TASKS else []
        ways.append(Button(texts("hr.up"), "h:l:0"))
        return Reply("\n".join(lines), (*rows(done, 2), *rows(ways, 2)))

    async def close(self, task: int) -> Reply:
        if self._office is None:
            raise ValueError("no tasks here")
        done = await self._office.close(self._actor, task)
        shown = await self.waiting(0)
        key = "hr.task_closed" if done else "hr.task_gone"
        return replace(shown, text=f"{self._texts(key, task=task)}\n\n{shown.text}")

    def _line(self, task: Task) -> str:
        local = datetime.fromtimestamp(task.at, UTC).astimezone(self._zone(task.regency))
        whom = (one_of(task.name, task.number), shortened(task.unit, LINE // 2))
        return self._texts(
            "hr.task",
            task=task.id,
            name=" · ".join(filter(None, whom)),
            what=self._texts(f"hr.task_{task.kind.value}"),
            campaign=task.campaign,
            day=dates.day(local, self._texts, year=False),
        )
