"""What of the time ahead an answer speaks of: when the act is allowed next, when it is due, and the rules of
then that are cited."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.model import (
    ALLOWED,
    Asker,
    Duty,
    Grain,
    Intent,
    Question,
    RuleRef,
    Verdict,
    VerdictKind,
    When,
    Window,
)
from bot.policy.decide import Engine, RegencyEngine
from bot.policy.duty import Duties
from bot.readings import Judged
from bot.whom import PERSONAL
from bot.worktime import Reason, stretches

_DAYS_OFF = frozenset({Reason.WEEKEND, Reason.HOLIDAY, Reason.JOINT_LEAVE})

Must = tuple[str, ...] | None
"""As `Understood.must`."""


class Prospects:
    """`now` is local to the asker's regency."""

    def __init__(self, engine: Engine, asker: Asker, now: datetime) -> None:
        self._engine, self._asker, self._now = engine, asker, now
        self._law: RegencyEngine = engine.regency(asker.regency)

    def window(self, judged: Judged) -> Window | None:
        """When the act is allowed next; now, if that was asked and it is."""
        question, window = judged.question, judged.verdict.next_permitted
        if question.intent is not Intent.WHEN_MAY_I:
            return window
        start = self._start(question)
        if window is None and judged.verdict.kind in ALLOWED:
            return self._law.next_permitted(start, question, self._asker)
        if self.idle(window):  # days off are no answer to "when may I work from home?"
            sooner = self._law.next_permitted(start, question, self._asker, eager=True)
            return window if self.idle(sooner) else sooner
        return window

    def cited(self, judged: Judged, window: Window | None, duty: Duty | None) -> Verdict:
        """The verdict with the rules that its reply speaks of. "When may I?" is answered by the window: what
        it cites are the rules that decide in it; a duty that is not now, by those that oblige then."""
        question, verdict = judged.question, judged.verdict
        if duty is not None:
            said = window or duty.missed
            obliged = verdict.kind is VerdictKind.OBLIGATORY
            return replace(verdict, contrary=() if obliged or said is None else said.contrary)
        if question.intent is not Intent.WHEN_MAY_I or window is None:
            return verdict
        then = self._engine.decide(self.opening(question, window)[0], self._asker, self._now)
        if then.kind not in ALLOWED:  # it allows under a condition: what allows then comes first
            return replace(verdict, basis=window.contrary or verdict.basis, others=(), contrary=())
        if not then.basis:
            return replace(verdict, contrary=window.contrary)
        gone = then.overridden
        return replace(verdict, basis=then.basis, others=(), contrary=window.contrary, overridden=gone)

    def opening(self, question: Question, window: Window | None) -> tuple[Question, tuple[str, ...]]:
        """Of "when may I?": the question at the time of the window, and what of the person its conditions
        ask; else the question as it is."""
        if question.intent is not Intent.WHEN_MAY_I or window is None:
            return question, ()
        facts = tuple(literal.fact for literal in window.conditions if literal.fact in PERSONAL)
        return replace(question, when=When(window.start, None, Grain.INSTANT)), facts

    def idle(self, window: Window | None) -> bool:
        """Whether a stretch goes from midnight to midnight and holds days off only."""
        if window is None or window.end is None:
            return False
        edges = (window.start, window.end)
        if any(edge.hour or edge.minute for edge in edges):
            return False
        found = stretches(self._law.calendar, self._asker.pattern, *edges, self._asker.absences)
        return all(stretch.reason in _DAYS_OFF for stretch in found)

    # --- duties ---

    def duty(self, judged: Judged, must: Must) -> Duty | None:
        """When the act is obligatory, if that is what the question is about: it asks "wajib?", the act is a
        matter of duty alone, or it is obligatory. None otherwise."""
        question, kind = judged.question, judged.verdict.kind
        if question.activity is None or kind not in ALLOWED:
            return None
        found, obliged = Duties(self._law), kind is VerdictKind.OBLIGATORY
        asked = must is not None and found.concerns(question.activity)
        alone = kind is not VerdictKind.PERMITTED and found.only(question.activity)
        if not (asked or alone or obliged):
            return None
        return found.find(question, self._asker, self._start(question))

    def accompanying(self, judged: Judged, must: Must) -> tuple[RuleRef, ...]:
        """The duties that come with the act, if the question is whether something has to be done meanwhile.
        "Harus akun resmi?" asks for a condition of the act instead."""
        question, kind = judged.question, judged.verdict.kind
        if must is None or any(variable.fact in must for variable in self._law.law.variables):
            return ()
        if kind in (VerdictKind.NOT_COVERED, VerdictKind.NOT_IN_FORCE):
            return ()
        return Duties(self._law).accompanying(question, self._asker, self._start(question))

    def _start(self, question: Question) -> datetime:
        when = question.when
        return self._now if when is None or when.start is None else when.start
