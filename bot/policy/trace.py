"""Why a verdict is as it is: every rule that speaks of the act, whether it applies, and what became of it.

A trace is of one instant. Where facts are unknown it says what is sure and what is only possible; nothing
here decides anything anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import combinations

from bot.model import Asker, Literal, Question, RuleRef
from bot.policy.corpus import Modality, Place, Rule, full_name
from bot.policy.decide import RegencyEngine
from bot.policy.law import RegencyLaw
from bot.policy.precedence import Standing


class How(StrEnum):
    """By what a rule that applies can lose its effect."""

    LIFTED = "lifted"  # an exception names it
    AMENDED = "amended"  # another circular names it as changed
    OVERRIDDEN = "overridden"  # it gave way to a superior, more special or later rule
    REVOKED = "revoked"  # another circular revokes the whole circular


@dataclass(frozen=True, slots=True)
class Defeat:
    """One reason why a rule has no effect. `by`: the rule that defeats it, None where a whole circular does;
    `certain`: False if it depends on facts that are unknown."""

    how: How
    circular: str
    by: RuleRef | None = None
    certain: bool = True


@dataclass(frozen=True, slots=True)
class RuleTrace:
    """What one rule has to say about one instant.

    `applies`: in force, addressed to the person, its condition fulfilled; None while that is unknown.
    `deciding`: a smallest set of known facts that settles whether it applies (empty: the dates do, or the
    condition holds always); `missing`: the unknown facts it hangs on. `stands`: it applies and nothing
    defeats it. `lifts`: the rules that it, as an exception, surely or possibly lifts here.
    """

    ref: RuleRef
    modality: Modality
    in_force: bool
    applies: bool | None
    deciding: tuple[Literal, ...]
    missing: tuple[str, ...]
    stands: bool | None
    defeats: tuple[Defeat, ...]
    lifts: tuple[RuleRef, ...]
    quote: str | None
    clause: str | None
    place: Place


def trace(
    engine: RegencyEngine, question: Question, asker: Asker, instant: datetime
) -> tuple[RuleTrace, ...]:
    """Every rule that speaks of the act, in the order of the circulars, those not in force included.

    Raises UnknownNameError as `Engine.decide` does, and ValueError without an act.
    """
    if question.activity is None:
        raise ValueError("a trace needs an act")
    return tuple(_Tracer(engine, question, asker, instant).rules(question.activity))


class _Tracer:
    def __init__(self, engine: RegencyEngine, question: Question, asker: Asker, instant: datetime) -> None:
        self._engine = engine
        self._law: RegencyLaw = engine.law
        self._day = instant.astimezone(engine.calendar.zone).date()
        self._cells = engine.situations.at(instant, question, asker)
        self._valid = {rule.ref for circular in self._law.in_force(self._day) for rule in circular.rules}

    def rules(self, activity: str) -> Iterator[RuleTrace]:
        standing = self._law.space.restrict(self._law.standing(self._day, activity), self._cells)
        leaves: list[Standing] = self._law.space.outcomes(standing)
        for rule in self._law.rules(self._law.circulars, activity):
            if rule.ref in self._valid:
                yield self._of_valid(rule, leaves)
            else:
                defeats = tuple(self._revocations(rule.ref))
                yield _told(rule, False, False, (), (), False, defeats, ())

    def _of_valid(self, rule: Rule, leaves: list[Standing]) -> RuleTrace:
        space = self._law.space
        root = self._law.applies(rule)
        left = space.restrict(root, self._cells)
        applies = space.value(left) if space.is_leaf(left) else None
        deciding = () if applies is None else self._deciding(root)
        missing = dict.fromkeys(self._law.variables[level].fact for level in sorted(space.support(left)))
        defeats = () if applies is False else tuple(self._defeats(rule, leaves))
        stands = _agreed(rule.ref in leaf.rules - self._losers(leaf) for leaf in leaves)
        lifted = dict.fromkeys(target for leaf in leaves for target, by in leaf.lifted if by == rule.ref)
        lifts = tuple(target for target in rule.lifts if target in lifted)
        return _told(rule, True, applies, deciding, tuple(missing), stands, defeats, lifts)

    def _deciding(self, root: int) -> tuple[Literal, ...]:
        """The fewest known facts that make `root` what it is, whatever the others are."""
        known = {level: cell for level, cell in enumerate(self._cells) if cell is not None}
        levels = [level for level in sorted(self._law.space.support(root)) if level in known]
        for size in range(len(levels) + 1):
            for chosen in combinations(levels, size):
                if self._law.space.constant(root, {level: (known[level],) for level in chosen}):
                    return tuple(self._law.variables[level].literal(known[level]) for level in chosen)
        return ()

    # --- what becomes of a rule ---

    def _defeats(self, rule: Rule, leaves: list[Standing]) -> Iterator[Defeat]:
        yield from self._amendments(rule)
        for by in dict.fromkeys(by for leaf in leaves for target, by in leaf.lifted if target == rule.ref):
            certain = all((rule.ref, by) in leaf.lifted for leaf in leaves)
            yield Defeat(How.LIFTED, by.circular, by, certain)
        winners = [self._law.precedence.given_way(leaf).get(rule.ref, ()) for leaf in leaves]
        for by in dict.fromkeys(ref for refs in winners for ref in refs):
            yield Defeat(How.OVERRIDDEN, by.circular, by, all(by in refs for refs in winners))

    def _amendments(self, rule: Rule) -> Iterator[Defeat]:
        for circular in self._law.amending(self._day):
            if rule.ref in circular.amends:
                left = self._law.space.restrict(self._law.holds(circular.addressees), self._cells)
                reached = self._law.space.outcomes(left)
                if True in reached:
                    yield Defeat(How.AMENDED, circular.id, certain=False not in reached)

    def _revocations(self, ref: RuleRef) -> Iterator[Defeat]:
        for other in self._law.circulars:
            if not {ref.circular, full_name(ref)}.isdisjoint(other.revokes) and other.since <= self._day:
                yield Defeat(How.REVOKED, other.id)

    def _losers(self, leaf: Standing) -> frozenset[RuleRef]:
        return frozenset(self._law.precedence.given_way(leaf))


def _told(
    rule: Rule,
    in_force: bool,
    applies: bool | None,
    deciding: tuple[Literal, ...],
    missing: tuple[str, ...],
    stands: bool | None,
    defeats: tuple[Defeat, ...],
    lifts: tuple[RuleRef, ...],
) -> RuleTrace:
    return RuleTrace(
        rule.ref,
        rule.modality,
        in_force,
        applies,
        deciding,
        missing,
        stands,
        defeats,
        lifts,
        rule.quote,
        rule.clause,
        rule.place,
    )


def _agreed(answers: Iterable[bool]) -> bool | None:
    """The answer all give; None where they differ."""
    given = set(answers)
    return given.pop() if len(given) == 1 else None
