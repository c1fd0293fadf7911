"""Who may do what, on whom: one table, and the one function that reads it.

Every command and every query about staff passes through `may` or `require`. Pure: the actor's assignments and
the target's units are arguments.

One thing the table cannot say: a code hands over a person's identity, and with it every role she holds. So a
code for somebody with a role is issued only by those who could give that role away; else the admin of a unit
would be one code away from the rights of its head, or of HR.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.people.staff import Assignment, Role
from bot.problems import Problem


class Action(StrEnum):
    SEE_PERSON = "see_person"  # one person's entry, phone and number masked
    SEE_UNIT = "see_unit"  # the list of a unit and of what is below it
    EXPORT_PERSON = "export_person"  # everything kept about a person
    ERASE_PERSON = "erase_person"
    ACKNOWLEDGE = "acknowledge"
    ISSUE_CODE = "issue_code"
    UNLINK = "unlink"  # a lost or stolen account, a changed number
    SET_ABSENCE = "set_absence"
    SECOND = "second"  # a secondment
    APPOINT_ADMIN = "appoint_admin"
    APPOINT_HEAD = "appoint_head"
    APPOINT_HR = "appoint_hr"
    APPOINT_OPERATOR = "appoint_operator"
    EDIT_UNIT = "edit_unit"
    IMPORT_ROSTER = "import_roster"
    SEE_COUNTERS = "see_counters"
    ADD_CIRCULAR = "add_circular"
    CREATE_CAMPAIGN = "create_campaign"  # and have it sent to oneself
    APPROVE_CAMPAIGN = "approve_campaign"
    RUN_CAMPAIGN = "run_campaign"  # send, remind, pause, resume, cancel
    SEE_CAMPAIGN = "see_campaign"  # numbers, who is missing, whom nothing reaches
    EXPORT_CAMPAIGN = "export_campaign"
    PROXY_REQUEST = "proxy_request"  # an acknowledgment for somebody who cannot give it herself
    PROXY_APPROVE = "proxy_approve"
    OPEN_ASSEMBLY = "open_assembly"  # show the code that those present scan
    HANDLE_TASKS = "handle_tasks"


class Reach(StrEnum):
    """How far a role's right goes."""

    SELF = "self"
    SUBTREE = "subtree"  # the unit over which the role is held, and all below
    EVERYTHING = "everything"


S, T, E = Reach.SELF, Reach.SUBTREE, Reach.EVERYTHING
_R = Role

RIGHTS: Mapping[Action, Mapping[Role, Reach]] = {
    Action.SEE_PERSON: {_R.EMPLOYEE: S, _R.UNIT_ADMIN: T, _R.UNIT_HEAD: T, _R.HR: T, _R.OPERATOR: E},
    Action.SEE_UNIT: {_R.UNIT_ADMIN: T, _R.UNIT_HEAD: T, _R.HR: T, _R.OPERATOR: E},
    Action.EXPORT_PERSON: {_R.EMPLOYEE: S, _R.HR: T, _R.OPERATOR: E},
    Action.ERASE_PERSON: {_R.HR: T, _R.OPERATOR: E},
    Action.ACKNOWLEDGE: {_R.EMPLOYEE: S},
    Action.ISSUE_CODE: {_R.UNIT_ADMIN: T, _R.HR: T, _R.OPERATOR: E},
    Action.UNLINK: {_R.EMPLOYEE: S, _R.UNIT_ADMIN: T, _R.HR: T, _R.OPERATOR: E},
    Action.SET_ABSENCE: {_R.UNIT_ADMIN: T, _R.UNIT_HEAD: T, _R.HR: T, _R.OPERATOR: E},
    Action.SECOND: {_R.HR: T, _R.OPERATOR: E},
    Action.APPOINT_ADMIN: {_R.UNIT_HEAD: T, _R.HR: T, _R.OPERATOR: E},
    Action.APPOINT_HEAD: {_R.HR: T, _R.OPERATOR: E},
    Action.APPOINT_HR: {_R.OPERATOR: E},
    Action.APPOINT_OPERATOR: {_R.OPERATOR: E},
    Action.EDIT_UNIT: {_R.HR: T, _R.OPERATOR: E},
    Action.IMPORT_ROSTER: {_R.HR: T, _R.OPERATOR: E},
    Action.SEE_COUNTERS: {_R.HR: T, _R.OPERATOR: E},
    Action.ADD_CIRCULAR: {_R.HR: T, _R.OPERATOR: E},
    Action.CREATE_CAMPAIGN: {_R.HR: T, _R.OPERATOR: E},
    Action.APPROVE_CAMPAIGN: {_R.UNIT_HEAD: T, _R.HR: T, _R.OPERATOR: E},
    Action.RUN_CAMPAIGN: {_R.HR: T, _R.OPERATOR: E},
    Action.SEE_CAMPAIGN: {_R.UNIT_ADMIN: T, _R.UNIT_HEAD: T, _R.HR: T, _R.OPERATOR: E},
    Action.EXPORT_CAMPAIGN: {_R.UNIT_HEAD: T, _R.HR: T, _R.OPERATOR: E},
    Action.PROXY_REQUEST: {_R.UNIT_ADMIN: T, _R.HR: T, _R.OPERATOR: E},
    Action.PROXY_APPROVE: {_R.UNIT_HEAD: T, _R.HR: T, _R.OPERATOR: E},
    Action.OPEN_ASSEMBLY: {_R.UNIT_ADMIN: T, _R.UNIT_HEAD: T, _R.HR: T, _R.OPERATOR: E},
    Action.HANDLE_TASKS: {_R.HR: T, _R.OPERATOR: E},
}
"""An action that a role is not named for is refused to it."""

