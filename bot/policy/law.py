"""The law of one regency, compiled: for every act and every stretch of dates one decision diagram.

`RegencyLaw` turns the circulars that can bind someone in a regency into diagrams over one shared space,
so that verdicts of different days and acts can be compared by node number. Which circulars are in force
changes only at certain dates ("slices").
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import replace
from datetime import date
from functools import reduce
from operator import attrgetter

from bot.model import FactValue, RuleRef, VerdictKind
from bot.policy.condition import (
    All,
    Condition,
    Measure,
    Not,
    Some,
    Test,
    Variable,
    cuts_of,
    tests_in,
)
from bot.policy.corpus import Circular, Corpus, Rule, full_name
from bot.policy.diagram import Space
from bot.policy.precedence import Outcome, Precedence, Standing
from bot.vocabulary import Fact, FactKind

_KIND = attrgetter("kind")


class RegencyLaw:
    """All circulars that can bind someone in `regency`, compiled over one space of situations."""

    def __init__(self, corpus: Corpus, regency: str) -> None:
        self.corpus = corpus
        self.regency = corpus.regencies[regency]
        self.circulars = corpus.circulars_for(regency)
        self.variables = _variables(self.circulars, corpus.vocabulary.facts)
        self.index = {(v.fact, v.measure): level for level, v in enumerate(self.variables)}
        self.space = Space([variable.size for variable in self.variables])
        self._edges = _edges(self.circulars)
        self._roots: dict[tuple[int, str], int] = {}
        self._regulated: dict[str, bool] = {}
        self._kinds: dict[int, int] = {}
        self._conditions: dict[RuleRef, int] = {}
        self._dropped: frozenset[RuleRef] = frozenset()
        self.precedence = Precedence(self.circulars, corpus.ranks, self.narrower)

    # --- slices ---

    def slice_at(self, day: date) -> int:
        """The number of the slice of dates that `day` lies in; the law is the same all through a slice."""
        return bisect_right(self._edges, day)

    def slice_days(self) -> tuple[date, ...]:
        """One day of every slice, earliest first."""
        first = date.min if not self._edges else date.fromordinal(self._edges[0].toordinal() - 1)
        return (first, *self._edges)

    def next_edge(self, day: date) -> date | None:
        """The first date after `day` from which the law is another; None if it stays as it is."""
        index = self.slice_at(day)
        return self._edges[index] if index < len(self._edges) else None

    def in_force(self, day: date) -> tuple[Circular, ...]:
        """The circulars in force on `day`, without the rules revoked by then. What a circular has revoked
        stays revoked when that one ends."""
        revoked = self._revoked(day)
        now = (c for c in self.circulars if c.since <= day and (c.until is None or day < c.until))
        return tuple(_left(c, revoked) for c in now if c.id not in revoked)

    def amending(self, day: date) -> tuple[Circular, ...]:
        """The circulars whose amendments hold on `day`: those of a circular that was to last for a time end
        with it, those of one without an end stay, even after it was revoked."""
        valid = {c.id for c in self.in_force(day)}
        return tuple(c for c in self.circulars if c.id in valid or self._lasting(c, day))

    def _lasting(self, circular: Circular, day: date) -> bool:
        begun = circular.since <= day and circular.id not in self._revoked(circular.since)
        return begun and circular.until is None

    def _revoked(self, day: date) -> frozenset[str]:
        """The circulars ("wilayah/edaran") and rules ("wilayah/edaran#aturan") revoked by `day`."""
        return frozenset(target for c in self.circulars if c.since <= day for target in c.revokes)

    def root(self, day: date, activity: str) -> int:
        """The diagram for `activity` on `day`, with leaves Outcome; compiled once a slice."""
        key = (self.slice_at(day), activity)
        found = self._roots.get(key)
        if found is None:
            found = self._roots[key] = self._compile(day, activity)
        return found

    def without(self, ref: RuleRef) -> RegencyLaw:
        """The same law, over the same space, as if one rule had never been written. The other rules, and
        whom the circulars address, stay as they are."""
        other = copy(self)
        other._roots = {}
        other._dropped = self._dropped | {ref}
        return other

    # --- compiling ---

    def rules(self, circulars: Iterable[Circular], activity: str) -> list[Rule]:
        """The rules that speak of the act or of a wider act it belongs to."""
        line = self.corpus.vocabulary.lineage(activity)
        return [rule for circular in circulars for rule in circular.rules if rule.activity in line]

    def regulates(self, activity: str) -> bool:
        """Whether any rule, in force or not, speaks of the act."""
        found = self._regulated.get(activity)
        if found is None:
            found = self._regulated[activity] = bool(self.rules(self.circulars, activity))
        return found

    def applies(self, rule: Rule) -> int:
        """Where the rule's circular addresses the person and its condition holds (leaves True/False)."""
        found = self._conditions.get(rule.ref)
        if found is None:
            circular = self.corpus.circulars[rule.ref.circular]
            found = self._conditions[rule.ref] = self.holds(All((circular.addressees, rule.condition)))
        return found

    def holds(self, condition: Condition) -> int:
        """The diagram of a condition (leaves True/False)."""
        match condition:
            case Test():
                level = self.index[condition.variable]
                return self.space.test(level, self.variables[level].cells_of(condition))
            case Not(part):
                return self.space.combine(lambda a: not a, self.holds(part))
            case All(parts):
                return reduce(self._both, map(self.holds, parts), self.space.leaf(True))
            case Some(parts):
                return reduce(self._either, map(self.holds, parts), self.space.leaf(False))

    def _both(self, a: int, b: int) -> int:
        return self.space.combine(lambda x, y: x and y, a, b)

    def _either(self, a: int, b: int) -> int:
        return self.space.combine(lambda x, y: x or y, a, b)

    def _without(self, a: int, b: int) -> int:
        return self.space.combine(lambda x, y: x and not y, a, b)

    def narrower(self, a: RuleRef, b: RuleRef) -> bool:
        """Whether every act and situation that `a` speaks of is one that `b` does, and not the reverse."""
        one, other = self.corpus.rule(a), self.corpus.rule(b)
        if other.activity not in self.corpus.vocabulary.lineage(one.activity):
            return False
        first, second = self.applies(one), self.applies(other)
        implied = self.space.combine(lambda x, y: not x or y, first, second)
        return implied == self.space.leaf(True) and (first, one.activity) != (second, other.activity)

    def undefeated(self, amending: tuple[Circular, ...], rules: list[Rule]) -> dict[RuleRef, int]:
        """For every rule, where it applies and no undefeated exception lifts it, nor an amendment by one of
        the `amending` circulars."""
        exceptions = {r.ref: [e for e in rules if self.precedence.may_lift(e, r)] for r in rules}
        amenders = {rule.ref: [c for c in amending if rule.ref in c.amends] for rule in rules}
        done: dict[RuleRef, int] = {}

        def walk(rule: Rule) -> int:
            if rule.ref not in done:
                root = self.applies(rule)
                for circular in amenders[rule.ref]:
                    root = self._without(root, self.holds(circular.addressees))
                for exception in exceptions[rule.ref]:
                    root = self._without(root, walk(exception))
                done[rule.ref] = root
            return done[rule.ref]

        for rule in rules:
            walk(rule)
        return done

    def standing(self, day: date, activity: str) -> int:
        """Leaves `Standing`: which rules stand and which were lifted, in every situation."""
        circulars = self.in_force(day)
        rules = [rule for rule in self.rules(circulars, activity) if rule.ref not in self._dropped]
        undefeated = self.undefeated(self.amending(day), rules)
        root = self.space.leaf(Standing())
        for rule in rules:
            root = self.space.combine(
                lambda at, holds, ref=rule.ref: Standing(at.rules | {ref}, at.lifted) if holds else at,
                root,
                undefeated[rule.ref],
            )
            for exception in (e for e in rules if self.precedence.may_lift(e, rule)):
                root = self.space.combine(
                    lambda at, applies, stands, pair=(rule.ref, exception.ref): (
                        Standing(at.rules, at.lifted | {pair}) if applies and stands else at
                    ),
                    root,
                    self.applies(rule),
                    undefeated[exception.ref],
                )
        return root

    def _compile(self, day: date, activity: str) -> int:
        outcome = self.space.combine(
            lambda base, standing: self.precedence.outcome(standing) if base is None else Outcome(base),
            self._coverage(day, activity),
            self.standing(day, activity),
        )
        self.kinds(outcome)  # what is left of it for a question then mostly has its kinds already
        return outcome

    def kinds(self, outcome: int) -> int:
        """The diagram with leaves VerdictKind of one with leaves Outcome."""
        return self.space.mapped(outcome, _KIND, self._kinds)

    def _coverage(self, day: date, activity: str) -> int:
        """Leaves None where rules decide, else the verdict for want of a circular that speaks."""
        # A circular goes on to speak of an act whose rules were revoked: it says nothing against it any more.
        now = [self.corpus.circulars[c.id] for c in self.in_force(day)]
        bodies = [now, self.circulars]
        speaking = [[c for c in body if self.rules([c], activity)] for body in bodies]

        def verdict(
            speaks_now: bool, speaks: bool, addressed_now: bool, addressed: bool
        ) -> VerdictKind | None:
            if speaks_now:
                return None
            if speaks:
                return VerdictKind.NOT_IN_FORCE
            if addressed_now:
                return VerdictKind.NOT_PROHIBITED
            return VerdictKind.NOT_IN_FORCE if addressed else VerdictKind.NOT_COVERED

        addressed = [self.holds(Some(tuple(c.addressees for c in body))) for body in (*speaking, *bodies)]
        return self.space.combine(verdict, *addressed)


