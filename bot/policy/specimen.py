"""A situation as a case for uji.yaml: what an encoder can paste below `kasus:` and decide about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, cast

from bot.model import FactValue, RuleRef
from bot.policy.condition import Measure, Variable
from bot.policy.derived import IN_WORKING_HOURS, KINDS, days_passed
from bot.policy.expectation import KINDS as VERDICTS
from bot.policy.law import RegencyLaw
from bot.policy.occurring import Moment, Occurring
from bot.policy.precedence import Outcome

_WORDS = {kind: word for word, kind in VERDICTS.items()}
_ONE_DAY = timedelta(days=1)
_FAR = 3650  # days looked back for a date so many working days ago


@dataclass(frozen=True, slots=True)
class Situation:
    """A complete situation, as far as the verdict depends on it: cells by level, the act and its time."""

    activity: str
    cells: dict[int, int]
    moment: Moment


def situation(law: RegencyLaw, occurring: Occurring, activity: str, cells: dict[int, int]) -> Situation:
    """The situation with these cells, at a time when they occur."""
    timed = {level: cell for level, cell in cells.items() if level in occurring.levels}
    return Situation(activity, cells, occurring.moment(timed))


def case(law: RegencyLaw, found: Situation, name: str, outcome: Outcome, home: str) -> str:
    """The situation as one entry of uji.yaml, in YAML. `home`: the circular whose file it goes into."""
    lines = [f"nama: {name}", f"pada: {found.moment.instant:%Y-%m-%d %H:%M}"]
    facts: list[str] = []
    for level, cell in sorted(found.cells.items()):
        variable = law.variables[level]
        text = _text(_value(law, variable, cell, found.moment))
        if variable.fact in ("status", "unit"):
            lines.append(f"{variable.fact}: {text}")
        elif variable.fact not in KINDS or (found.moment.told and variable.fact == IN_WORKING_HOURS):
            facts.append(f"{variable.fact}: {text}")
    if found.moment.pattern != law.regency.calendar.pattern_ids[0]:
        lines.append(f"pola: {found.moment.pattern}")
    lines.append(f"perbuatan: {found.activity}")
    if facts:
        lines.append("fakta: {" + ", ".join(facts) + "}")
    lines.append(f"putusan: {_WORDS[outcome.kind]}")
    for field, refs in (("dasar", outcome.basis), ("kewajiban", outcome.duties)):
        if refs:
            lines.append(f"{field}: [{', '.join(_name(ref, home) for ref in refs)}]")
    return "- " + "\n  ".join(lines)


def _name(ref: RuleRef, home: str) -> str:
    return ref.rule if ref.circular == home else f'"{ref.circular}#{ref.rule}"'


def _text(value: FactValue) -> str:
    if isinstance(value, bool):
        return "ya" if value else "tidak"
    return value.isoformat() if isinstance(value, date) else str(value)


def _value(law: RegencyLaw, variable: Variable, cell: int, moment: Moment) -> FactValue:
    """A value that lies in the cell."""
    if variable.values:
        return variable.values[cell]
    if variable.measure in Measure.DEADLINES:
        return _days_ago(law, variable, cell, moment)
    low, high = variable.bounds(cell)
    bound: Any = (low or high or (0, 0))[0]
    step: Any = _ONE_DAY if isinstance(bound, date) else 1
    for candidate in (bound, bound + step, bound - step):
        if variable.cell(candidate) == cell:
            return cast("FactValue", candidate)
    return cast("FactValue", bound + (cast("Any", high)[0] - bound) / 2)


def _days_ago(law: RegencyLaw, variable: Variable, cell: int, moment: Moment) -> date:
    """A date since which so many days have passed that the count lies in the cell."""
    today = moment.instant.date()
    for back in range(_FAR):
        day = today - timedelta(days=back)
        if variable.cell(days_passed(law.regency.calendar, moment.pattern, variable, day, today)) == cell:
            return day
    raise LookupError(f"no date lies {variable.bounds(cell)} days back")
