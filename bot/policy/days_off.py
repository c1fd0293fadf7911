"""The days off of a year: from the table of its joint decree, else from the package `holidays`.

The package is imported only for a year without a table, for the import alone costs a third of what a
question on the command line may take. Nothing here needs the shapes of the files.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Final, TypeAlias

from bot.worktime import Holiday, HolidayYear

HolidayYears: TypeAlias = Callable[[int], HolidayYear]

_YEARS_KEPT: Final = 64


@dataclass(frozen=True, slots=True)
class DecreedYears:
    """The years of `tables`; any other from the package."""

    tables: Mapping[int, HolidayYear]

    def __call__(self, year: int) -> HolidayYear:
        return self.tables.get(year) or package_year(year)


@dataclass(frozen=True, slots=True)
class AmendedYears:
    """`years`, of which only the `national` holidays and the `joint` leave are kept as told, without the days
    `removed`, with those `added`."""

    years: HolidayYears
    added: Mapping[date, Holiday]
    removed: frozenset[date]
    national: bool
    joint: bool
    memo: dict[int, HolidayYear] = field(default_factory=dict, compare=False, repr=False)

    def __call__(self, year: int) -> HolidayYear:
        found = self.memo.get(year)
        if found is None:
            if len(self.memo) >= _YEARS_KEPT:
                self.memo.clear()
            found = self.memo[year] = self._amended(self.years(year), year)
        return found

    def _amended(self, base: HolidayYear, year: int) -> HolidayYear:
        kept = {day: off for day, off in base.days.items() if self._keeps(off) and day not in self.removed}
        return HolidayYear(kept | {d: off for d, off in self.added.items() if d.year == year}, base.decreed)

    def _keeps(self, holiday: Holiday) -> bool:
        return self.joint if holiday.joint else self.national


@lru_cache(_YEARS_KEPT)
def package_year(year: int) -> HolidayYear:
    """The days off that the package `holidays` computes. It lists joint leave only for years whose decree
    it knows, so a year without any is not decreed yet."""
    joint = _from_package(year, "government", joint=True)
    public = _from_package(year, "public", joint=False)
    return HolidayYear({**joint, **public}, decreed=bool(joint))


def _from_package(year: int, category: str, *, joint: bool) -> Mapping[date, Holiday]:
    from holidays import country_holidays  # see above: only when it is needed

    named: dict[date, dict[str, str]] = {}
    estimated: set[date] = set()
    for language, code in (("id", "id"), ("en", "en_US")):
        days = country_holidays("ID", years=year, categories=(category,), language=code)
        mark = days.tr(days.estimated_label).replace("%s", "")
        for day in days:
            names = days.get_list(day)
            estimated |= {day for name in names if name.endswith(mark)}
            named.setdefault(day, {})[language] = ", ".join(name.removesuffix(mark) for name in names)
    return {day: Holiday(names, joint, day in estimated) for day, names in named.items()}
