"""Whom a campaign reaches: the names that an expression may use, and what its author sees beforehand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.campaigns.audience import Resolve
from bot.people.numbers import mask_number
from bot.people.staff import Role, Unit
from bot.people.unit_names import matching, only
from bot.problems import Problem
from bot.vocabulary import Named, Wording


class Excluded(StrEnum):
    """Why somebody whom the expression means gets no delivery."""

    LEAVE = "leave"  # is added when she is back
    LEFT = "left"
    ASKED = "asked"  # another campaign brings her the same version
    UNCONCERNED = "unconcerned"  # nothing that the new version changes concerns her


class Standing(StrEnum):
    """What becomes of somebody whom the expression means."""

    REACHABLE = "reachable"
    UNREGISTERED = "unregistered"  # still a delivery: HR must see whom no channel reaches
    LEAVE = Excluded.LEAVE.value
    LEFT = Excluded.LEFT.value
    ASKED = Excluded.ASKED.value
    UNCONCERNED = Excluded.UNCONCERNED.value

    @property
    def addressed(self) -> bool:
        return self in (Standing.REACHABLE, Standing.UNREGISTERED)


@dataclass(frozen=True, slots=True)
class Terms:
    """The words of policies/ that an expression may use. `default_pattern`: of people without one."""

    statuses: Mapping[str, Named]
    kinds: Mapping[str, Named]
    patterns: Mapping[str, Wording]
    default_pattern: str | None = None

    def wider(self, kind: str | None) -> tuple[str, ...]:
        """The class and those that it is a part of, the nearest first."""
        line: list[str] = []
        while kind is not None and kind not in line:
            line.append(kind)
            known = self.kinds.get(kind)
            kind = known.parent if known else None
        return tuple(line)


def resolver(terms: Terms, regency: str, units: Iterable[Unit], numbers: Mapping[str, str]) -> Resolve:
    """What names mean in one regency. `numbers`: as typed → as the roster has it, for those that it has.
    Raises Problem, when called, for a name that the regency does not have."""
    tree = list(units)
    choices: dict[str, Mapping[str, Iterable[str]]] = {
        "kelas": {key: named.name.values() for key, named in terms.kinds.items()},
        "status": {key: named.name.values() for key, named in terms.statuses.items()},
        "pola": {key: names.values() for key, names in terms.patterns.items()},
        "peran": {role.value: () for role in Role},
    }

    def resolve(field: str, value: str) -> object:
        if field == "unit":
            return only(matching(tree, value), regency, value).id
        if field == "orang":
            if value not in numbers:
                raise Problem("audience.no_person", number=mask_number(value))
            return numbers[value]
        return _chosen(field, value, choices[field])

    return resolve


def _chosen(field: str, value: str, among: Mapping[str, Iterable[str]]) -> str:
    typed = _folded(value)
    for key, names in among.items():
        if typed in (_folded(key), *map(_folded, names)):
            return key
    raise Problem("audience.unknown", field=field, value=value, known=", ".join(among))


def _folded(text: str) -> str:
    return " ".join(text.casefold().replace("_", " ").split())


@dataclass(slots=True)
class UnitPreview:
    """`addressed`: all who get a delivery, `unregistered` among them."""

    addressed: int = 0
    unregistered: int = 0
    excluded: dict[Excluded, int] = field(default_factory=dict)


@dataclass(slots=True)
class Preview:
    """Whom an expression means, counted. `units`: where they work today → how many. `paid`: so many would be
    written to where that costs something; None: nobody asked."""

    units: dict[int, UnitPreview] = field(default_factory=dict)
    paid: int | None = None

    def add(self, unit: int, standing: Standing) -> None:
        row = self.units.setdefault(unit, UnitPreview())
        if standing.addressed:
            row.addressed += 1
            row.unregistered += standing is Standing.UNREGISTERED
        else:
            why = Excluded(standing.value)
            row.excluded[why] = row.excluded.get(why, 0) + 1

    @property
    def addressed(self) -> int:
        return sum(row.addressed for row in self.units.values())

    @property
    def unregistered(self) -> int:
        return sum(row.unregistered for row in self.units.values())

    @property
    def excluded(self) -> dict[Excluded, int]:
        """Only reasons that occur."""
        found = {why: sum(row.excluded.get(why, 0) for row in self.units.values()) for why in Excluded}
        return {why: count for why, count in found.items() if count}


_GRACE = 86_400


def own_due(start: int, due: int, now: int) -> int | None:
    """The deadline of somebody who is reached only at `now`: as much time as the others had. None: theirs is
    hers too, for she is hardly later than they. Seconds since 1970."""
    return None if now - start < _GRACE else max(due, now + due - start)
