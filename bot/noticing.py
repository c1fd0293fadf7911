"""What is done with an answer after it was given: it is counted, with nobody's name.

Runs beside the answer, in tasks of its own: an answer neither waits for this nor fails because of it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import date
from typing import Protocol

from bot.model import Asker
from bot.people.counting import REST, Cell, large_unit
from bot.people.identity import Identity
from bot.people.staff import Member, Unit
from bot.turn import Answered

log = logging.getLogger(__name__)


class Counters(Protocol):
    """Where figures are kept; `who` tells people apart and is kept nowhere (`bot.people.counting`)."""

    async def count(self, cell: Cell, who: str) -> None: ...

    async def close(self, before: date | None = None) -> None: ...


class Staff(Protocol):
    async def root(self, regency: str) -> Unit | None: ...


class Noticing:
    """Keeps `bot.assistant.Noticed`. `earliest`: the date where it is the earliest in the country."""

    def __init__(
        self, identity: Identity, counters: Counters, staff: Staff, earliest: Callable[[], date]
    ) -> None:
        self._identity = identity
        self._counters = counters
        self._staff = staff
        self._earliest = earliest
        self._roots: dict[str, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def __call__(self, key: str, asker: Asker, answered: Answered) -> None:
        if answered.verdict is None:
            return
        task = asyncio.ensure_future(self._count(key, asker, answered))
        self._tasks.add(task)
        task.add_done_callback(self._done)

    async def settle(self) -> None:
        """Waits until all is counted, and ends the day: the process stops."""
        while self._tasks:
            await asyncio.wait(self._tasks)
        await self._counters.close()

    async def end_days(self) -> None:
        """Ends the days that are over everywhere."""
        await self._counters.close(self._earliest())

    async def _count(self, key: str, asker: Asker, answered: Answered) -> None:
        question, verdict = answered.question, answered.verdict
        if question is None or verdict is None:
            return
        channel, external_id, _ = key.split(":", 2)
        member = await self._identity.member_of(channel, external_id)
        cell = Cell(
            day=self._identity.today(asker.regency),
            regency=asker.regency,
            unit=await self._unit(member),
            activity=question.activity or "",
            verdict=verdict.kind.value,
            circular=next((ref.circular for ref in (*verdict.basis, *verdict.contrary)), ""),
        )
        await self._counters.count(
            cell, f"person:{member.person.id}" if member else f"{channel}:{external_id}"
        )

    async def _unit(self, member: Member | None) -> int:
        if member is None:
            return REST
        regency = member.person.regency
        if regency not in self._roots and (root := await self._staff.root(regency)) is not None:
            self._roots[regency] = root.id
        return large_unit(member.lineage, self._roots[regency]) if regency in self._roots else REST

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("an answer was not counted: %s", type(error).__name__)
