"""Webhooks that wait for their time."""

from __future__ import annotations

from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count

from bot.simulating.errors import Json
from bot.simulating.rules import Kind


@dataclass(slots=True)
class Notice:
    """One entry for the webhook. `first` is when it was due first; None: not yet. `answers` are those of the
    webhook so far, oldest first: an HTTP status, or 0 for no answer; each `took` so many real seconds."""

    number: int
    kind: Kind | None
    entry: Json
    first: float | None = None
    answers: list[int] = field(default_factory=list)
    took: list[float] = field(default_factory=list)
    given_up: bool = False

    @property
    def taken(self) -> bool:
        return bool(self.answers) and self.answers[-1] == 200

    def described(self) -> Json:
        kind = self.kind.value if self.kind else None
        return {
            "number": self.number,
            "kind": kind,
            "entry": self.entry,
            "answers": self.answers,
            "took": self.took,
            "given_up": self.given_up,
        }


@dataclass(slots=True)
class Mail:
    """`all` keeps every notice that was ever put in, in that order."""

    all: list[Notice] = field(default_factory=list)
    _waiting: list[tuple[float, int, Notice]] = field(default_factory=list)
    _order: count[int] = field(default_factory=count)

    def put(self, kind: Kind | None, entry: Json, at: float) -> None:
        notice = Notice(len(self.all), kind, entry)
        self.all.append(notice)
        self.again(notice, at)

    def again(self, notice: Notice, at: float) -> None:
        heappush(self._waiting, (at, next(self._order), notice))

    def due(self, now: float) -> list[Notice]:
        """Takes out those whose time has come, in order."""
        found = []
        while self._waiting and self._waiting[0][0] <= now:
            at, _, notice = heappop(self._waiting)
            notice.first = at if notice.first is None else notice.first
            found.append(notice)
        return found

    def next_at(self) -> float | None:
        """When something is due next; None: never."""
        return self._waiting[0][0] if self._waiting else None
