"""What one diagram of outcomes says when some facts are unknown: headline, certainty, needs, conditions.

Nothing is enumerated: the facts that matter are the variables the reduced diagram still tests, a
condition is a path through it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from operator import attrgetter
from typing import NamedTuple

from bot.model import ALLOWED, Literal, RuleRef, VerdictKind
from bot.policy.diagram import Cells
from bot.policy.law import RegencyLaw
from bot.policy.precedence import Outcome

SEVERITY = {
    kind: rank
    for rank, kind in enumerate(
        (
            VerdictKind.PERMITTED,
            VerdictKind.NOT_PROHIBITED,
            VerdictKind.EXEMPT,
            VerdictKind.OBLIGATORY,
            VerdictKind.NOT_COVERED,
            VerdictKind.NOT_IN_FORCE,
            VerdictKind.CONFLICT,
            VerdictKind.PROHIBITED,
        )
    )
}
"""Which verdict counts for a whole that has parts, and for a fact nobody presumes: the highest."""

Confined = dict[int, Sequence[int]]
"""Levels with the cells that they are confined to, at least one each."""

_PLACE = attrgetter("circular", "rule")
_UNLIKELY = 100.0  # the price of a way out that the person cannot choose (to have another status)


@dataclass(frozen=True, slots=True)
class Finding:
    """The part of a Verdict that does not depend on the clock; see `model.Verdict` for the fields."""

    kind: VerdictKind
    certain: bool
    needs: tuple[str, ...]
    conditions: tuple[Literal, ...]
    basis: tuple[RuleRef, ...]
    others: tuple[RuleRef, ...]
    contrary: tuple[RuleRef, ...]
    overridden: tuple[RuleRef, ...]
    duties: tuple[RuleRef, ...]


class Headline(NamedTuple):
    """What a window shows of a Finding: the outcome that counts and the conditions it hangs on."""

    outcome: Outcome
    conditions: tuple[Literal, ...]
    contrary: tuple[RuleRef, ...]


def worse(a: Outcome, b: Outcome) -> Outcome:
    """The outcome of a whole with parts `a` and `b`: the severer verdict, with all rules that carry it."""
    if a.kind is not b.kind:
        return a if SEVERITY[a.kind] > SEVERITY[b.kind] else b
    return Outcome(
        a.kind, _union(a.basis, b.basis), _union(a.duties, b.duties), _union(a.overridden, b.overridden)
    )


def _duty(outcome: Outcome) -> VerdictKind:
    """An outcome as the question "must I?" sees it: what is obligatory is what is looked for."""
    return VerdictKind.PERMITTED if outcome.kind is VerdictKind.OBLIGATORY else VerdictKind.PROHIBITED


def _union(a: tuple[RuleRef, ...], b: tuple[RuleRef, ...]) -> tuple[RuleRef, ...]:
    return tuple(dict.fromkeys(a + b))


class Reader:
    """Reads findings off the diagrams of `law` whose leaves are Outcome. `fixed`: levels a person cannot
    choose."""

    def __init__(self, law: RegencyLaw, fixed: frozenset[int]) -> None:
        self._law = law
        self._space = law.space
        self._variables = law.variables
        self._fixed = fixed
        self._literals_of = [tuple(map(v.literal, range(v.size))) for v in law.variables]
        self._obliged: dict[int, int] = {}
        self._findings: dict[tuple[int, tuple[int | None, ...]], Finding] = {}
        self._headlines: dict[tuple[int, tuple[int | None, ...]], Headline] = {}

    def finding(self, root: int, presumed: tuple[int | None, ...]) -> Finding:
        """What `root` says, reading unknown facts as `presumed` (a cell a level; None: nothing is)."""
        key = (root, presumed)
        found = self._findings.get(key)
        if found is None:
            found = self._findings[key] = self._read(root, presumed)
        return found

    def headline(self, root: int, presumed: tuple[int | None, ...]) -> Headline:
        """The part of `finding` that can be had for less."""
        key = (root, presumed)
        found = self._headlines.get(key)
        if found is None:
            found = self._headlines[key] = self._read_headline(root, presumed)
        return found

    def obliging(self, root: int, presumed: Cells) -> tuple[tuple[Literal, ...], tuple[RuleRef, ...]] | None:
        """The conditions under which the act is obligatory (none: it is under ordinary presumptions, whatever
        else is unknown), with the rules that then oblige. None where nothing does."""
        outcomes: list[Outcome] = self._space.outcomes(root)
        if not any(outcome.kind is VerdictKind.OBLIGATORY for outcome in outcomes):
            return None
        duty = self._space.mapped(root, _duty, self._obliged)
        chosen = self._headline_cells(root, presumed)
        conditions = self._conditions(duty, self._space.decide(duty, chosen), chosen)
        reached: list[Outcome] = self._space.outcomes(root, conditions)
        refs = {ref for outcome in reached if outcome.kind is VerdictKind.OBLIGATORY for ref in outcome.basis}
        return self._literals(conditions), _sorted(refs)

    def hopeful(self, root: int, presumed: Cells, free: frozenset[int]) -> bool:
        """Whether some values of the `free` levels may give an allowed headline; False is certain."""
        space = self._space
        memo: dict[int, bool] = {}

        def walk(node: int) -> bool:
            if node not in memo:
                level, branches = space.level(node), space.branches(node)
                if space.is_leaf(node):
                    memo[node] = space.value(node).kind in ALLOWED
                elif level in free:
                    memo[node] = any(map(walk, branches))
                else:
                    cell = presumed[level]
                    memo[node] = all(map(walk, branches)) if cell is None else walk(branches[cell])
            return memo[node]

        return walk(root)

    def _read(self, root: int, presumed: tuple[int | None, ...]) -> Finding:
        headline = self.headline(root, presumed)
        outcome = headline.outcome
        needs = self._by_telling(self._law.kinds(root))
        outcomes: list[Outcome] = self._space.outcomes(root)
        carried = {ref for o in outcomes if o.kind is outcome.kind for ref in o.basis}
        return Finding(
            kind=outcome.kind,
            certain=not needs,
            needs=tuple(dict.fromkeys(self._variables[level].fact for level in needs)),
            conditions=headline.conditions,
            basis=outcome.basis,
            others=_sorted(carried - set(outcome.basis)),
            contrary=headline.contrary,
            overridden=outcome.overridden,
            duties=outcome.duties,
        )

    def _read_headline(self, root: int, presumed: Cells) -> Headline:
        chosen = self._headline_cells(root, presumed)
        outcome: Outcome = self._space.decide(root, chosen)
        conditions = self._conditions(self._law.kinds(root), outcome.kind, chosen)
        if not conditions:
            return Headline(outcome, (), ())
        return Headline(outcome, self._literals(conditions), self._contrary(root, outcome.kind, conditions))

    def _headline_cells(self, root: int, presumed: Cells) -> list[int]:
        """A cell for every level: the presumed one, else the one that leads to the severest verdict."""
        space = self._space
        memo: dict[int, tuple[int, dict[int, int]]] = {}

        def walk(node: int) -> tuple[int, dict[int, int]]:
            """The severity that is reached, and the cells of the levels that nobody presumes on the way."""
            if space.is_leaf(node):
                return SEVERITY[space.value(node).kind], {}
            level, branches = space.level(node), space.branches(node)
            cell = presumed[level]
            if cell is not None:
                return walk(branches[cell])
            if node not in memo:
                below = zip(map(walk, branches), count())
                (severity, path), worst = max(below, key=lambda item: item[0][0])
                memo[node] = (severity, {level: worst, **path})
            return memo[node]

        path = walk(root)[1]
        return [path.get(level, cell or 0) for level, cell in enumerate(presumed)]

    def _by_telling(self, kinds: int) -> list[int]:
        """The levels that matter, first those an answer to which most often settles the verdict."""
        levels = sorted(self._space.support(kinds))
        if len(levels) > 1:
            settling = self._space.settling(kinds)
            levels.sort(key=lambda level: -settling.get(level, 0))
        return levels

    def _conditions(self, kinds: int, headline: VerdictKind, chosen: list[int]) -> Confined:
        """The cells that the conditions confine levels to; empty without conditions."""
        if self._space.is_leaf(kinds):
            return {}
        if headline in ALLOWED:
            path = {level: chosen[level] for level in sorted(self._space.support(kinds))}
        else:
            way_out = self._space.cheapest(kinds, self._price(chosen), ALLOWED.__contains__)
            if way_out is None:
                return {}
            path = way_out[1]
        return self._widened(kinds, self._sufficient(kinds, path, chosen))

    def _literals(self, conditions: Mapping[int, Sequence[int]]) -> tuple[Literal, ...]:
        return tuple(self._literal(level, conditions[level]) for level in sorted(conditions))

    def _literal(self, level: int, cells: Sequence[int]) -> Literal:
        variable, first = self._variables[level], self._literals_of[level][cells[0]]
        if len(cells) == 1:
            return first
        if variable.values:
            return replace(first, also=tuple(variable.values[cell] for cell in cells[1:]))
        return variable.literal(cells[0], cells[-1])

    def _contrary(
        self, root: int, headline: VerdictKind, conditions: Mapping[int, Sequence[int]]
    ) -> tuple[RuleRef, ...]:
        """The rules that the conditions come from: what would forbid without them, what allows with them."""
        if headline in ALLOWED:
            reached = [outcome for outcome in self._space.outcomes(root) if outcome.kind not in ALLOWED]
        else:
            reached = self._space.outcomes(root, conditions)
        return _sorted({ref for outcome in reached for ref in outcome.basis})

    def _price(self, chosen: list[int]) -> Callable[[int, int], float]:
        def price(level: int, cell: int) -> float:
            if cell == chosen[level]:
                return 0.0
            return _UNLIKELY if level in self._fixed else 1.0

        return price

    def _sufficient(self, kinds: int, path: dict[int, int], chosen: list[int]) -> Confined:
        """A smallest part of `path` that still guarantees an allowed verdict; what is presumed anyway
        is dropped last-mentioned first, what deviates from it is kept if at all needed."""
        kept: Confined = {level: range(cell, cell + 1) for level, cell in path.items()}
        for level in sorted(path, key=lambda lv: (path[lv] != chosen[lv], -lv)):
            fewer = kept.copy()
            del fewer[level]
            if self._guarantees(kinds, fewer):
                kept = fewer
        return kept

    def _widened(self, kinds: int, kept: Confined) -> Confined:
        """The same conditions, as wide as they still guarantee the verdict: numbers and dates as a stretch,
        choices with the others that do as well."""
        for level, (cell, *_) in kept.items():
            size = self._space.sizes[level]
            if self._variables[level].values:
                if size == 2:  # were both as good, it would be no condition
                    continue
                others = (other for other in range(size) if other != cell)
                alike = [o for o in others if self._guarantees(kinds, {**kept, level: (o,)})]
                kept[level] = (cell, *alike)
                continue
            for step in (-1, 1):
                while wider := _stretched(kept[level], step, size):
                    if not self._guarantees(kinds, {**kept, level: wider}):
                        break
                    kept[level] = wider
        return kept

    def _guarantees(self, kinds: int, within: Mapping[int, Sequence[int]]) -> bool:
        return self._space.always(kinds, within, ALLOWED.__contains__)


def _sorted(refs: Collection[RuleRef]) -> tuple[RuleRef, ...]:
    return tuple(sorted(refs, key=_PLACE) if len(refs) > 1 else refs)


def _stretched(cells: Sequence[int], step: int, size: int) -> range | None:
    """One cell more, below (-1) or above (+1); None where there is none."""
    first, last = cells[0], cells[-1]
    if step < 0:
        return range(first - 1, last + 1) if first else None
    return range(first, last + 2) if last + 1 < size else None
