"""From a question and its asker to a verdict: the compiled law, the calendar and the facts meet here.

A verdict can change only from one part of a situation to the next. Everything is an argument: `now` too.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import reduce

from bot.model import ALLOWED, Asker, Question, Segment, Unknown, Verdict, VerdictKind, Window
from bot.policy.corpus import Corpus
from bot.policy.derived import HOLIDAY, IN_WORKING_HOURS
from bot.policy.diagram import bits
from bot.policy.finding import Finding, Headline, Reader, worse
from bot.policy.law import RegencyLaw
from bot.policy.situation import STATUS, UNIT, Cells, Part, Situations, UnknownNameError
from bot.worktime import Calendar, cautions, in_working_hours

HORIZON = timedelta(days=35)
"""How far ahead a change or a permitted window is looked for."""

_RESTRAINED = frozenset({VerdictKind.PROHIBITED, VerdictKind.CONFLICT})
"""The verdicts that make people ask when they may; for want of a circular nothing ever permits."""

_MEMO_LIMIT = 100_000


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
        self.situations = Situations(self.law)
        facts = corpus.vocabulary.facts
        variables = tuple(enumerate(self.law.variables))
        self._clocked = bits(i for i, v in variables if v.fact in (IN_WORKING_HOURS, HOLIDAY))
        fixed = (i for i, v in variables if facts[v.fact].source in ("pegawai", "atasan"))
        self.reader = Reader(self.law, frozenset(fixed))
        self._verdicts: dict[object, Verdict] = {}
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

    def _headline(self, part: Part) -> Headline:
        return self.reader.headline(part.root, part.presumed)

    # --- instants and intervals ---

    def _at(self, start: datetime, question: Question, asker: Asker, now: datetime) -> Verdict:
        parts = self.situations.parts(start, start + HORIZON, question, asker)
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
        if here.stretch is None or self.situations.by_day:
            return None
        known = self.situations.known(question, asker)
        stretch = here.stretch.start, here.stretch.end
        return (question.activity, asker.pattern, asker.absences, known, stretch, here.law)

    def _within(
        self, start: datetime, end: datetime, question: Question, asker: Asker, now: datetime
    ) -> Verdict:
        parts = tuple(self.situations.parts(start, end, question, asker))
        roots = list(dict.fromkeys(part.root for part in parts))
        root = reduce(lambda a, b: self.law.space.combine(worse, a, b), roots)
        finding = self.reader.finding(root, self._presumed_of_all(parts))
        upcoming = self._upcoming(finding, max(start, now), question, asker)
        segments = self._segments(parts)
        return _verdict(finding, self._cautions(parts), segments=segments, next_permitted=upcoming)

    def _presumed_of_all(self, parts: tuple[Part, ...]) -> Cells:
        """How unknown facts are read over an interval: as in the parts that depend on them; where those
        disagree (a break, and hours that are unknown) nothing is presumed."""
        presumed = list(self.situations.presumed)
        for level in self.situations.timed:
            readings = {p.presumed[level] for p in parts if level in self.law.space.support(p.root)}
            if readings:
                presumed[level] = readings.pop() if len(readings) == 1 else None
        return tuple(presumed)

    def _segments(self, parts: tuple[Part, ...]) -> tuple[Segment, ...]:
        merged: list[Segment] = []
        for part in parts:
            kind = self._headline(part).outcome.kind
            if merged and merged[-1].kind is kind:
                merged[-1] = replace(merged[-1], end=part.end)
            else:
                merged.append(Segment(part.start, part.end, kind))
        return tuple(merged)

    # --- the next window ---

    def _upcoming(self, finding: Finding, start: datetime, question: Question, asker: Asker) -> Window | None:
        return self.next_permitted(start, question, asker) if finding.kind in _RESTRAINED else None

    def next_permitted(
        self, start: datetime, question: Question, asker: Asker, *, eager: bool = False
    ) -> Window | None:
        """The first stretch from `start` on in which the act is allowed under ordinary presumptions; else
        the first in which some condition allows it; None if nothing does within the horizon. `eager`: the
        first in which it is allowed at all, be it under a condition."""
        start = start.astimezone(self.calendar.zone)
        conditional: Window | None = None
        current: Window | None = None
        allowed = False
        for part in self.situations.parts(start, start + HORIZON, question, asker):
            headline = self._headline(part)
            permits = headline.outcome.kind in ALLOWED
            if current is not None and (permits, headline.conditions) == (allowed, current.conditions):
                current = replace(current, end=part.end)
                continue
            if allowed or (eager and current is not None):
                return current
            conditional = conditional or current
            if conditional and not permits and self._hopeless(part):
                return conditional
            opens = permits or bool(headline.conditions)
            window = Window(part.start, part.end, headline.conditions, headline.contrary)
            current, allowed = window if opens else None, permits
        open_ended = replace(current, end=None) if current is not None else None
        return open_ended if allowed else conditional or open_ended

    def _hopeless(self, part: Part) -> bool:
        """Whether no time within the horizon allows the act under ordinary presumptions."""
        found = self._hopes.get(part.law)
        if found is None:
            presumed, timed = self.situations.presumed, self.situations.timed
            found = self._hopes[part.law] = self.reader.hopeful(part.law, presumed, timed)
        return not found and self.situations.law_changes(part.start) >= part.start + HORIZON

    # --- cautions ---

    def _cautions(self, parts: tuple[Part, ...]) -> tuple[str, ...]:
        """What the reply must warn of, where the verdict hangs on hours or holidays at all."""
        found: list[str] = []
        for part in parts:
            if part.stretch is None or not self.law.space.depends(part.law, self._clocked):
                continue
            found.extend(cautions(self.calendar, part.stretch))
            if in_working_hours(self.calendar, part.stretch) is Unknown.HOURS_UNKNOWN:
                found.append("hours_unknown")
        return tuple(dict.fromkeys(found))


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
