"""What obliges a person to an act, and by when: the other side of "may I?".

A duty is read off the same diagrams as a verdict: where the outcome is obligatory, and under which
conditions that is so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from bot.model import ALLOWED, Asker, Duty, Question, RuleRef, Window
from bot.policy.condition import Measure, Test, tests_in
from bot.policy.corpus import Modality
from bot.policy.decide import HORIZON, RegencyEngine
from bot.policy.situation import Part
from bot.vocabulary import FactKind

AHEAD = timedelta(days=366)
"""How far ahead a duty is looked for: people ask early when something is due."""


class Duties:
    """The duties of one regency's law."""

    def __init__(self, engine: RegencyEngine) -> None:
        self._engine = engine
        self._law = engine.law

    def concerns(self, activity: str) -> bool:
        """Whether some rule, in force or not, makes the act itself obligatory."""
        rules = self._law.rules(self._law.circulars, activity)
        return any(rule.modality is Modality.OBLIGATION and not rule.rides_along for rule in rules)

    def only(self, activity: str) -> bool:
        """Whether the act is a matter of duty alone: something obliges to it, and nothing forbids it."""
        rules = self._law.rules(self._law.circulars, activity)
        return self.concerns(activity) and all(r.modality is not Modality.PROHIBITION for r in rules)

    def accompanying(self, question: Question, asker: Asker, start: datetime) -> tuple[RuleRef, ...]:
        """The duties that come with the act where it is allowed, whatever is unknown."""
        part = next(self._parts(start, start, question, asker))
        outcomes = self._law.space.outcomes(part.root)
        found = (ref for outcome in outcomes if outcome.kind in ALLOWED for ref in outcome.duties)
        return tuple(dict.fromkeys(found))

    def find(self, question: Question, asker: Asker, start: datetime) -> Duty:
        """When `question.activity` is obligatory, from `start` on."""
        window = next(self._windows(start, start + AHEAD, question, asker), None)
        earlier = self._windows(start - HORIZON, start, question, asker)
        ended = [w for w in earlier if w.end is not None and w.end < start and self._limits(w, w.end)]
        missed = ended[-1] if ended else None
        if window is None:
            return Duty(missed=missed)
        limited = window.end is not None and self._limits(window, window.end)
        return Duty(window, limited, self._begins(window), missed)

    def _parts(self, start: datetime, end: datetime, question: Question, asker: Asker) -> Iterator[Part]:
        local = start.astimezone(self._engine.calendar.zone)
        return self._engine.situations.parts(local, end, question, asker)

    def _windows(self, start: datetime, end: datetime, question: Question, asker: Asker) -> Iterator[Window]:
        """The stretches of [start, end) in which the act is obligatory, or is under some conditions."""
        current: Window | None = None
        for part in self._parts(start, end, question, asker):
            duty = self._engine.reader.obliging(part.root, part.presumed)
            if current is not None and duty == (current.conditions, current.contrary):
                current = replace(current, end=part.end)
                continue
            if current is not None:
                yield current
            current = None if duty is None else Window(part.start, part.end, *duty)
        if current is not None:
            yield replace(current, end=None) if end > start + HORIZON else current

    # --- why a window starts or ends when it does ---

    def _limits(self, window: Window, end: datetime) -> bool:
        return any(
            test.high is not None and _at(self._kind(test), test.high, end) for test in self._tests(window)
        )

    def _begins(self, window: Window) -> bool:
        circulars = (self._law.corpus.circulars[ref.circular] for ref in window.contrary)
        if any(_midnight(circular.since, window.start) == window.start for circular in circulars):
            return True
        dated = (test for test in self._tests(window) if self._kind(test) is FactKind.DATE)
        return any(test.low is not None and _at(FactKind.DATE, test.low, window.start) for test in dated)

    def _tests(self, window: Window) -> Iterator[Test]:
        for ref in window.contrary:
            yield from (
                test
                for test in tests_in(self._law.corpus.rule(ref).condition)
                if test.measure == Measure.VALUE
            )

    def _kind(self, test: Test) -> FactKind:
        return self._law.corpus.vocabulary.facts[test.fact].kind


def _at(kind: FactKind, cut: tuple[int | float | date, int], instant: datetime) -> bool:
    """Whether a bound on the date or on the time of day lies at this instant."""
    bound, after = cut
    if kind is FactKind.DATE and isinstance(bound, date):
        return _midnight(bound + timedelta(days=after), instant) == instant
    return kind is FactKind.CLOCK and instant.hour * 60 + instant.minute == bound


def _midnight(day: date, like: datetime) -> datetime:
    return datetime.combine(day, time(), like.tzinfo)
