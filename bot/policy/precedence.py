"""Which rule prevails when rules of several circulars oppose each other, and what then follows.

Works on the rules that stand in one situation (they apply, and no exception lifts them). Order of
precedence between circulars: the superior instrument, then the special rule (named, or its situations
proved a part of the other's), then the later circular. Within one circular nothing is presumed: an
exception lifts what it names and no other ban, and a permission that is no exception but meets a ban is a
conflict.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from bot.model import RuleRef, VerdictKind
from bot.policy.corpus import Circular, Modality, Rank, Rule

Narrower = Callable[[RuleRef, RuleRef], bool]
"""True if the first rule's situations are a proper part of the second's."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What holds in one situation: rules that stand, and (rule, exception) pairs that were lifted."""

    rules: frozenset[RuleRef] = frozenset()
    lifted: frozenset[tuple[RuleRef, RuleRef]] = frozenset()


@dataclass(frozen=True, slots=True)
class Outcome:
    """A verdict on one complete situation, with the rules that carry it.

    `duties` ride along; `overridden` are rules that stood but gave way to another circular's.
    """

    kind: VerdictKind
    basis: tuple[RuleRef, ...] = ()
    duties: tuple[RuleRef, ...] = ()
    overridden: tuple[RuleRef, ...] = ()


class Precedence:
    """Decides between the rules of the circulars given. `ranks`: instrument → its rank."""

    def __init__(self, circulars: Iterable[Circular], ranks: Mapping[str, Rank], narrower: Narrower) -> None:
        self._circulars = {circular.id: circular for circular in circulars}
        self._rules: dict[RuleRef, Rule] = {r.ref: r for c in self._circulars.values() for r in c.rules}
        self._order = {ref: index for index, ref in enumerate(self._rules)}
        self._ranks = ranks
        self._narrower = narrower

    def outcome(self, standing: Standing) -> Outcome:
        rules = [self._rules[ref] for ref in sorted(standing.rules, key=self._order.__getitem__)]
        duties = tuple(rule.ref for rule in rules if rule.rides_along)
        acting = [rule for rule in rules if not rule.rides_along]
        losers = self.given_way(standing)
        left = [rule for rule in acting if rule.ref not in losers]
        overridden = tuple(rule.ref for rule in acting if rule.ref in losers)
        kind, basis = self._resolve(left, standing)
        return Outcome(kind, basis, duties, overridden)

    def given_way(self, standing: Standing) -> Mapping[RuleRef, tuple[RuleRef, ...]]:
        """The rules that give way, each with those it gives way to, which themselves give way to none.

        Rules that beat each other in a circle (special against later) all stay, and so are a conflict:
        to drop them all would allow what every one of them speaks about.
        """
        beaters = self._beaters(standing)
        losers: dict[RuleRef, tuple[RuleRef, ...]] = {}
        while True:
            firm = {ref for ref, beating in beaters.items() if all(b in losers for b in beating)}
            found = {ref: tuple(b for b in beating if b in firm) for ref, beating in beaters.items()}
            more = {ref: winners for ref, winners in found.items() if winners}
            if more.keys() <= losers.keys():
                return losers
            losers.update(more)

    def _beaters(self, standing: Standing) -> dict[RuleRef, list[RuleRef]]:
        acting = [self._rules[ref] for ref in standing.rules if not self._rules[ref].rides_along]
        acting.sort(key=lambda rule: self._order[rule.ref])
        return {a.ref: [b.ref for b in acting if _oppose(a, b) and self.prevails(b, a)] for a in acting}

    def _resolve(self, left: list[Rule], standing: Standing) -> tuple[VerdictKind, tuple[RuleRef, ...]]:
        opposed = [rule for rule in left if any(_oppose(rule, other) for other in left)]
        if opposed:
            bans_first = sorted(opposed, key=lambda rule: rule.modality is not Modality.PROHIBITION)
            return VerdictKind.CONFLICT, tuple(rule.ref for rule in bans_first)
        bans = _of(left, Modality.PROHIBITION)
        permissions = _of(left, Modality.PERMISSION)
        obligations = _of(left, Modality.OBLIGATION)
        if bans:
            return VerdictKind.PROHIBITED, bans
        if obligations:
            return VerdictKind.OBLIGATORY, obligations
        exceptions = tuple(ref for ref in permissions if any(ref == by for _, by in standing.lifted))
        if exceptions:
            return VerdictKind.EXEMPT, exceptions
        if permissions:
            return VerdictKind.PERMITTED, permissions
        return VerdictKind.NOT_PROHIBITED, ()

    def prevails(self, a: Rule, b: Rule) -> bool:
        """Whether `a` takes precedence over the opposing `b`."""
        ours, theirs = self._circulars[a.ref.circular], self._circulars[b.ref.circular]
        if ours.id == theirs.id:
            return False
        rank, other = self._ranks[ours.rank].order, self._ranks[theirs.rank].order
        if rank != other:
            return rank > other
        if self._special(a, b) != self._special(b, a):
            return self._special(a, b)
        return ours.enacted > theirs.enacted

    def may_lift(self, exception: Rule, rule: Rule) -> bool:
        """Whether `exception` names `rule` and is of no lower rank: a lesser circular cannot free from the
        ban of a higher one."""
        rank, other = (self._ranks[self._circulars[r.ref.circular].rank].order for r in (exception, rule))
        return rule.ref in exception.lifts and rank >= other

    def _special(self, a: Rule, b: Rule) -> bool:
        return b.ref in a.special_to or self._narrower(a.ref, b.ref)


def _of(rules: list[Rule], modality: Modality) -> tuple[RuleRef, ...]:
    return tuple(rule.ref for rule in rules if rule.modality is modality)


def _oppose(a: Rule, b: Rule) -> bool:
    """Whether they cannot both be followed. "Except on duty" frees from the ban it is an exception to; it
    says nothing against any other ban, of whatever circular."""
    if (a.modality is Modality.PROHIBITION) == (b.modality is Modality.PROHIBITION):
        return False
    return not (_is_exception(a) or _is_exception(b))


def _is_exception(rule: Rule) -> bool:
    return rule.modality is Modality.PERMISSION and bool(rule.lifts)
