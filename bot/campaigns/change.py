"""Two versions of a circular: does the new one change what anybody may or must do, and whose?

Decided by comparing decision diagrams of the old and the new law over one space of situations, never by
comparing texts: a change is material where for some person at some time the verdict (and with it its
conditions) or the duties that ride along differ; else it is editorial. Both versions are read among the
other circulars that the regency has now, for a rule that another circular overrides anyway changes nothing
for anybody.

A duty is what it asks for, and that stands in words only. So other words of a duty (but for case and
punctuation) are material, unless a person who has read both says otherwise: `only_words` marks that case.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from itertools import product
from typing import NamedTuple, TypeAlias

from bot.campaigns.happening import Happening
from bot.campaigns.law import FactRecord, Law, read, record
from bot.model import VerdictKind
from bot.policy.condition import NEVER, Some, tests_in
from bot.policy.corpus import Circular, Corpus, OpenQuestion, Rank
from bot.policy.diagram import Space
from bot.policy.law import RegencyLaw
from bot.policy.precedence import Outcome
from bot.policy.situation import STATUS, UNIT
from bot.vocabulary import Activity, Fact, Option, Vocabulary

Counted: TypeAlias = Callable[[Law, Outcome], Hashable]
"""What of an outcome under a law counts as a difference."""

_FORTNIGHT = timedelta(days=14)
_FOLDED = re.compile(r"[\W_]+")


class Kind(StrEnum):
    EDITORIAL = "editorial"
    MATERIAL = "material"


class Profile(NamedTuple):
    """What rules may depend on in a person: ids of policies/."""

    status: str
    unit: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Change:
    """`concerned`: the profiles for whom something differs; empty where the change is editorial.
    `only_words`: all that differs are the words of duties. `default_pattern`: of people without one."""

    kind: Kind
    concerned: frozenset[Profile]
    only_words: bool
    default_pattern: str

    def concerns(self, status: str | None, unit: str | None, pattern: str | None) -> bool:
        """Whether a person is among them; None for what is not known of her: then any value counts, but
        the pattern, which is the regency's first for want of another."""
        hours = pattern or self.default_pattern
        return any(
            (status is None or p.status == status) and (unit is None or p.unit == unit) and p.pattern == hours
            for p in self.concerned
        )


def between(old: Corpus, new: Corpus, circular: str, regency: str) -> Change:
    """The change from one corpus to another, judged among the circulars of the new one."""
    return compare(record(old, circular), record(new, circular), new, regency)


def compare(old: str, new: str, corpus: Corpus, regency: str) -> Change:
    """The change from one stored law of a circular to another. `corpus`: the vocabulary, the calendar and the
    other circulars that hold now. Raises ValueError for what `law.record` did not write."""
    before, after = read(old), read(new)
    if _speak_differently(before, after, corpus.vocabulary):
        concerned, only_words = frozenset(_everybody(corpus, regency)), False
    else:
        pair = Pair(before, after, corpus, regency)
        concerned = pair.concerned(_verdict_and_duties)
        only_words = bool(concerned) and not pair.concerned(_verdict_and_number)
    return Change(
        kind=Kind.MATERIAL if concerned else Kind.EDITORIAL,
        concerned=concerned,
        only_words=only_words,
        default_pattern=corpus.regencies[regency].calendar.pattern_ids[0],
    )


def _speak_differently(old: Law, new: Law, vocabulary: Vocabulary) -> bool:
    """Whether a fact has become one of another kind (a choice is a number now): nothing can be compared."""
    now = {name: fact.kind for name, fact in vocabulary.facts.items()}
    return any(
        now.get(name, entry.kind) is not entry.kind for law in (old, new) for name, entry in law.facts.items()
    )


def _everybody(corpus: Corpus, regency: str) -> Iterator[Profile]:
    patterns = corpus.regencies[regency].calendar.pattern_ids
    for profile in product(corpus.vocabulary.statuses, corpus.vocabulary.units, patterns):
        yield Profile(*profile)


# --- what differs ---


def _verdict_and_duties(law: Law, outcome: Outcome) -> tuple[VerdictKind, frozenset[str]]:
    """All that counts. Which rule of the circular carries a verdict, and its name, is a matter of editing."""
    contents = {r.ref: r.content for r in law.circular.rules if r.content}
    return outcome.kind, frozenset(
        _folded(contents[ref]["id"]) if ref in contents else f"{ref.circular}#{ref.rule}"
        for ref in outcome.duties
    )


def _verdict_and_number(law: Law, outcome: Outcome) -> tuple[VerdictKind, frozenset[str]]:
    """The same without the words of duties: only which of them hold."""
    return outcome.kind, frozenset(f"{ref.circular}#{ref.rule}" for ref in outcome.duties)


def _folded(text: str) -> str:
    return _FOLDED.sub(" ", text.casefold()).strip()


