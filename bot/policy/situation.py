"""What is known of a question: what was said, who asks, and what the calendar says as time goes by.

Time enters only through facts derived from the regency's calendar, so what is left of the law changes only
where the calendar or the law itself does: those stretches are the parts that verdicts are made of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from bot.model import Asker, FactValue, Question, Unknown
from bot.policy.condition import Condition, Measure, Variable
from bot.policy.derived import CLOCK, IN_WORKING_HOURS, clock_edges, derived, is_derived
from bot.policy.diagram import bits
from bot.policy.law import RegencyLaw
from bot.vocabulary import Fact
from bot.worktime import Calendar, State, Stretch, state_at

STATUS = "status"
UNIT = "unit"

Cells = tuple[int | None, ...]
"""One entry a variable: the cell its value lies in, or None."""

_PRESUMED_OUTSIDE = frozenset({Unknown.BREAK_UNREGULATED, Unknown.LEAVE_UNREGULATED})
"""Time that lies outside the counted hours unless the regency says otherwise."""

_MEMO_LIMIT = 100_000
_ONE_DAY = timedelta(days=1)


class UnknownNameError(ValueError):
    """A regency, status, unit or pattern that policies/ does not have. `known` lists those it has."""

    def __init__(self, kind: str, value: str, known: tuple[str, ...]) -> None:
        super().__init__(f"{kind} '{value}' is not known; known: {', '.join(known)}")
        self.kind, self.value, self.known = kind, value, known


class Part(NamedTuple):
    """A stretch of time through which law and calendar say the same: `root` is the diagram of outcomes
    left once time and known facts are fixed, `presumed` how unknown facts are read. `stretch`: what the
    calendar says, None where the law does not ask it; `law`: the diagram before the calendar was asked."""

    start: datetime
    end: datetime
    stretch: Stretch | None
    law: int
    root: int
    presumed: Cells


class Situations:
    """What the law of a regency comes down to for one asker and question, now and later."""

    def __init__(self, law: RegencyLaw) -> None:
        self.law = law
        self.calendar: Calendar = law.regency.calendar
        self._space = law.space
        facts = law.corpus.vocabulary.facts
        variables = tuple(enumerate(law.variables))
        self.presumed: Cells = tuple(_presumption(v, facts[v.fact]) for v in law.variables)
        self._unknown: Cells = (None,) * len(variables)
        self._said = {v.fact: level for level, v in variables if v.measure == Measure.VALUE}
        timed = [(level, v) for level, v in variables if is_derived(v)]
        self.timed = frozenset(level for level, _ in timed)
        self._timed = tuple(timed)
        self._timed_bits = bits(self.timed)
        self._daily = bits(level for level, v in timed if v.fact != IN_WORKING_HOURS)
        self._by_clock = bits(level for level, v in timed if v.fact == CLOCK)
        self._clock_edges = clock_edges(law.variables)
        self._restricted: dict[tuple[int, Cells], int] = {}
        self._knowns: dict[object, Cells] = {}
        self._by_state: dict[tuple[State, bool], tuple[Cells, Cells]] = {}

    @property
    def by_day(self) -> bool:
        """Whether a day of its own can matter (a weekday, a holiday, a date), not only working hours."""
        return self._daily != 0

    # --- what was said ---

    def known(self, question: Question, asker: Asker) -> Cells:
        """What is known without the calendar, a cell a variable. Raises UnknownNameError for a value that
        the vocabulary does not have."""
        key = (asker.status, asker.unit, tuple(question.facts.items()))
        found = self._knowns.get(key)
        if found is None:
            if len(self._knowns) > _MEMO_LIMIT:
                self._knowns.clear()
            found = self._knowns[key] = self._cells(question.facts, asker)
        return found

    def _cells(self, facts: Mapping[str, FactValue | Unknown], asker: Asker) -> Cells:
        said: dict[str, FactValue | Unknown] = dict(facts)
        for fact, own in ((STATUS, asker.status), (UNIT, asker.unit)):
            # "Kalau perangkat desa boleh?" asks about another status than the asker's own.
            if own is not None and isinstance(said.get(fact, Unknown.NOT_KNOWN_TO_ASKER), Unknown):
                said[fact] = own
        cells = list(self._unknown)
        for fact, value in said.items():
            level = self._said.get(fact)
            if level is not None and not isinstance(value, Unknown):
                cells[level] = _cell(self.law.variables[level], value)
        return tuple(cells)

    def possible(self, condition: Condition, question: Question, asker: Asker) -> bool:
        """Whether what is known (time aside) leaves room for `condition`."""
        root = self._restrict(self.law.holds(condition), self.known(question, asker))
        return True in self._space.outcomes(root)

    def _restrict(self, root: int, cells: Cells) -> int:
        key = (root, cells)
        found = self._restricted.get(key)
        if found is None:
            if len(self._restricted) > _MEMO_LIMIT:
                self._restricted.clear()
            found = self._restricted[key] = self._space.restrict(root, cells)
        return found

    # --- what the calendar says ---

    def at(self, instant: datetime, question: Question, asker: Asker) -> Cells:
        """All that is known at an instant: what was said, registered, and what the calendar says."""
        known = self.known(question, asker)
        local = instant.astimezone(self.calendar.zone)
        stretch = state_at(self.calendar, asker.pattern, local, asker.absences)
        cells, _ = self._timed_cells(local, stretch, question.facts, asker.pattern)
        return tuple(a if b is None else b for a, b in zip(known, cells, strict=True))

    def parts(self, start: datetime, end: datetime, question: Question, asker: Asker) -> Iterator[Part]:
        """The stretches of [start, end), each with what is left of the law in it. At least one: an empty
        interval is read as the instant it starts with."""
        assert question.activity is not None
        known = self.known(question, asker)
        end = max(end, start + timedelta.resolution)
        while start < end:
            left = self._restrict(self.law.root(start.date(), question.activity), known)
            limit = min(self.law_changes(start), end)
            if self._space.depends(left, self._timed_bits):
                yield from self._timed_parts(left, start, limit, question, asker)
            else:
                yield Part(start, limit, None, left, left, self.presumed)
            start = limit

    def law_changes(self, start: datetime) -> datetime:
        """When the law itself next changes; the end of all time if it stays as it is."""
        edge = self.law.next_edge(start.date())
        return datetime.max.replace(tzinfo=start.tzinfo) if edge is None else _midnight(edge, start)

    def _timed_parts(
        self, root: int, start: datetime, end: datetime, question: Question, asker: Asker
    ) -> Iterator[Part]:
        """Piece by piece: looking far ahead costs only as far as one looks."""
        while start < end:
            stretch = state_at(self.calendar, asker.pattern, start, asker.absences)
            edge = self._edge(root, start, min(stretch.end, end))
            cells, presumed = self._timed_cells(start, stretch, question.facts, asker.pattern)
            yield Part(start, edge, stretch, root, self._restrict(root, cells), presumed)
            start = edge

    def _edge(self, root: int, start: datetime, edge: datetime) -> datetime:
        """`edge`, or before it the first time from which `root` may say another thing: a midnight where it
        depends on what changes there (the weekday, the date), and where it depends on the time of day, a time
        that a rule names."""
        if self._space.depends(root, self._daily):
            edge = min(edge, _midnight(start.date() + _ONE_DAY, start))
        if self._space.depends(root, self._by_clock):
            midnight = _midnight(start.date(), start)
            times = (midnight + timedelta(minutes=minute) for minute in self._clock_edges)
            edge = min(edge, *(time for time in times if time > start), edge)
        return edge

    def _timed_cells(
        self, start: datetime, stretch: Stretch, facts: Mapping[str, FactValue | Unknown], pattern: str | None
    ) -> tuple[Cells, Cells]:
        """The cells the calendar fixes in a stretch from `start` on, and how unknown facts are read there."""
        if self._daily:
            return self._read_calendar(start, stretch, facts, pattern)
        key = (stretch.state, stretch.absence is not None)  # all that working hours depend on
        found = self._by_state.get(key)
        if found is None:
            found = self._by_state[key] = self._read_calendar(start, stretch, facts, pattern)
        return found

    def _read_calendar(
        self, start: datetime, stretch: Stretch, facts: Mapping[str, FactValue | Unknown], pattern: str | None
    ) -> tuple[Cells, Cells]:
        cells = list(self._unknown)
        presumed = self.presumed
        for level, variable in self._timed:
            value = derived(self.calendar, pattern, variable, stretch, start, facts)
            if value in _PRESUMED_OUTSIDE:
                presumed = (*presumed[:level], variable.cell(False), *presumed[level + 1 :])
            elif value is not None and not isinstance(value, Unknown):
                cells[level] = variable.cell(value)
        return tuple(cells), presumed


def _midnight(day: date, like: datetime) -> datetime:
    """The start of `day` in the time zone of `like`."""
    return datetime.combine(day, time(), like.tzinfo)


def _cell(variable: Variable, value: FactValue) -> int:
    try:
        return variable.cell(value)
    except (ValueError, TypeError) as error:
        raise UnknownNameError(variable.fact, str(value), tuple(map(str, variable.values))) from error


def _presumption(variable: Variable, fact: Fact) -> int | None:
    return None if fact.presumption is None or not variable.values else variable.cell(fact.presumption)
