"""What a campaign has reached: sums over the tree of units, who is missing, how long reading takes.

A delivery counts where its addressee worked when she was added, in the tree as it is now: a unit that is
renamed or moved takes its numbers along. Whom no channel reaches stands apart, and is never counted among
those who do not answer.

Pure: rows and units are arguments. Moments are seconds since 1970 (UTC).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import product
from operator import add

from bot.campaigns.campaign import Campaign, CampaignState, DeliveryState, Version
from bot.people.rights import Action, Actor, Target, may
from bot.people.staff import Unit
from bot.people.unit_names import path_of

CELLS: tuple[tuple[DeliveryState, bool], ...] = tuple(product(DeliveryState, (False, True)))
"""Every delivery is in one of them: its state, and whether its addressee has acknowledged."""

DEEPEST = 50
"""Steps of a lineage that are followed, as in the ledger."""


class Group(StrEnum):
    """What a delivery counts as. Withdrawn ones count as nothing."""

    ACKNOWLEDGED = "acknowledged"
    MISSING = "missing"  # it was sent, as far as anybody knows; she has not said that she read it
    WAITING = "waiting"  # not sent yet
    UNREACHABLE = "unreachable"  # nothing of ours has reached her, and that is not her doing


_GROUPS: Mapping[DeliveryState, Group] = {
    DeliveryState.QUEUED: Group.WAITING,
    DeliveryState.SENDING: Group.WAITING,
    DeliveryState.SENT: Group.MISSING,
    DeliveryState.UNCERTAIN: Group.MISSING,
    DeliveryState.FAILED: Group.UNREACHABLE,
    DeliveryState.UNREACHABLE: Group.UNREACHABLE,
}


def group_of(state: DeliveryState, acknowledged: bool) -> Group | None:
    """None: withdrawn."""
    if state is DeliveryState.WITHDRAWN:
        return None
    return Group.ACKNOWLEDGED if acknowledged else _GROUPS[state]


def states_of(group: Group) -> tuple[DeliveryState, ...]:
    """The states of the deliveries of a group that are not acknowledged; of acknowledged ones, any that
    counts."""
    if group is Group.ACKNOWLEDGED:
        return tuple(_GROUPS)
    return tuple(state for state, found in _GROUPS.items() if found is group)


_PLACES: Mapping[Group, tuple[int, ...]] = {
    group: tuple(at for at, cell in enumerate(CELLS) if group_of(*cell) is group) for group in Group
}


@dataclass(frozen=True, slots=True)
class Tally:
    """How many deliveries are in each of `CELLS`."""

    cells: tuple[int, ...] = (0,) * len(CELLS)

    def of(self, group: Group) -> int:
        return sum(self.cells[at] for at in _PLACES[group])

    @property
    def addressed(self) -> int:
        return sum(self.of(group) for group in Group)

    @property
    def share(self) -> float | None:
        """Of the addressed, those who acknowledged, from 0 to 1; None where nobody is addressed."""
        return self.of(Group.ACKNOWLEDGED) / self.addressed if self.addressed else None

    def states(self) -> dict[str, dict[str, int]]:
        """State → {"acknowledged", "open"}, the states that occur."""
        found: dict[str, dict[str, int]] = {}
        for (state, done), count in zip(CELLS, self.cells, strict=True):
            if count:
                row = found.setdefault(state.value, {"acknowledged": 0, "open": 0})
                row["acknowledged" if done else "open"] = count
        return found


NOBODY = Tally()


def summed(tallies: Iterable[Tally]) -> Tally:
    return Tally(tuple(map(sum, zip(*(tally.cells for tally in tallies), strict=True))) or Tally().cells)


# --- the tree --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class UnitStatus:
    """`depth`: steps below the first one shown. `own`: of people of the unit itself, `total`: with those of
    all below."""

    unit: Unit
    depth: int
    own: Tally
    total: Tally


def tree(units: Mapping[int, Unit], own: Mapping[int, Tally], top: int) -> tuple[UnitStatus, ...]:
    """The unit `top` and those below it that have deliveries: a unit before those below it, siblings by name.
    `units`: all of the regency, closed ones too."""
    order = _downwards(units, top)
    sums: dict[int, list[int]] = {}  # of the units that have others below them
    totals: dict[int, Tally] = {}
    for unit, depth in reversed(order):
        total = _with(own.get(unit, NOBODY), sums.get(unit))
        totals[unit] = total
        above = units[unit].parent
        if depth and above is not None and total is not NOBODY:
            sums[above] = list(map(add, sums[above], total.cells)) if above in sums else list(total.cells)
    return tuple(
        UnitStatus(units[unit], depth, own.get(unit, NOBODY), totals[unit])
        for unit, depth in order
        if depth == 0 or any(totals[unit].cells)
    )


def _with(own: Tally, below: list[int] | None) -> Tally:
    return own if below is None else Tally(tuple(map(add, own.cells, below)))


def _downwards(units: Mapping[int, Unit], top: int) -> list[tuple[int, int]]:
    """(unit, depth) in the order of reading."""
    children: dict[int | None, list[Unit]] = {}
    for child in sorted(units.values(), key=lambda unit: unit.name.casefold(), reverse=True):
        children.setdefault(child.parent, []).append(child)
    order: list[tuple[int, int]] = []
    waiting = [(top, 0)] if top in units else []
    while waiting:
        unit, depth = waiting.pop()
        order.append((unit, depth))
        if depth < DEEPEST:
            waiting += [(below.id, depth + 1) for below in children.get(unit, ())]
    return order


def lineage(units: Mapping[int, Unit], unit: int) -> tuple[int, ...]:
    """The unit and all above it, the nearest first; empty for one that is not among them."""
    line: list[int] = []
    at: int | None = unit
    while at is not None and at in units and len(line) <= DEEPEST:
        line.append(at)
        at = units[at].parent
    return tuple(line)


def tops(actor: Actor, action: Action, units: Mapping[int, Unit]) -> tuple[int, ...]:
    """The highest units within the actor's reach, by path; all that he may see is below them."""
    roots = (unit.id for unit in units.values() if unit.parent is None)
    places = dict.fromkeys([*roots, *(held.unit for held in actor.assignments if held.unit in units)])
    lines = {place: lineage(units, place) for place in places if place is not None}
    reached = {place for place, line in lines.items() if may(actor, action, Target(frozenset(line)))}
    highest = [place for place in reached if not reached.intersection(lines[place][1:])]
    return tuple(sorted(highest, key=lambda place: path_of(place, units)))


