"""Finding a unit by what a person types for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bot.people.staff import Unit
from bot.problems import Problem

BETWEEN = " / "
LISTED = 5
"""Candidates that an ambiguous name lists."""


def path_of(unit: int, units: Mapping[int, Unit]) -> str:
    """The names from below the regency down to the unit; the regency's own for the regency itself."""
    names = [units[unit].name]
    above = units.get(units[unit].parent or 0)
    while above is not None and above.parent is not None:
        names.append(above.name)
        above = units.get(above.parent)
    return BETWEEN.join(reversed(names))


def matching(units: Iterable[Unit], text: str) -> dict[str, Unit]:
    """The units that `text` can mean, by path: those with this code; if none, with this name; if none, those
    whose path ends so. Capitals and spaces do not count."""
    known = {unit.id: unit for unit in units}
    typed = _folded(text)
    if not typed:
        return {}
    by_code = [unit for unit in known.values() if unit.code and _folded(unit.code) == typed]
    by_name = [unit for unit in known.values() if _folded(unit.name) == typed]
    found = by_code or by_name or _by_path(known, typed)
    return {path_of(unit.id, known): unit for unit in found}


def only(found: Mapping[str, Unit], regency: str, text: str) -> Unit:
    """The one unit that was found. Raises Problem for none, and for several."""
    if not found:
        raise Problem("staff.no_unit", regency=regency, text=text)
    if len(found) > 1:
        several = sorted(found)
        listed = "; ".join(several[:LISTED]) + ("; …" if len(several) > LISTED else "")
        raise Problem("staff.ambiguous_unit", text=text, candidates=listed)
    return next(iter(found.values()))


def _by_path(known: Mapping[int, Unit], typed: str) -> list[Unit]:
    wanted = _parts(typed)
    return [
        unit
        for unit in known.values()
        if len(wanted) > 1 and _parts(_folded(path_of(unit.id, known)))[-len(wanted) :] == wanted
    ]


def _parts(path: str) -> list[str]:
    return [part.strip() for part in path.split("/")]


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
