"""From a question and its asker to a verdict: the compiled law, the calendar and the facts meet here.

Time enters only through facts derived from the regency's calendar, so a verdict can change only where the
calendar or the law does. Everything is an argument: `now` too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import reduce

from bot.model import (
    ALLOWED,
    Asker,
    FactValue,
    Question,
    Segment,
    Unknown,
    Verdict,
    VerdictKind,
    Window,
)
from bot.policy.condition import Condition, Measure, Variable
from bot.policy.corpus import Corpus
from bot.policy.derived import CLOCK, HOLIDAY, IN_WORKING_HOURS, clock_edges, derived, is_derived
from bot.policy.finding import Finding, Reader, worse
from bot.policy.law import RegencyLaw
from bot.vocabulary import Fact
from bot.worktime import Calendar, State, Stretch, cautions, in_working_hours, state_at

STATUS = "status"
UNIT = "unit"

HORIZON = timedelta(days=35)
"""How far ahead a change or a permitted window is looked for."""

_RESTRAINED = frozenset({VerdictKind.PROHIBITED, VerdictKind.CONFLICT})
"""The verdicts that make people ask when they may; for want of a circular nothing ever permits."""

_PRESUMED_OUTSIDE = frozenset({Unknown.BREAK_UNREGULATED, Unknown.LEAVE_UNREGULATED})
"""Time that lies outside the counted hours unless the regency says otherwise."""

_MEMO_LIMIT = 100_000
_ONE_DAY = timedelta(days=1)

_Cells = tuple[int | None, ...]
_Span = tuple[datetime, datetime, Stretch]


class UnknownNameError(ValueError):
    """A regency, status, unit or pattern that policies/ does not have. `known` lists those it has."""

    def __init__(self, kind: str, value: str, known: tuple[str, ...]) -> None:
        super().__init__(f"{kind} '{value}' is not known; known: {', '.join(known)}")
        self.kind, self.value, self.known = kind, value, known


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of time through which law and calendar say the same: `root` is the diagram of outcomes
    left once time and known facts are fixed, `presumed` how unknown facts are read. `stretch`: what the
    calendar says, None where the law does not ask it; `law`: the diagram before the calendar was asked."""

    start: datetime
    end: datetime
    stretch: Stretch | None
    law: int
    root: int
    presumed: _Cells


class Engine:
    """Answers questions from one corpus. Compiles a regency's law when it is first asked about."""

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus
        self._laws: dict[str, RegencyEngine] = {}

    def regency(self, regency: str) -> RegencyEngine:
        """Raises UnknownNameError for a regency that is not registered."""
        engine = self._laws.get(regency)
        if engine is None:
            if regency not in self.corpus.regencies:
                raise UnknownNameError("regency", regency, tuple(self.corpus.regencies))
            engine = self._laws[regency] = RegencyEngine(self.corpus, regency)
        return engine

    def check(self, asker: Asker) -> None:
        """Raises UnknownNameError where a name of the asker is not in policies/."""
        vocabulary = self.corpus.vocabulary
        calendar = self.regency(asker.regency).calendar
        patterns = calendar.pattern_ids
        for kind, value, known in (
            (STATUS, asker.status, vocabulary.statuses),
            (UNIT, asker.unit, vocabulary.units),
            ("pattern", asker.pattern, patterns),
        ):
            if value is not None and value not in known:
                raise UnknownNameError(kind, value, tuple(known))

    def known(self, asker: Asker) -> Asker:
        """The asker without what the corpus no longer knows: a profile can be older than the corpus."""
        try:
            self.check(asker)
        except UnknownNameError:
            return self._without_unknown(asker)
        return asker

    def _without_unknown(self, asker: Asker) -> Asker:
        vocabulary = self.corpus.vocabulary
        patterns = self.regency(asker.regency).calendar.pattern_ids
        return replace(
            asker,
            status=asker.status if asker.status in vocabulary.statuses else None,
            unit=asker.unit if asker.unit in vocabulary.units else None,
            pattern=asker.pattern if asker.pattern in patterns else None,
        )

    def decide(self, question: Question, asker: Asker, now: datetime) -> Verdict:
        """The verdict on `question.activity` at `question.when` (`now` if no time was said).

        `question.when` must be resolved (start set). Raises UnknownNameError, ValueError without an act.
        """
        return self.regency(asker.regency).decide(question, asker, now)


