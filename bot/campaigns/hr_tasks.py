"""What waits for HR within /hr, and closing it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, tzinfo

from bot.campaigns.screens import LINE, label, one_of, rows, shortened
from bot.campaigns.tasks import Kind, Task, TaskOffice
from bot.model import Button, Reply
from bot.people.rights import Actor, Target
from bot.rendering import dates
from bot.rendering.texts import Texts

TASKS = 4
"""So many on one screen."""


def said(done: bool, *, release: bool) -> str:
    """The key of what became of closing a task."""
    if not done:
        return "hr.task_gone"
    return "hr.task_released" if release else "hr.task_closed"


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
        done = [button for task in shown for button in self._buttons(task)]
        if any(task.kind is Kind.NOT_FOR_ME for task in shown):
            lines += ["", texts("hr.release_hint")]
        ways = [Button(texts("hr.more"), f"h:t:{shown[-1].id}")] if len(page) > TASKS else []
        ways.append(Button(texts("hr.up"), "h:l:0"))
        return Reply("\n".join(lines), (*rows(done, 2), *rows(ways, 2)))

    def _buttons(self, task: Task) -> list[Button]:
        """Of a task that says that the circular is not for her, also the one that agrees."""
        close = Button(label(self._texts("hr.close", task=task.id)), f"h:d:{task.id}")
        if task.kind is not Kind.NOT_FOR_ME:
            return [close]
        return [close, Button(label(self._texts("hr.release", task=task.id)), f"h:r:{task.id}")]

    async def close(self, task: int, *, release: bool = False) -> Reply:
        if self._office is None:
            raise ValueError("no tasks here")
        done = await self._office.close(self._actor, task, release=release)
        shown = await self.waiting(0)
        key = said(done, release=release)
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
