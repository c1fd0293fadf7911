"""Situations that tell the rules of a circular apart, found by trying them on the compiled law.

A situation is an act, a moment of the asker's own calendar and facts that are said. Only such are kept whose
verdict is certain, that no caution goes with, and about which the circular leaves no open question: a
question about anything else would teach something that may be wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import islice, product

from bot.campaigns.moments import Moment, moments
from bot.model import ALLOWED, Asker, FactValue, Grain, Intent, Question, RuleRef, VerdictKind, When
from bot.policy.condition import ALWAYS, Measure, Variable, tests_in
from bot.policy.corpus import Circular, Modality, Note, OpenQuestion, Rule
from bot.policy.decide import RegencyEngine
from bot.policy.derived import HOLIDAY, IN_WORKING_HOURS, KINDS
from bot.policy.finding import Finding
from bot.policy.situation import Part
from bot.worktime import cautions

_MOST = 1500
"""Combinations of facts that are tried for one act at one moment; the most ordinary come first."""
_MOST_FACTS = 5
"""More make no sentence for a small phone."""
_ONE_DAY = timedelta(days=1)
_CLEAR = frozenset(
    {VerdictKind.PROHIBITED, VerdictKind.PERMITTED, VerdictKind.EXEMPT, VerdictKind.NOT_PROHIBITED}
)
"""Verdicts that "may I?" has a plain answer for."""


class Sort(StrEnum):
    """What a situation shows."""

    FORBIDDEN = "forbidden"  # a ban, plainly
    EXCEPTION = "exception"  # an exception with all its conditions
    NEAR = "near"  # a condition is missing, or it is just outside the ban


@dataclass(frozen=True, slots=True)
class Situation:
    """`rule`: the clause that it is about. `facts`: those that are said, in the order of saying. `moments`:
    when it can be asked about; the law says the same at each of them."""

    sort: Sort
    rule: RuleRef
    activity: str
    facts: Mapping[str, FactValue]
    moments: tuple[datetime, ...]

    def question(self, at: datetime) -> Question:
        return Question(Intent.MAY_I, self.activity, When(at, None, Grain.INSTANT), self.facts)


def situations(engine: RegencyEngine, circular: Circular, asker: Asker, day: date) -> tuple[Situation, ...]:
    """All that were found for `asker` in the days after `day` on which the circular is in force, in an order
    that is always the same."""
    found = _Finder(engine, circular, replace(asker, absences=()), day).found()
    return tuple(sorted(found, key=lambda s: (s.sort, s.rule.rule, s.activity, str(s.facts))))


class _Finder:
    def __init__(self, engine: RegencyEngine, circular: Circular, asker: Asker, day: date) -> None:
        self._engine, self._circular, self._asker = engine, circular, asker
        self._law = engine.law
        self._vocabulary = engine.law.corpus.vocabulary
        self._first = max(day + _ONE_DAY, circular.since)
        self._rules = {rule.ref: rule for rule in circular.rules}
        self._order = {name: n for n, name in enumerate(self._vocabulary.facts)}

    def found(self) -> Iterator[Situation]:
        acts = dict.fromkeys(rule.activity for rule in self._circular.rules if not rule.rides_along)
        for act in acts:
            for alike in self._alike(act):
                shown: dict[object, tuple[Sort, RuleRef, dict[str, FactValue]]] = {}
                for facts in self._combinations(act, alike[0]):
                    for sort, rule, kept in self._shown(act, alike[0], facts):
                        shown.setdefault((sort, rule, *kept.items()), (sort, rule, kept))
                times = tuple(moment.at for moment in alike)
                yield from (Situation(sort, rule, act, kept, times) for sort, rule, kept in shown.values())

    def _alike(self, act: str) -> Iterable[list[Moment]]:
        """The moments of the days to come, those together of which the law says the same."""
        groups: dict[object, list[Moment]] = {}
        for moment in self._moments(act):
            question = self._question(act, moment, moment.said)
            cells = self._engine.situations.at(moment.at, question, self._asker)
            part = self._part(act, moment, moment.said)
            careful = bool(cautions(self._engine.calendar, moment.stretch))
            key = (part.law, cells, careful, tuple(moment.said.items()))
            groups.setdefault(key, []).append(moment)
        return groups.values()

    def _moments(self, act: str) -> Iterable[Moment]:
        """Those of the days to come; working hours are said only where the law on this act asks for them."""
        found: dict[object, Moment] = {}
        for moment in moments(self._engine, self._asker, self._first, self._circular.until):
            support = self._law.space.support(self._law.root(moment.at.date(), act))
            if IN_WORKING_HOURS not in {self._law.variables[level].fact for level in support}:
                moment = replace(moment, said={})
            found.setdefault((moment.at, tuple(moment.said.items())), moment)
        return found.values()

    # --- what can be said ---

    def _combinations(self, act: str, moment: Moment) -> Iterator[dict[str, FactValue]]:
        """Values of the facts on which the verdict depends here; those of an ordinary act first."""
        root = self._part(act, moment, moment.said).root
        tested = [self._law.variables[level] for level in sorted(self._law.space.support(root))]
        variables = [variable for variable in tested if self._can_be_said(variable)]
        names = [variable.fact for variable in variables]
        for values in islice(product(*map(self._values, variables)), _MOST):
            yield {**moment.said, **dict(zip(names, values, strict=True))}

    def _can_be_said(self, variable: Variable) -> bool:
        """Whether it is something to state in a sentence: no judgement of a superior's, no deadline."""
        return self._vocabulary.facts[variable.fact].source is None and variable.measure == Measure.VALUE

    def _values(self, variable: Variable) -> list[FactValue]:
        presumed = self._vocabulary.facts[variable.fact].presumption
        values = [value_in(variable, cell) for cell in range(variable.size)]
        return sorted(values, key=lambda value: value != presumed)

    def _question(self, act: str, moment: Moment, facts: Mapping[str, FactValue]) -> Question:
        return Question(Intent.MAY_I, act, When(moment.at, None, Grain.INSTANT), self._ordered(facts))

    def _ordered(self, facts: Mapping[str, FactValue]) -> dict[str, FactValue]:
        """The time first, then as the vocabulary has them."""
        return {name: facts[name] for name in sorted(facts, key=lambda n: (n not in KINDS, self._order[n]))}

    # --- what the law says ---

    def _part(self, act: str, moment: Moment, facts: Mapping[str, FactValue]) -> Part:
        question = self._question(act, moment, facts)
        return next(self._engine.situations.parts(moment.at, moment.at, question, self._asker))

    def _finding(self, act: str, moment: Moment, facts: Mapping[str, FactValue]) -> Finding | None:
        """What the law says, if that is something to ask about."""
        part = self._part(act, moment, facts)
        found = self._headline(part)
        if not found.certain or found.kind not in _CLEAR or self._is_unsure(part, moment):
            return None
        return found

    def _headline(self, part: Part) -> Finding:
        return self._engine.reader.finding(part.root, part.presumed)

    def _is_unsure(self, part: Part, moment: Moment) -> bool:
        """Whether the answer rests on hours or holidays about which the calendar has a doubt."""
        tested = {self._law.variables[level].fact for level in self._law.space.support(part.law)}
        doubts = cautions(self._engine.calendar, moment.stretch)
        return (
            part.stretch is not None and bool(doubts) and not tested.isdisjoint((IN_WORKING_HOURS, HOLIDAY))
        )

    # --- what it shows ---

    def _shown(
        self, act: str, moment: Moment, facts: Mapping[str, FactValue]
    ) -> Iterator[tuple[Sort, RuleRef, dict[str, FactValue]]]:
        finding = self._finding(act, moment, facts)
        if finding is None:
            return
        for sort, rule in self._sorts(act, moment, facts, finding):
            kept = self._shortest(act, moment, facts, self._told_anyway(rule, sort))
            open_ = self._is_open(self._question(act, moment, kept), {rule, *finding.basis})
            if not open_ and len(kept) <= _MOST_FACTS and self._is_still_right(act, moment, kept, finding):
                yield sort, rule, self._ordered(kept)

    def _is_still_right(
        self, act: str, moment: Moment, kept: Mapping[str, FactValue], finding: Finding
    ) -> bool:
        """Whether with fewer facts said it is still surely allowed, of the narrower acts too."""
        return finding.kind not in ALLOWED or self._holds_for_all_kinds(act, moment, kept)

    def _sorts(
        self, act: str, moment: Moment, facts: Mapping[str, FactValue], finding: Finding
    ) -> Iterator[tuple[Sort, RuleRef]]:
        own = [ref for ref in finding.basis if ref in self._rules]
        match finding.kind:
            case VerdictKind.PROHIBITED if own and len(finding.basis) == 1:
                missed = self._missed(act, moment, facts, own[0])
                yield (Sort.FORBIDDEN, own[0]) if missed is None else (Sort.NEAR, missed)
            case _ if not self._holds_for_all_kinds(act, moment, facts):
                return
            case VerdictKind.EXEMPT if own:
                yield Sort.EXCEPTION, own[0]
            case VerdictKind.NOT_PROHIBITED if self._all_is_known(act, moment):
                passed = self._passed_by(act, moment, facts)
                if passed is not None:
                    yield Sort.NEAR, passed

    def _missed(
        self, act: str, moment: Moment, facts: Mapping[str, FactValue], ban: RuleRef
    ) -> RuleRef | None:
        """The exception that one fact alone keeps from holding, while another of its conditions does."""
        for rule in self._rules.values():
            tested = {test.fact for test in tests_in(rule.condition)} & (facts.keys() - moment.said.keys())
            if ban in rule.lifts and len(tested) > 1 and self._one_away(rule, tested, act, moment, facts):
                return rule.ref
        return None

    def _passed_by(self, act: str, moment: Moment, facts: Mapping[str, FactValue]) -> RuleRef | None:
        """A ban that would hold if one fact, or the time, were another."""
        line = self._vocabulary.lineage(act)
        bans = (r for r in self._rules.values() if r.modality is Modality.PROHIBITION and r.activity in line)
        tests = {rule.ref: {test.fact for test in tests_in(rule.condition)} for rule in bans}
        # The ban that most of what is said is about comes first.
        for ref in sorted(tests, key=lambda ref: -len(tests[ref] & facts.keys())):
            tested = tests[ref] & (facts.keys() | KINDS.keys())
            if self._one_away(self._rules[ref], tested, act, moment, facts):
                return ref
        return None

    def _one_away(
        self, rule: Rule, tested: Iterable[str], act: str, moment: Moment, facts: Mapping[str, FactValue]
    ) -> bool:
        """Whether another value of one of the facts `tested` ordinarily brings the rule to bear."""
        for variable in self._law.variables:
            if variable.fact in tested and variable.measure == Measure.VALUE:
                for cell in range(variable.size):
                    other = {**facts, variable.fact: value_in(variable, cell)}
                    if rule.ref in self._headline(self._part(act, moment, other)).basis:
                        return True
        return False

    def _holds_for_all_kinds(self, act: str, moment: Moment, facts: Mapping[str, FactValue]) -> bool:
        """Whether what is allowed of the act is surely allowed of every narrower one: "using media: yes"
        would teach that streaming is allowed too."""
        for narrower in self._vocabulary.kinds_of(act):
            found = self._headline(self._part(narrower, moment, facts))
            if not (found.certain and found.kind in ALLOWED):
                return False
            if not self._holds_for_all_kinds(narrower, moment, facts):
                return False
        return True

    def _all_is_known(self, act: str, moment: Moment) -> bool:
        """Whether every circular that speaks of the act is registered whole: else not to have found a ban
        says little."""
        in_force = self._law.in_force(moment.at.date())
        return all(circular.complete for circular in in_force if self._law.rules([circular], act))

    def _told_anyway(self, rule: RuleRef, sort: Sort) -> frozenset[str]:
        """Facts told although the verdict is certain without them: the conditions of an exception."""
        found = self._rules[rule]
        if sort is Sort.FORBIDDEN or found.modality is Modality.PROHIBITION:
            return frozenset()
        return frozenset(test.fact for test in tests_in(found.condition))

    def _shortest(
        self, act: str, moment: Moment, facts: Mapping[str, FactValue], told: frozenset[str]
    ) -> dict[str, FactValue]:
        """The facts without those that change nothing, the last ones dropped first."""
        whole = self._finding(act, moment, facts)
        kept = dict(facts)
        for name in sorted(facts, key=self._order.__getitem__, reverse=True):
            if name not in told and name not in moment.said:
                fewer = {other: value for other, value in kept.items() if other != name}
                found = self._finding(act, moment, fewer)
                if found is not None and whole is not None and _same(found, whole):
                    kept = fewer
        return kept

    def _is_open(self, question: Question, rules: set[RuleRef]) -> bool:
        """Whether the circular leaves something open about exactly this, or somebody's opinion differs."""
        entries: tuple[OpenQuestion | Note, ...] = (
            *self._circular.open_questions,
            *(note for note in self._circular.notes if note.kind == "pendapat"),
        )
        return any(
            entry.condition != ALWAYS
            and (not entry.rules or not rules.isdisjoint(entry.rules))
            and self._engine.situations.possible(entry.condition, question, self._asker)
            for entry in entries
        )


def _same(a: Finding, b: Finding) -> bool:
    return (a.kind, a.basis) == (b.kind, b.basis)


def value_in(variable: Variable, cell: int) -> FactValue:
    """A value that lies in the cell."""
    if variable.values:
        return variable.values[cell]
    low, high = variable.bounds(cell)
    bound = (low or high or (0, 0))[0]
    step = _ONE_DAY if isinstance(bound, date) else 1
    for candidate in (bound, bound + step, bound - step):  # type: ignore[operator]
        if variable.cell(candidate) == cell:
            return candidate
    raise LookupError(f"no whole value lies in cell {cell} of {variable.fact}")
