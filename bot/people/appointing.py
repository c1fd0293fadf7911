"""Which appointments can be: pure checks, each raising the Problem that says what to repair."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from bot.people.staff import Assignment, Role, Standing, Unit, meeting
from bot.problems import Problem


def check_span(since: date, until: date | None) -> None:
    if until is not None and until <= since:
        raise Problem("staff.span", since=since)


def check_post(held: Assignment, unit: Unit | None) -> None:
    """That the role can be held there, in this standing, for these days."""
    check_span(held.since, held.until)
    if held.role is Role.EMPLOYEE:
        raise Problem("staff.role_everybody")
    if (unit is None) is not (held.role is Role.OPERATOR):
        raise Problem("staff.role_needs_unit" if unit is None else "staff.role_no_unit", role=held.role)
    if held.role is Role.HR and unit is not None and unit.parent is not None:
        raise Problem("staff.role_root", role=held.role)
    if held.role is not Role.UNIT_HEAD and held.standing is not Standing.DEFINITIVE:
        raise Problem("staff.standing_role", standing=held.standing)
    if held.standing is Standing.PLH and held.until is None:
        raise Problem("staff.standing_end", standing=held.standing)


def check_free(others: Iterable[tuple[int, Assignment]], person: int, held: Assignment) -> None:
    """That nobody heads the unit in the same standing on one of the days, and that the person does not hold
    the same role already. `others`: (person, assignment) of that role and unit."""
    rivals = [other for holder, other in others if held.role is Role.UNIT_HEAD or holder == person]
    same = [other for other in rivals if other.standing is held.standing]
    for other in meeting(same, held.since, held.until):
        key = "staff.head_taken" if held.role is Role.UNIT_HEAD else "staff.role_taken"
        raise Problem(key, role=held.role, standing=held.standing, since=other.since)