class RegencyEngine:
    """The compiled law of one regency with its calendar."""

    def __init__(self, corpus: Corpus, regency: str) -> None:
        self.law = RegencyLaw(corpus, regency)
        self.calendar: Calendar = self.law.regency.calendar
        facts = corpus.vocabulary.facts
        variables = self.law.variables
        self.presumed = tuple(_presumption(v, facts[v.fact]) for v in variables)
        self._clocked = frozenset(i for i, v in enumerate(variables) if v.fact in (IN_WORKING_HOURS, HOLIDAY))
        self._daily = frozenset(
            i for i, v in enumerate(variables) if is_derived(v) and v.fact != IN_WORKING_HOURS
        )
        self._by_clock = frozenset(i for i, v in enumerate(variables) if v.fact == CLOCK)
        self._clock_edges = clock_edges(variables)
        self._timed = tuple((level, v) for level, v in enumerate(variables) if is_derived(v))
        fixed = (i for i, v in enumerate(variables) if facts[v.fact].source in ("pegawai", "atasan"))
        self.reader = Reader(self.law.space, variables, frozenset(fixed))
        self._restricted: dict[tuple[int, _Cells], int] = {}
        self._moving: dict[int, bool] = {}
        self._knowns: dict[object, _Cells] = {}
        self._verdicts: dict[object, Verdict] = {}
        self._by_state: dict[tuple[State, bool], tuple[_Cells, _Cells]] = {}
        self._hopes: dict[int, bool] = {}

    def decide(self, question: Question, asker: Asker, now: datetime) -> Verdict:
        if question.activity is None:
            raise ValueError("a verdict needs an act")
        when = question.when
        start = now if when is None or when.start is None else when.start
        start = start.astimezone(self.calendar.zone)
        if when is None or when.end is None:
            return self._at(start, question, asker, now)
        return self._within(start, when.end.astimezone(self.calendar.zone), question, asker, now)

    def _finding(self, part: Part) -> Finding:
        return self.reader.finding(part.root, part.presumed)

    # --- instants and intervals ---

    def _at(self, start: datetime, question: Question, asker: Asker, now: datetime) -> Verdict:
        parts = self.parts(start, start + HORIZON, question, asker)
        here = next(parts)
        key = self._same_all_through(here, question, asker) if now <= start else None
        found = None if key is None else self._verdicts.get(key)
        if found is None:
            finding = self._finding(here)
            until = next((part.start for part in parts if self._finding(part) != finding), None)
            upcoming = self._upcoming(finding, max(start, now), question, asker)
            found = _verdict(finding, self._cautions((here,)), valid_until=until, next_permitted=upcoming)
            if key is not None and _settled(found, start):
                if len(self._verdicts) > _MEMO_LIMIT:
                    self._verdicts.clear()
                self._verdicts[key] = found
        return found

    def _same_all_through(self, here: Part, question: Question, asker: Asker) -> object:
        """What a verdict about an instant depends on besides which stretch of the calendar it lies in; None
        where a day of its own matters."""
        if here.stretch is None or self._daily:
            return None
        known = self.known(question, asker)
        stretch = here.stretch.start, here.stretch.end
        return (question.activity, asker.pattern, asker.absences, known, stretch, here.law)

    def _within(
        self, start: datetime, end: datetime, question: Question, asker: Asker, now: datetime
    ) -> Verdict:
        parts = tuple(self.parts(start, end, question, asker))
        roots = list(dict.fromkeys(part.root for part in parts))
        root = reduce(lambda a, b: self.law.space.combine(worse, a, b), roots)
        finding = self.reader.finding(root, self._presumed_of_all(parts))
        upcoming = self._upcoming(finding, max(start, now), question, asker)
        segments = self._segments(parts)
        return _verdict(finding, self._cautions(parts), segments=segments, next_permitted=upcoming)

    def _presumed_of_all(self, parts: tuple[Part, ...]) -> _Cells:
        """How unknown facts are read over an interval: as in the parts that depend on them; where those
        disagree (a break, and hours that are unknown) nothing is presumed."""
        presumed = list(self.presumed)
        for level, _ in self._timed:
            readings = {p.presumed[level] for p in parts if level in self.law.space.support(p.root)}
            if readings:
                presumed[level] = readings.pop() if len(readings) == 1 else None
        return tuple(presumed)

    def _segments(self, parts: tuple[Part, ...]) -> tuple[Segment, ...]:
        merged: list[Segment] = []
        for part in parts:
            kind = self._finding(part).kind
            if merged and merged[-1].kind is kind:
                merged[-1] = replace(merged[-1], end=part.end)
            else:
                merged.append(Segment(part.start, part.end, kind))
        return tuple(merged)

    # --- the next window ---

    def _upcoming(self, finding: Finding, start: datetime, question: Question, asker: Asker) -> Window | None:
        return self.next_permitted(start, question, asker) if finding.kind in _RESTRAINED else None

    def next_permitted(self, start: datetime, question: Question, asker: Asker) -> Window | None:
        """The first stretch from `start` on in which the act is allowed under ordinary presumptions; else
        the first in which some condition allows it; None if nothing does within the horizon."""
        start = start.astimezone(self.calendar.zone)
        conditional: Window | None = None
        current: Window | None = None
        allowed = False
        for part in self.parts(start, start + HORIZON, question, asker):
            finding = self._finding(part)
            permits = finding.kind in ALLOWED
            if current is not None and (permits, finding.conditions) == (allowed, current.conditions):
                current = replace(current, end=part.end)
                continue
            if allowed:
                return current
            conditional = conditional or current
            if conditional and self._hopeless(part):
                return conditional
            opens = permits or bool(finding.conditions)
            window = Window(part.start, part.end, finding.conditions, finding.contrary)
            current, allowed = window if opens else None, permits
        open_ended = replace(current, end=None) if current is not None else None
        return open_ended if allowed else conditional or open_ended

    def _hopeless(self, part: Part) -> bool:
        """Whether no time within the horizon allows the act under ordinary presumptions."""
        found = self._hopes.get(part.law)
        if found is None:
            timed = frozenset(level for level, _ in self._timed)
            found = self._hopes[part.law] = self.reader.hopeful(part.law, self.presumed, timed)
        return not found and self._next_slice(part.start) >= part.start + HORIZON

    # --- situations ---

    def parts(self, start: datetime, end: datetime, question: Question, asker: Asker) -> Iterator[Part]:
        """The stretches of [start, end), each with what is left of the law in it. At least one: an empty
        interval is read as the instant it starts with."""
        assert question.activity is not None
        known = self.known(question, asker)
        end = max(end, start + timedelta.resolution)
        while start < end:
            law = self.law.roots(start.date(), question.activity).outcome
            left = self._restrict(law, known)
            limit = min(self._next_slice(start), end)
            if self._moves(left):
                yield from self._timed_parts(left, start, limit, question, asker)
            else:
                yield Part(start, limit, None, left, left, self.presumed)
            start = limit

    def _next_slice(self, start: datetime) -> datetime:
        """When the law itself next changes."""
        edge = self.law.next_edge(start.date())
        return datetime.max.replace(tzinfo=start.tzinfo) if edge is None else _midnight(edge, start)

    def _moves(self, root: int) -> bool:
        """Whether the calendar still has a say in `root`."""
        found = self._moving.get(root)
        if found is None:
            support = self.law.space.support(root)
            found = self._moving[root] = any(level in support for level, _ in self._timed)
        return found

    def _timed_parts(
        self, root: int, start: datetime, end: datetime, question: Question, asker: Asker
    ) -> Iterator[Part]:
        for since, until, stretch in self._stretches(root, asker, start, end):
            cells, presumed = self._timed_cells(since, stretch, question.facts, asker.pattern)
            yield Part(since, until, stretch, root, self._restrict(root, cells), presumed)

    def _stretches(self, root: int, asker: Asker, start: datetime, end: datetime) -> Iterator[_Span]:
        """The calendar of [start, end), piece by piece: looking far ahead costs only as far as one looks.

        Cut at every midnight where `root` depends on what changes there (the weekday, the date), and where it
        depends on the time of day, at the times that rules name.
        """
        support = self.law.space.support(root)
        daily = not self._daily.isdisjoint(support)
        clocks = self._clock_edges if not self._by_clock.isdisjoint(support) else ()
        while start < end:
            stretch = state_at(self.calendar, asker.pattern, start, asker.absences)
            edge = min(stretch.end, end)
            if daily:
                edge = min(edge, _midnight(start.date() + _ONE_DAY, start))
            if clocks:
                midnight = _midnight(start.date(), start)
                times = (midnight + timedelta(minutes=minute) for minute in clocks)
                edge = min(edge, *(time for time in times if time > start), edge)
            yield start, edge, stretch
            start = edge

    def known(self, question: Question, asker: Asker) -> _Cells:
        """What is known without the calendar, a cell a variable. Raises UnknownNameError for a value that
        the vocabulary does not have."""
        key = (asker.status, asker.unit, tuple(question.facts.items()))
        found = self._knowns.get(key)
        if found is None:
            if len(self._knowns) > _MEMO_LIMIT:
                self._knowns.clear()
            found = self._knowns[key] = self._cells(question.facts, asker)
        return found

    def _cells(self, facts: Mapping[str, FactValue | Unknown], asker: Asker) -> _Cells:
        said: dict[str, FactValue | Unknown] = dict(facts)
        for fact, value in ((STATUS, asker.status), (UNIT, asker.unit)):
            # "Kalau perangkat desa boleh?" asks about another status than the asker's own.
            if value is not None and isinstance(said.get(fact, Unknown.NOT_KNOWN_TO_ASKER), Unknown):
                said[fact] = value
        return tuple(_cell(variable, said.get(variable.fact)) for variable in self.law.variables)

    def situation(self, instant: datetime, question: Question, asker: Asker) -> _Cells:
        """All that is known at an instant: what was said, registered, and what the calendar says."""
        known = self.known(question, asker)
        local = instant.astimezone(self.calendar.zone)
        stretch = state_at(self.calendar, asker.pattern, local, asker.absences)
        cells, _ = self._timed_cells(local, stretch, question.facts, asker.pattern)
        return tuple(a if b is None else b for a, b in zip(known, cells, strict=True))

    def _timed_cells(
        self, start: datetime, stretch: Stretch, facts: Mapping[str, FactValue | Unknown], pattern: str | None
    ) -> tuple[_Cells, _Cells]:
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
    ) -> tuple[_Cells, _Cells]:
        cells: list[int | None] = [None] * len(self.presumed)
        presumed = self.presumed
        for level, variable in self._timed:
            value = derived(self.calendar, pattern, variable, stretch, start, facts)
            if value in _PRESUMED_OUTSIDE:
                presumed = (*presumed[:level], variable.cell(False), *presumed[level + 1 :])
            elif value is not None and not isinstance(value, Unknown):
                cells[level] = variable.cell(value)
        return tuple(cells), presumed

    def possible(self, condition: Condition, question: Question, asker: Asker) -> bool:
        """Whether what is known (time aside) leaves room for `condition`."""
        root = self._restrict(self.law.holds(condition), self.known(question, asker))
        return True in self.law.space.outcomes(root)

    def _restrict(self, root: int, cells: _Cells) -> int:
        key = (root, cells)
        found = self._restricted.get(key)
        if found is None:
            if len(self._restricted) > _MEMO_LIMIT:
                self._restricted.clear()
            found = self._restricted[key] = self.law.space.restrict(root, cells)
        return found

    # --- cautions ---

    def _cautions(self, parts: tuple[Part, ...]) -> tuple[str, ...]:
        """What the reply must warn of, where the verdict hangs on hours or holidays at all."""
        found: list[str] = []
        for part in parts:
            if part.stretch is None or self._clocked.isdisjoint(self.law.space.support(part.law)):
                continue
            found.extend(cautions(self.calendar, part.stretch))
            if in_working_hours(self.calendar, part.stretch) is Unknown.HOURS_UNKNOWN:
                found.append("hours_unknown")
        return tuple(dict.fromkeys(found))