class Pair:
    """Two versions of one circular, compiled over one space of situations."""

    def __init__(self, old: Law, new: Law, corpus: Corpus, regency: str) -> None:
        self.versions = (old, new)
        self.regency = regency
        self.corpus = joint(corpus, self.versions)
        company = [c for c in self.corpus.circulars_for(regency) if c.id != new.circular.id]
        pad = _pad((old.circular, new.circular, *company))
        self._laws = [self._compiled(version, [*company, pad]) for version in self.versions]
        self.space = Space(self._laws[0].space.sizes)
        self._happening = Happening(self._laws[0], self.space)
        self._differences: dict[object, int] = {}

    def _compiled(self, law: Law, others: Iterable[Circular]) -> RegencyLaw:
        vocabulary = _with_acts(self.corpus.vocabulary, law.acts)
        circulars = {c.id: c for c in (law.circular, *others)}
        return RegencyLaw(replace(self.corpus, circulars=circulars, vocabulary=vocabulary), self.regency)

    def concerned(self, counted: Counted) -> frozenset[Profile]:
        """The profiles for whom what is `counted` differs in some situation that the calendar allows."""
        found: set[Profile] = set()
        for first, last in self._spans():
            roots = {self._difference(first, act, counted) for act in self._acts()}
            roots.discard(self.space.leaf(False))
            for pattern in self._patterns() if roots else ():
                happens = self._happening.diagram(pattern, first, last)
                for root in roots:
                    met = self.space.combine(lambda a, b: a and b, root, happens)
                    found.update(self._reached(met, pattern))
        return frozenset(found)

    def _spans(self) -> Iterator[tuple[date, date | None]]:
        """The stretches of dates through which both laws stay the same, by their first day."""
        days = sorted({day for law in self._laws for day in law.slice_days()})
        yield days[0] - _FORTNIGHT, days[1] if len(days) > 1 else None  # the time before all of them
        yield from zip(days[1:], [*days[2:], None], strict=True)

    def _acts(self) -> Iterable[str]:
        return self._laws[0].corpus.vocabulary.activities

    def _patterns(self) -> tuple[str, ...]:
        return self.corpus.regencies[self.regency].calendar.pattern_ids

    def _difference(self, day: date, act: str, counted: Counted) -> int:
        """The diagram (leaves True/False) of "the two laws say different things of this act on this day"."""
        (old, ours), (new, theirs) = zip(self.versions, self._laws, strict=True)
        roots = ours.root(day, act), theirs.root(day, act)
        key = (*roots, counted)
        found = self._differences.get(key)
        if found is None:
            found = self._differences[key] = _walk(
                self.space,
                (ours.space, roots[0]),
                (theirs.space, roots[1]),
                lambda a, b: counted(old, a) != counted(new, b),
            )
        return found

    def _reached(self, root: int, pattern: str) -> Iterator[Profile]:
        """The profiles from which `root` can still come true."""
        if root == self.space.leaf(False):
            return
        vocabulary = self.corpus.vocabulary
        for status in vocabulary.statuses:
            for unit in vocabulary.units:
                within = self._within({STATUS: status, UNIT: unit})
                if True in self.space.outcomes(root, within):
                    yield Profile(status, unit, pattern)

    def _within(self, known: Mapping[str, str]) -> dict[int, tuple[int]]:
        found = {}
        for level, variable in enumerate(self._laws[0].variables):
            if variable.fact in known:
                found[level] = (variable.cell(known[variable.fact]),)
        return found


def _walk(
    space: Space, old: tuple[Space, int], new: tuple[Space, int], differ: Callable[[Outcome, Outcome], bool]
) -> int:
    """The diagram over `space` of "the leaves of these two diagrams differ"; all three spaces are alike."""
    (ours, root), (theirs, other) = old, new
    memo: dict[tuple[int, int], int] = {}

    def walk(a: int, b: int) -> int:
        done = memo.get((a, b))
        if done is None:
            level = min(ours.level(a), theirs.level(b))
            if ours.is_leaf(a) and theirs.is_leaf(b):
                done = space.leaf(differ(ours.value(a), theirs.value(b)))
            else:
                lefts = ours.branches(a) if ours.level(a) == level else (a,) * space.sizes[level]
                rights = theirs.branches(b) if theirs.level(b) == level else (b,) * space.sizes[level]
                done = space.node(level, [walk(x, y) for x, y in zip(lefts, rights, strict=True)])
            memo[a, b] = done
        return done

    return walk(root, other)


# --- one vocabulary, one space ---


def joint(corpus: Corpus, versions: Iterable[Law]) -> Corpus:
    """The corpus with every fact, option, act and rank that the versions speak of, also those it has dropped
    since."""
    facts = dict(corpus.vocabulary.facts)
    activities = dict(corpus.vocabulary.activities)
    ranks = dict(corpus.ranks)
    for law in versions:
        ranks[law.circular.rank] = Rank(law.order, {"id": law.circular.rank})
        for name, entry in law.facts.items():
            facts[name] = _with_options(facts.get(name), name, entry)
        for act, parent in law.acts.items():
            activities.setdefault(act, Activity(act, {"id": act}, parent))
    vocabulary = replace(corpus.vocabulary, facts=facts, activities=activities)
    return replace(corpus, vocabulary=vocabulary, ranks=ranks)


def _with_options(fact: Fact | None, name: str, entry: FactRecord) -> Fact:
    if fact is None:
        fact = Fact(name, entry.kind, (), None, None)
    known = {option.value for option in fact.options}
    lost = (value for value in entry.values if value not in known)
    added = (Option(value, {"id": str(value)}, {"id": str(value)}) for value in lost)
    return replace(fact, options=(*fact.options, *added))


def _with_acts(vocabulary: Vocabulary, acts: Mapping[str, str | None]) -> Vocabulary:
    """The vocabulary with the tree of acts as it was when a law was written down."""
    known = vocabulary.activities
    then = {name: replace(known[name], parent=parent) for name, parent in acts.items()}
    return replace(vocabulary, activities={**known, **then})


def _pad(circulars: tuple[Circular, ...]) -> Circular:
    """A circular for nobody that names every test of the others: with it each law has the same axes."""
    tests = {
        test
        for circular in circulars
        for condition in (
            circular.addressees,
            *(rule.condition for rule in circular.rules),
            *(note.condition for note in circular.notes),
            *(question.condition for question in circular.open_questions),
        )
        for test in tests_in(condition)
    }
    return replace(
        circulars[0],
        id="",
        addressees=NEVER,
        rules=(),
        amends=(),
        revokes=(),
        open_questions=(OpenQuestion({}, (), Some(tuple(tests))),),
    )