def _left(circular: Circular, revoked: frozenset[str]) -> Circular:
    """The circular without its revoked rules; itself if there are none."""
    rules = tuple(rule for rule in circular.rules if full_name(rule.ref) not in revoked)
    return circular if len(rules) == len(circular.rules) else replace(circular, rules=rules)


def _edges(circulars: Iterable[Circular]) -> tuple[date, ...]:
    days = {c.since for c in circulars} | {c.until for c in circulars if c.until is not None}
    return tuple(sorted(days))


_SOURCE_ORDER = {"pegawai": 0, "waktu": 1}
"""What is usually known comes first, so that diagrams narrow early; what must be asked comes last."""


def _variables(circulars: Iterable[Circular], facts: Mapping[str, Fact]) -> tuple[Variable, ...]:
    tests: dict[tuple[str, str], list[Test]] = {}
    for condition in (c for circular in circulars for c in _conditions(circular)):
        for test in tests_in(condition):
            tests.setdefault(test.variable, []).append(test)
    order = {name: index for index, name in enumerate(facts)}

    def place(key: tuple[str, str]) -> tuple[int, int, str]:
        return (_SOURCE_ORDER.get(facts[key[0]].source or "", 2), order[key[0]], key[1])

    keys = sorted(tests, key=place)
    return tuple(_variable(facts[fact], measure, tests[fact, measure]) for fact, measure in keys)


def _conditions(circular: Circular) -> Iterable[Condition]:
    yield circular.addressees
    yield from (rule.condition for rule in circular.rules)
    yield from (note.condition for note in circular.notes)
    yield from (question.condition for question in circular.open_questions)


def _variable(fact: Fact, measure: str, tests: list[Test]) -> Variable:
    if measure in Measure.DEADLINES or fact.kind in (FactKind.NUMBER, FactKind.DATE, FactKind.CLOCK):
        return Variable(fact.id, measure, cuts=cuts_of(tests))
    values: tuple[FactValue, ...] = tuple(option.value for option in fact.options)
    return Variable(fact.id, measure, values=values)