# --- nouns -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Known:
    """A campaign with what it brings."""

    campaign: Campaign
    version: Version


@dataclass(frozen=True, slots=True)
class Status:
    """`parts`: the tree below each of the units that were asked for."""

    known: Known
    parts: tuple[tuple[UnitStatus, ...], ...]

    @property
    def total(self) -> Tally:
        return summed(part[0].total for part in self.parts)

    @property
    def uncertain(self) -> int:
        """Of those missing, to how many nobody knows whether it was sent; in a cancelled campaign it is not
        sent again."""
        if self.known.campaign.state is CampaignState.CANCELLED:
            return 0
        return self.total.cells[CELLS.index((DeliveryState.UNCERTAIN, False))]


@dataclass(frozen=True, slots=True)
class Addressee:
    """Somebody in a list. `number`: masked. `away`: on leave today. `due`: her own deadline, leave counted;
    None: nobody knows when she is back. `overdue`: it reached her, she has not answered, and that is over."""

    person: int
    name: str
    number: str
    unit: int
    group: Group
    state: DeliveryState
    reason: str | None
    sent: int | None
    due: int | None
    away: bool = False
    overdue: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """`total`: of all pages. `following`: the person after whom the next page starts; None: there is none."""

    people: tuple[Addressee, ...]
    total: int
    following: int | None = None


@dataclass(frozen=True, slots=True)
class Pace:
    """From sending to acknowledging, in seconds, of the `measured` who did both; None where nobody did.
    `median`, `ninety`: the time within which half, and nine of ten, had acknowledged. `in_time`, `late`: all
    who acknowledged, by their own deadlines, leave counted."""

    measured: int = 0
    median: int | None = None
    ninety: int | None = None
    in_time: int = 0
    late: int = 0


def rank(share: tuple[int, int], count: int) -> int:
    """The place, from 0, of the value within which the part `share` (above, below the line) lies."""
    above, below = share
    return max(0, -(-above * count // below) - 1)


@dataclass(frozen=True, slots=True)
class Day:
    """What happened on a day of the regency's zone."""

    day: date
    sent: int = 0
    acknowledged: int = 0


@dataclass(frozen=True, slots=True)
class Compared:
    """One campaign beside others."""

    known: Known
    total: Tally
    pace: Pace


def by_day(sent: Mapping[date, int], acknowledged: Mapping[date, int]) -> Sequence[Day]:
    """The days on which something happened, in order."""
    days = sorted(sent.keys() | acknowledged.keys())
    return [Day(day, sent.get(day, 0), acknowledged.get(day, 0)) for day in days]
