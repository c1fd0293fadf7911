"""What a message can mean, each reading with its verdict: an act or its kinds, at one of several times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.dialogue import Draft
from bot.model import Asker, FactValue, Grain, Intent, Question, Unknown, Verdict, When
from bot.policy.decide import Engine
from bot.policy.derived import IN_WORKING_HOURS
from bot.policy.finding import SEVERITY
from bot.worktime import implied, resolve


@dataclass(frozen=True, slots=True)
class Judged:
    """One reading of what was asked, with its verdict."""

    question: Question
    verdict: Verdict

    @property
    def what_counts(self) -> tuple[object, ...]:
        """Readings that agree in this need not be told apart."""
        return (self.verdict.kind, self.verdict.conditions)


class Readings:
    """The readings of one draft. `now` is local to the asker's regency."""

    def __init__(self, engine: Engine, draft: Draft, asker: Asker, now: datetime) -> None:
        self._engine, self._draft, self._asker, self._now = engine, draft, asker, now
        self._regency = engine.regency(asker.regency)

    @property
    def present(self) -> When:
        return When(self._now, None, Grain.INSTANT)

    @property
    def situation(self) -> Mapping[str, FactValue | Unknown]:
        """The facts said, without those that only repeat what is known of the asker."""
        facts = self._draft.facts
        if not facts:
            return facts
        own = {"status": self._asker.status, "unit": self._asker.unit}
        return {name: value for name, value in facts.items() if own.get(name) != value}

    def ruled(self) -> bool:
        """Whether some rule speaks of the act: a neighbour of what the bot knows may be regulated here."""
        return any(map(self._regency.law.regulates, self._draft.activities))

    def judged(self) -> list[Judged]:
        """Every reading of act and time, likeliest first, with its verdict."""
        found = (self._worst(act, when) for act in self._acts() for when in self._times())
        return [judged for judged in found if judged is not None]

    def worst(self, activity: str) -> Judged | None:
        """The severest verdict on an act over all the times that may be meant; None if there is none."""
        return _severest([judged for when in self._times() if (judged := self._worst(activity, when))])

    def _times(self) -> tuple[When, ...]:
        return self._draft.times or (self.present,)

    def _acts(self) -> tuple[str, ...]:
        """The main act; with its kinds where no rule speaks of it but some of a kind ("tiktokan")."""
        main, law = self._draft.activities[0], self._regency.law
        if self._draft.act_chosen or law.regulates(main):
            return (main,)
        kinds = law.corpus.vocabulary.kinds_of(main)
        ruled = {rule.activity for circular in law.circulars for rule in circular.rules}
        return (main, *(kind for kind in kinds if kind in ruled))

    def _worst(self, activity: str, when: When) -> Judged | None:
        """The severest verdict over the times that `when` means (two breaks); None if it means none."""
        meant = resolve(when, self._regency.calendar, self._asker.pattern, self._now)
        named = [self._by_name(self._at(activity, time)) for time in meant]
        if not named and when.symbol is not None and self._named(when.symbol) is not None:
            # Hours are not registered (shift work), but the name of the time tells where it lies.
            named = [self._by_name(self._at(activity, replace(self.present, symbol=when.symbol)))]
        return _severest(named)

    def _named(self, symbol: str) -> bool | Unknown | None:
        """Whether a time named so lies in working hours, by its very name."""
        return implied(symbol, self._regency.calendar)

    def _by_name(self, judged: Judged) -> Judged:
        """ "Saat jam kerja" means working hours and not the break within them: the verdict is that of the
        name; when it is allowed again, the calendar tells. Who says that she is on duty is so whatever the
        time is called."""
        when = judged.question.when
        said = self._named(when.symbol) if when is not None and when.symbol is not None else None
        if not isinstance(said, bool):
            return judged
        stated = judged.question.facts.get(IN_WORKING_HOURS)
        facts = {**judged.question.facts, IN_WORKING_HOURS: said or stated is True}
        verdict = self._decide(replace(judged.question, facts=facts)).verdict
        verdict = replace(verdict, segments=(), next_permitted=judged.verdict.next_permitted)
        return Judged(judged.question, verdict)

    def _at(self, activity: str, when: When) -> Judged:
        intent = self._draft.intent
        asked = Intent.MAY_I if intent is Intent.OUT_OF_SCOPE else intent
        return self._decide(Question(asked, activity, when, self.situation))

    def _decide(self, question: Question) -> Judged:
        verdict = self._engine.decide(question, self._asker, self._now)
        return Judged(question, self._for_the_day(question, verdict))

    def _for_the_day(self, question: Question, verdict: Verdict) -> Verdict:
        """What somebody says of the moment ("lagi jaga malam") is not known to be so the day after."""
        if not self._regency.law.corpus.vocabulary.momentary(question.facts):
            return verdict
        start = self._now if question.when is None or question.when.start is None else question.when.start
        midnight = start.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        until = verdict.valid_until
        return replace(verdict, valid_until=min(until, midnight) if until else until)


def severity(judged: Judged) -> int:
    return SEVERITY[judged.verdict.kind]


def _severest(judged: list[Judged]) -> Judged | None:
    return max(judged, key=severity, default=None)
