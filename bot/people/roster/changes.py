"""What the ledger has, and what a roster makes of it: the values that pass between the two. Imports nothing
heavy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class LedgerUnit:
    """`parent` None: the regency itself."""

    id: int
    parent: int | None
    name: str
    code: str | None = None
    kind: str | None = None
    closed: bool = False


@dataclass(frozen=True, slots=True)
class PlannedUnit:
    """A unit of the file with what the ledger shall have. `parent`, `index`: of the file's tree. `known`:
    what the ledger has of it, None: nothing. `changed`: something is to be written to a unit that is
    known."""

    index: int
    parent: int | None
    name: str
    code: str | None
    kind: str | None
    known: LedgerUnit | None
    changed: bool = False

    @property
    def is_new(self) -> bool:
        return self.known is None


UnitPlan = Sequence[PlannedUnit]
"""In the order of the file's tree: a unit after the one above."""


class Kind(StrEnum):
    JOINED = "joined"
    LEFT = "left"
    MOVED = "moved"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class LedgerPerson:
    """`unit`: of the open primary placement, None: she has none. `left`: does not belong to the staff
    today."""

    id: int
    number: str
    name: str
    status: str | None
    phone: str | None
    pattern: str | None
    left: bool
    unit: int | None


@dataclass(frozen=True, slots=True)
class Alike:
    """Somebody who leaves and somebody who joins, who may be one person under another number (an honorary
    worker who became PPPK). `person`: of who leaves, in the ledger. `by`: what they share, "phone" or "birth"
    (the name and the day of birth in both numbers)."""

    person: int
    old_number: str
    old_name: str
    row: int
    number: str
    name: str
    by: str


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one person. `person`: her id in the ledger, None: she is new. `row`: None: she is not
    in the file. `unit`: index of the file's tree, None: she is not in it; `old_unit`: id in the ledger. The
    `old_` values are the ledger's; where she is new they are None. `returned`: joins again."""

    kind: Kind
    person: int | None
    row: int | None
    number: str
    name: str
    status: str | None
    phone: str | None
    pattern: str | None
    unit: int | None
    old_unit: int | None
    old_name: str | None
    old_status: str | None
    old_phone: str | None
    old_pattern: str | None
    returned: bool = False

    @property
    def differing(self) -> tuple[str, ...]:
        """Which of name, status, phone and pattern changed. Of somebody new: none."""
        if self.person is None or self.row is None:
            return ()
        names = ("name", "status", "phone", "pattern")
        return tuple(name for name in names if getattr(self, name) != getattr(self, f"old_{name}"))
