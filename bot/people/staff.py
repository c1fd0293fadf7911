"""The staff of a regency: units, people, and what a person is to a unit. Frozen values, pure functions.

Days are dates in the regency's zone; spans of days are half open (the first day belongs to them, `until` does
not; None: no end is known). Ids are those of the ledger and mean nothing outside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol, TypeAlias, TypeVar

from bot.model import Absence, Asker


class Role(StrEnum):
    """What a person may be beyond an employee. Who may do what on which subtree: `rights.py`."""

    EMPLOYEE = "pegawai"
    UNIT_ADMIN = "admin_unit"
    UNIT_HEAD = "kepala_unit"
    HR = "hr"  # of a whole regency
    OPERATOR = "pengelola"  # of the installation


class Standing(StrEnum):
    """How a head holds the office. Plh stands in for days, Plt fills a vacancy; both act as the head does."""

    DEFINITIVE = "definitif"
    PLT = "plt"
    PLH = "plh"


class PlacementKind(StrEnum):
    PRIMARY = "primary"
    SECONDMENT = "secondment"  # works there for a time, keeps the primary placement


class _Dated(Protocol):
    @property
    def since(self) -> date: ...
    @property
    def until(self) -> date | None: ...


_D = TypeVar("_D", bound=_Dated)


def in_force(spans: Iterable[_D], day: date) -> tuple[_D, ...]:
    """Those of the spans that hold on `day`."""
    return tuple(s for s in spans if s.since <= day and (s.until is None or day < s.until))


def meeting(spans: Iterable[_D], since: date, until: date | None) -> tuple[_D, ...]:
    """Those of the spans that share a day with the days from `since` up to `until`."""
    end = until or date.max
    return tuple(s for s in spans if max(s.since, since) < min(s.until or date.max, end))


@dataclass(frozen=True, slots=True)
class Unit:
    """A place in the tree of a regency. `parent` None: the regency itself, the root.

    `kind`: a unit class of policies/ ("rsud"), None: not known. `pattern`: the working pattern of its staff
    where it differs from that of the unit above. `code`: the regency's own code for it.
    """

    id: int
    regency: str
    name: str
    parent: int | None = None
    kind: str | None = None
    pattern: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """An employee as the roster has her. `number`: NIP, NI PPPK or the regency's own staff number, unique in
    the regency. `phone`: E.164 ("+62812…"). `status`, `pattern`: ids of policies/. `left`: the first day on
    which she no longer belonged to the staff."""

    id: int
    regency: str
    number: str
    name: str
    status: str | None = None
    phone: str | None = None
    pattern: str | None = None
    left: date | None = None


@dataclass(frozen=True, slots=True)
class Placement:
    person: int
    unit: int
    kind: PlacementKind
    since: date
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Leave:
    """Days on which a person does not serve, as registered. `kind`: "cuti", "tugas_belajar", …"""

    person: int
    kind: str
    since: date
    until: date | None = None
    id: int = 0


@dataclass(frozen=True, slots=True)
class Assignment:
    """A role held over the subtree of `unit`; HR holds it over the root of the regency, the operator over
    everything (`unit` None)."""

    role: Role
    unit: int | None
    since: date
    until: date | None = None
    standing: Standing = Standing.DEFINITIVE
    id: int = 0


@dataclass(frozen=True, slots=True)
class Member:
    """A person who has proved who she is, with what answering and rights depend on today.

    `lineage`: her units from the nearest to the root, those of a secondment too. `unit`: where she works
    today (the secondment's unit, where there is one). `pattern`: her own, else that of the nearest unit
    that has one, else None (the regency's first).
    """

    person: Person
    unit: Unit
    lineage: tuple[int, ...]
    pattern: str | None = None
    kind: str | None = None
    absences: tuple[Absence, ...] = ()
    assignments: tuple[Assignment, ...] = ()

    def asker(self) -> Asker:
        """What rules may depend on."""
        return Asker(self.person.regency, self.person.status, self.kind, self.pattern, self.absences)


@dataclass(frozen=True, slots=True)
class Heads:
    """The heads of a unit on a day. `acting`: who acts as the head, None: the post is vacant. `held`: all who
    hold the post that day, (person, assignment)."""

    acting: int | None
    held: tuple[tuple[int, Assignment], ...] = ()


@dataclass(frozen=True, slots=True)
class Superior:
    """The person who acts as the head of a unit."""

    unit: int
    person: int


@dataclass(frozen=True, slots=True)
class Branch:
    """A unit in its tree. `depth`: steps below the first one listed. `own`: people whose primary placement it
    is, `total`: with those of all units below. Who is seconded counts where she belongs: totals add up."""

    unit: Unit
    depth: int
    own: int
    total: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A person in a unit's list, with the unit where she works today. `seconded`: she belongs elsewhere."""

    person: Person
    unit: int
    unit_name: str
    seconded: bool = False


Cursor: TypeAlias = tuple[str, int]
"""Where a page ends: the name and the id of its last person."""


@dataclass(frozen=True, slots=True)
class Page:
    """People by name. `following`: where the next page starts; None: there is none."""

    people: tuple[Listed, ...]
    following: Cursor | None = None


def head_on(assignments: Sequence[tuple[int, Assignment]], day: date) -> int | None:
    """Who acts as the head of a unit on `day`, of (person, assignment) pairs: a Plh goes before a Plt, a Plt
    before the definitive head; of two alike the later one. None: nobody."""
    order = (Standing.DEFINITIVE, Standing.PLT, Standing.PLH)
    heads = [
        (order.index(held.standing), held.since, person)
        for person, held in assignments
        if held.role is Role.UNIT_HEAD and in_force((held,), day)
    ]
    return max(heads)[2] if heads else None