APPOINTING: Mapping[Role, Action] = {
    _R.UNIT_ADMIN: Action.APPOINT_ADMIN,
    _R.UNIT_HEAD: Action.APPOINT_HEAD,
    _R.HR: Action.APPOINT_HR,
    _R.OPERATOR: Action.APPOINT_OPERATOR,
}
"""The action that gives a role, and takes it. Nobody is appointed an employee."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. `name`: as the access log has it ("person:12", "operator:root"). `person` None: nobody of the
    roster (the operator at the machine, a job). `assignments`: those in force now."""

    name: str
    person: int | None = None
    assignments: tuple[Assignment, ...] = ()

    @property
    def is_operator(self) -> bool:
        return any(held.role is Role.OPERATOR for held in self.assignments)


@dataclass(frozen=True, slots=True)
class Target:
    """What is acted on. `units`: the unit and all above it (for a person those of all her placements today,
    always with the root of her regency, even after she left); empty where it belongs to no unit (the
    installation). `person` None: a unit, not a person. `roles`: those that the person holds today."""

    units: frozenset[int] = frozenset()
    person: int | None = None
    roles: frozenset[Role] = frozenset()


class RefusedError(Problem):
    """The actor has no right to this. Says nothing about the target: not even whether it exists."""

    def __init__(self, action: Action) -> None:
        super().__init__("rights.refused")
        self.action = action


def may(actor: Actor, action: Action, target: Target) -> bool:
    """Whether some role of the actor reaches the target for this action."""
    own = target.person is not None and target.person == actor.person
    if own and RIGHTS[action].get(Role.EMPLOYEE) is Reach.SELF:
        return True
    if action is Action.ISSUE_CODE and not own:
        return all(_reached(actor, needed, target) for needed in (action, *_handed_over(target)))
    return _reached(actor, action, target)


def _handed_over(target: Target) -> Iterable[Action]:
    return (APPOINTING[role] for role in target.roles if role in APPOINTING)


def _reached(actor: Actor, action: Action, target: Target) -> bool:
    reaches = RIGHTS[action]
    return any(
        reach is Reach.EVERYTHING or (reach is Reach.SUBTREE and held.unit in target.units)
        for held in actor.assignments
        if (reach := reaches.get(held.role)) is not None
    )


def require(actor: Actor, action: Action, target: Target) -> None:
    """Raises RefusedError where `may` says no."""
    if not may(actor, action, target):
        raise RefusedError(action)