def _midnight(day: date, like: datetime) -> datetime:
    """The start of `day` in the time zone of `like`."""
    return datetime.combine(day, time(), like.tzinfo)


def _cell(variable: Variable, value: FactValue | Unknown | None) -> int | None:
    if value is None or isinstance(value, Unknown) or variable.measure != Measure.VALUE:
        return None
    try:
        return variable.cell(value)
    except (ValueError, TypeError) as error:
        raise UnknownNameError(variable.fact, str(value), tuple(map(str, variable.values))) from error


def _presumption(variable: Variable, fact: Fact) -> int | None:
    return None if fact.presumption is None or not variable.values else variable.cell(fact.presumption)


def _settled(verdict: Verdict, start: datetime) -> bool:
    """Whether nothing in the verdict hangs on the very instant `start`, nor on how far ahead was looked."""
    window = verdict.next_permitted
    if window is None:
        return verdict.valid_until is not None and verdict.kind not in _RESTRAINED
    return verdict.valid_until is not None and window.start != start and window.end is not None


def _verdict(
    finding: Finding,
    cautions: tuple[str, ...],
    *,
    segments: tuple[Segment, ...] = (),
    valid_until: datetime | None = None,
    next_permitted: Window | None = None,
) -> Verdict:
    return Verdict(
        kind=finding.kind,
        certain=finding.certain,
        needs=finding.needs,
        conditions=finding.conditions,
        basis=finding.basis,
        others=finding.others,
        contrary=finding.contrary,
        overridden=finding.overridden,
        duties=finding.duties,
        segments=segments,
        valid_until=valid_until,
        next_permitted=next_permitted,
        cautions=cautions,
    )
