"""The law of a regency, laid out for checking: by stretches of dates, by acts, over what can occur."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from bot.model import RuleRef
from bot.policy.corpus import Corpus, Rule
from bot.policy.law import RegencyLaw
from bot.policy.occurring import Occurring
from bot.policy.specimen import Situation, case, situation


@dataclass(frozen=True, slots=True)
class Field:
    """One act during one stretch of dates: `rules` speak of it then, `undefeated` is where each stands."""

    law: RegencyLaw
    day: date
    activity: str
    occurring: Occurring
    rules: tuple[Rule, ...]
    undefeated: Mapping[RuleRef, int]

    def has(self, rule: Rule) -> bool:
        return rule.ref in self.undefeated

    def applies(self, rule: Rule) -> int:
        """Where the rule applies, of what can occur (leaves True/False)."""
        return self.both(self.law.applies(rule), self.occurring.root)

    def stands(self, rule: Rule) -> int:
        """Where it applies, of what can occur, and neither an exception nor an amendment defeats it."""
        return self.both(self.undefeated[rule.ref], self.occurring.root)

    def both(self, a: int, b: int) -> int:
        """The situations that two regions have in common."""
        return self.law.space.combine(lambda x, y: x and y, a, b)

    def minus(self, a: int, b: int) -> int:
        return self.law.space.combine(lambda x, y: x and not y, a, b)

    def meets(self, a: int, b: int) -> bool:
        """Whether two regions have a situation in common."""
        return self.both(a, b) != self.never

    @property
    def never(self) -> int:
        return self.law.space.leaf(False)

    def verdicts(self, law: RegencyLaw, of: Callable[[Any], Any]) -> int:
        """What `of` makes of the outcomes under `law`, where the situation can occur; None elsewhere."""
        outcome = law.root(self.day, self.activity)
        return self.law.space.combine(
            lambda result, occurs: of(result) if occurs else None, outcome, self.occurring.root
        )

    def smallest(self, region: int, goal: Callable[[Any], bool]) -> Situation | None:
        """The most ordinary situation of a diagram whose leaf fits `goal`: the fewest facts of an unusual
        value, on the paths that `region` distinguishes."""
        space = self.law.space
        usual = usual_cells(self.law)
        path = space.cheapest(region, lambda level, cell: 0.0 if usual[level] == cell else 1.0, goal)
        if path is None:
            return None
        return situation(self.law, self.occurring, self.activity, path[1])

    def case(self, found: Situation, name: str, home: str) -> str:
        """The situation as a case, with every fact that its verdict needs and no other."""
        space, root = self.law.space, self.law.root(self.day, self.activity)
        timed = self.occurring.cells({lv: c for lv, c in found.cells.items() if lv in self.occurring.levels})
        kept = {**dict(enumerate(usual_cells(self.law))), **found.cells, **timed}
        outcome = space.decide(root, [kept[level] for level in range(len(kept))])
        for level in sorted(kept.keys() - found.cells.keys() - timed.keys() - self._registered, reverse=True):
            rest = {lv: (cell,) for lv, cell in kept.items() if lv != level}
            if space.constant(root, rest):
                del kept[level]
        return case(self.law, situation(self.law, self.occurring, self.activity, kept), name, outcome, home)

    @property
    def _registered(self) -> set[int]:
        return {level for level, v in enumerate(self.law.variables) if v.fact == "status"}


def usual_cells(law: RegencyLaw) -> list[int]:
    """The presumed cell of every variable; the first where nothing is presumed."""
    facts = law.corpus.vocabulary.facts
    return [
        v.cell(presumed) if v.values and (presumed := facts[v.fact].presumption) is not None else 0
        for v in law.variables
    ]


def fields(corpus: Corpus, regency: str) -> Iterator[Field]:
    """Every act that a rule names, in every stretch of dates in which some circular is in force."""
    law = RegencyLaw(corpus, regency)
    days = law.slice_days()
    acts = dict.fromkeys(rule.activity for circular in law.circulars for rule in circular.rules)
    for day, following in zip(days, (*days[1:], None), strict=True):
        circulars = law.in_force(day)
        if not circulars:
            continue
        occurring = Occurring(law, day, following)
        for activity in acts:
            rules = law.rules(circulars, activity)
            if rules:
                undefeated = law.undefeated(law.amending(day), rules)
                yield Field(law, day, activity, occurring, tuple(rules), undefeated)
