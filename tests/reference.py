"""A plain evaluator written from the definitions, by brute force: slow, and therefore easy to believe.

Nothing here is compiled or shared with the engine but the nouns. A complete situation gives every axis a
value; what is unknown is asked of every completion.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import product

from bot.model import ALLOWED, FactValue, Literal, RuleRef, VerdictKind
from bot.policy.condition import All, Condition, Not, Some, Test
from bot.policy.corpus import Circular, Corpus, Modality, Rule
from bot.vocabulary import FactKind

Axis = tuple[str, str]
"""A fact and what of it is looked at ("nilai", "hari_kerja")."""
Situation = Mapping[Axis, FactValue]

BADNESS = [
    VerdictKind.PERMITTED,
    VerdictKind.NOT_PROHIBITED,
    VerdictKind.EXEMPT,
    VerdictKind.OBLIGATORY,
    VerdictKind.NOT_COVERED,
    VerdictKind.NOT_IN_FORCE,
    VerdictKind.CONFLICT,
    VerdictKind.PROHIBITED,
]
"""Of several verdicts that could hold, the last one in this list counts."""


@dataclass(frozen=True)
class Answer:
    """The verdict on one complete situation."""

    kind: VerdictKind
    basis: frozenset[RuleRef] = frozenset()
    duties: frozenset[RuleRef] = frozenset()
    overridden: frozenset[RuleRef] = frozenset()


@dataclass(frozen=True)
class Partial:
    """The verdict with facts unknown. `headlines`: the answers any of which may be the headline."""

    kind: VerdictKind
    headlines: tuple[Answer, ...]
    certain: bool
    needs: frozenset[str]
    carriers: frozenset[RuleRef]
    completions: tuple[tuple[Situation, Answer], ...]


def holds(condition: Condition, situation: Situation) -> bool:
    match condition:
        case All(parts):
            return all(holds(part, situation) for part in parts)
        case Some(parts):
            return any(holds(part, situation) for part in parts)
        case Not(part):
            return not holds(part, situation)
        case Test(fact, values, low, high, measure):
            value = situation[fact, measure]
            if values is not None:
                return value in values
            return _above(value, low) and _below(value, high)


def _above(value: FactValue, cut: tuple[FactValue, int] | None) -> bool:
    if cut is None:
        return True
    bound, after = cut
    return value > bound if after else value >= bound  # type: ignore[operator]


def _below(value: FactValue, cut: tuple[FactValue, int] | None) -> bool:
    if cut is None:
        return True
    bound, after = cut
    return value <= bound if after else value < bound  # type: ignore[operator]


def meets(literal: Literal, situation: Situation) -> bool:
    """Whether the situation fulfils one condition of a verdict."""
    value = situation[literal.fact, literal.measure]
    if literal.value is not None:
        return value in literal.values
    return _above(value, literal.low) and _below(value, literal.high)


def axes(corpus: Corpus, regency: str) -> dict[Axis, tuple[FactValue, ...]]:
    """Every axis that a rule tests, with values enough to tell all rules apart."""
    found: dict[Axis, list[Test]] = {}
    for circular in corpus.circulars_for(regency):
        for condition in (circular.addressees, *(rule.condition for rule in circular.rules)):
            for test in _tests(condition):
                found.setdefault((test.fact, test.measure), []).append(test)
    return {axis: _values(corpus, axis, tests) for axis, tests in found.items()}


def _tests(condition: Condition) -> Iterator[Test]:
    match condition:
        case Test():
            yield condition
        case Not(part):
            yield from _tests(part)
        case All(parts) | Some(parts):
            for part in parts:
                yield from _tests(part)


def _values(corpus: Corpus, axis: Axis, tests: list[Test]) -> tuple[FactValue, ...]:
    fact = corpus.vocabulary.facts[axis[0]]
    if axis[1] == "nilai" and fact.kind in (FactKind.YES_NO, FactKind.CHOICE):
        return tuple(option.value for option in fact.options)
    bounds = sorted({cut[0] for test in tests for cut in (test.low, test.high) if cut is not None})
    found: list[FactValue] = []
    for bound in bounds:
        step = timedelta(days=1) if isinstance(bound, date) else 1
        found.extend((bound - step, bound, bound + step))  # type: ignore[operator]
    return tuple(dict.fromkeys(found)) or (0,)


class Reference:
    """The law of one regency, read off the corpus afresh for every question."""

    def __init__(self, corpus: Corpus, regency: str) -> None:
        self.corpus = corpus
        self.circulars = corpus.circulars_for(regency)
        self.axes = axes(corpus, regency)
        self._special: dict[tuple[RuleRef, RuleRef], bool] = {}

    def situations(self, known: Situation | None = None) -> Iterator[Situation]:
        """Every complete situation that agrees with what is known."""
        given = known or {}
        choices = [(given[axis],) if axis in given else values for axis, values in self.axes.items()]
        for values in product(*choices):
            yield dict(zip(self.axes, values, strict=True))

    # --- one complete situation ---

    def answer(self, day: date, activity: str, situation: Situation) -> Answer:
        in_force = self._in_force(day)
        addressing = [c for c in in_force if holds(c.addressees, situation)]
        if not any(self._speaks(self.corpus.circulars[c.id], activity) for c in addressing):
            return Answer(self._without_rules(activity, situation, addressing))
        rules = [r for c in in_force for r in c.rules if r.activity in self._line(activity)]
        amending = [c for c in self.circulars if self._amends(c, day)]
        standing = [rule for rule in rules if self._stands(rule, rules, amending, situation)]
        duties = frozenset(r.ref for r in standing if _rides(r))
        acting = [r for r in standing if not _rides(r)]
        beaten = self._beaten(acting)
        left = [r for r in acting if r not in beaten]
        kind, basis = self._resolve(left, rules, standing, situation)
        refs = frozenset(r.ref for r in basis)
        return Answer(kind, refs, duties, frozenset(r.ref for r in beaten))

    def _in_force(self, day: date) -> list[Circular]:
        begun = [c for c in self.circulars if c.since <= day]
        revoked = {name for other in begun for name in other.revokes}
        return [
            replace(c, rules=tuple(r for r in c.rules if f"{c.id}#{r.ref.rule}" not in revoked))
            for c in begun
            if not (c.until is not None and c.until <= day) and c.id not in revoked
        ]

    def _amends(self, circular: Circular, day: date) -> bool:
        """Whether what it amends is amended that day: while it is in force, and for good if it has no end
        and has ever been in force."""
        if circular.id in {c.id for c in self._in_force(day)}:
            return True
        began = circular.since <= day and circular.id in {c.id for c in self._in_force(circular.since)}
        return began and circular.until is None

    def _without_rules(self, activity: str, situation: Situation, addressing: list[Circular]) -> VerdictKind:
        ever = [c for c in self.circulars if holds(c.addressees, situation)]
        if any(self._speaks(circular, activity) for circular in ever):
            return VerdictKind.NOT_IN_FORCE
        if addressing:
            return VerdictKind.NOT_PROHIBITED
        return VerdictKind.NOT_IN_FORCE if ever else VerdictKind.NOT_COVERED

    def _line(self, activity: str) -> list[str]:
        line, current = [], activity
        while current is not None:
            line.append(current)
            current = self.corpus.vocabulary.activities[current].parent  # type: ignore[assignment]
        return line

    def _speaks(self, circular: Circular, activity: str) -> bool:
        return any(rule.activity in self._line(activity) for rule in circular.rules)

    def _applies(self, rule: Rule, situation: Situation) -> bool:
        circular = self.corpus.circulars[rule.ref.circular]
        return holds(circular.addressees, situation) and holds(rule.condition, situation)

    def _stands(self, rule: Rule, rules: list[Rule], amending: list[Circular], situation: Situation) -> bool:
        """It applies, no circular addressed to the person amends it, no standing exception names it."""
        if not self._applies(rule, situation):
            return False
        if any(rule.ref in c.amends and holds(c.addressees, situation) for c in amending):
            return False
        exceptions = [e for e in rules if self._may_lift(e, rule)]
        return not any(self._stands(e, rules, amending, situation) for e in exceptions)

    def _resolve(
        self, left: list[Rule], rules: list[Rule], standing: list[Rule], situation: Situation
    ) -> tuple[VerdictKind, list[Rule]]:
        opposed = [r for r in left if any(_contradict(r, other) for other in left)]
        if opposed:
            return VerdictKind.CONFLICT, opposed
        bans = [r for r in left if r.modality is Modality.PROHIBITION]
        others = [r for r in left if r.modality is not Modality.PROHIBITION]
        if bans:
            return VerdictKind.PROHIBITED, bans
        duties = [r for r in others if r.modality is Modality.OBLIGATION]
        if duties:
            return VerdictKind.OBLIGATORY, duties
        applicable = [r for r in rules if self._applies(r, situation)]
        lifting = [r for r in others if r in standing and any(self._may_lift(r, t) for t in applicable)]
        if lifting:
            return VerdictKind.EXEMPT, lifting
        return (VerdictKind.PERMITTED if others else VerdictKind.NOT_PROHIBITED), others

    # --- precedence ---

    def _may_lift(self, exception: Rule, rule: Rule) -> bool:
        """It names the rule, and stands in no lesser instrument."""
        return rule.ref in exception.lifts and self._rank(exception) >= self._rank(rule)

    def _rank(self, rule: Rule) -> int:
        return self.corpus.ranks[self.corpus.circulars[rule.ref.circular].rank].order

    def _beaten(self, acting: list[Rule]) -> list[Rule]:
        """The rules that give way to one which certainly does not give way itself."""
        beaten: list[Rule] = []
        while True:
            unsure = [r for r in acting if r not in beaten]
            safe = [r for r in unsure if not any(self._beats(other, r) for other in unsure)]
            more = [r for r in unsure if any(self._beats(other, r) for other in safe)]
            if not more:
                return beaten
            beaten += more

    def _beats(self, a: Rule, b: Rule) -> bool:
        if not _contradict(a, b):
            return False
        ours, theirs = self.corpus.circulars[a.ref.circular], self.corpus.circulars[b.ref.circular]
        if ours.id == theirs.id:
            return False
        rank, other = self.corpus.ranks[ours.rank].order, self.corpus.ranks[theirs.rank].order
        if rank != other:
            return rank > other
        special, reverse = self._is_special(a, b), self._is_special(b, a)
        if special != reverse:
            return special
        return ours.enacted > theirs.enacted

    def _is_special(self, a: Rule, b: Rule) -> bool:
        pair = (a.ref, b.ref)
        if pair not in self._special:
            self._special[pair] = b.ref in a.special_to or self._is_part(a, b)
        return self._special[pair]

    def _is_part(self, a: Rule, b: Rule) -> bool:
        """Every act and situation that `a` speaks of is one that `b` does, and not the reverse."""
        if b.activity not in self._line(a.activity):
            return False
        ours = [self._applies(a, s) for s in self.situations()]
        theirs = [self._applies(b, s) for s in self.situations()]
        within = all(other for own, other in zip(ours, theirs, strict=True) if own)
        return within and (ours != theirs or a.activity != b.activity)

    # --- unknown facts ---

    def partial(self, day: date, activity: str, known: Situation, presumed: Situation) -> Partial:
        """`presumed`: how unknown axes are read in an ordinary case; one left out has no ordinary value."""
        completions = tuple((s, self.answer(day, activity, s)) for s in self.situations(known))
        return read(completions, self.axes, known, presumed)


def read(
    completions: tuple[tuple[Situation, Answer], ...],
    all_axes: Iterable[Axis],
    known: Situation,
    presumed: Situation,
) -> Partial:
    """What all completions together say."""
    ordinary = [
        answer
        for situation, answer in completions
        if all(situation[axis] == value for axis, value in presumed.items() if axis not in known)
    ]
    kind = max((answer.kind for answer in ordinary), key=BADNESS.index)
    kinds = {answer.kind for _, answer in completions}
    return Partial(
        kind=kind,
        headlines=tuple(answer for answer in ordinary if answer.kind is kind),
        certain=len(kinds) == 1,
        needs=frozenset(axis[0] for axis in all_axes if _matters(completions, axis)),
        carriers=frozenset(ref for _, a in completions if a.kind is kind for ref in a.basis),
        completions=completions,
    )


def _matters(completions: tuple[tuple[Situation, Answer], ...], axis: Axis) -> bool:
    """Whether some value of the axis, all others left as they are, changes the verdict."""
    kinds: dict[tuple[FactValue, ...], VerdictKind] = {}
    for situation, answer in completions:
        rest = tuple(value for other, value in situation.items() if other != axis)
        if kinds.setdefault(rest, answer.kind) is not answer.kind:
            return True
    return False


def _contradict(a: Rule, b: Rule) -> bool:
    """One forbids what the other allows or demands; but an exception only frees from what it names."""
    ban, other = (a, b) if a.modality is Modality.PROHIBITION else (b, a)
    if ban.modality is not Modality.PROHIBITION or other.modality is Modality.PROHIBITION:
        return False
    return not (other.modality is Modality.PERMISSION and other.lifts)


def _rides(rule: Rule) -> bool:
    return rule.modality is Modality.OBLIGATION and rule.content is not None


def sound(conditions: Iterable[Literal], partial: Partial) -> bool:
    """Whether every completion that meets the conditions is one in which the person may act."""
    wanted = tuple(conditions)
    return all(a.kind in ALLOWED for s, a in partial.completions if all(meets(c, s) for c in wanted))
