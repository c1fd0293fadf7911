"""Decision diagrams over facts: one shared, reduced, ordered graph of "which value → where next".

A diagram is a function from situations (one cell per variable) to leaves (any hashable value). Equal
functions are the same node number, so "does this fact still matter?" is "does it occur below the node?",
and "does the verdict stay the same?" is a comparison of two integers. That is why facts can stay unknown
without enumerating their combinations. (The idea is Bryant's reduced ordered BDD, with as many branches
as a variable has cells.)
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

Cells = Sequence[int | None]
"""One entry a variable, in order: the cell its value lies in, or None while it is unknown."""

Within = Mapping[int, Collection[int]]
"""The cells that some levels are confined to; a level left out may lie in any."""

_LEAF = 1 << 30  # the level of leaves: below every variable


class Space:
    """The diagrams over variables with `sizes[level]` cells each; nodes are plain integers."""

    def __init__(self, sizes: Sequence[int]) -> None:
        self.sizes = tuple(sizes)
        self._level: list[int] = []
        self._branches: list[tuple[int, ...]] = []
        self._value: list[Any] = []
        self._support: list[frozenset[int] | None] = []
        self._unique: dict[tuple[Any, ...], int] = {}

    def leaf(self, value: Hashable) -> int:
        return self._intern(_LEAF, (), value)

    def node(self, level: int, branches: Sequence[int]) -> int:
        """The node that tests variable `level`; the branch itself where all branches agree."""
        first = branches[0]
        if branches.count(first) == len(branches):
            return first
        return self._intern(level, tuple(branches), None)

    def _intern(self, level: int, branches: tuple[int, ...], value: Hashable) -> int:
        key = (level, branches, type(value), value)
        found = self._unique.get(key)
        if found is None:
            found = self._unique[key] = len(self._level)
            self._level.append(level)
            self._branches.append(branches)
            self._value.append(value)
            self._support.append(None)
        return found

    def test(self, level: int, cells: Iterable[int]) -> int:
        """True where variable `level` lies in one of `cells`, else False."""
        wanted = set(cells)
        return self.node(level, [self.leaf(cell in wanted) for cell in range(self.sizes[level])])

    def is_leaf(self, node: int) -> bool:
        return self._level[node] == _LEAF

    def value(self, leaf: int) -> Any:
        """The value of a leaf."""
        return self._value[leaf]

    def level(self, node: int) -> int:
        return self._level[node]

    def branches(self, node: int) -> tuple[int, ...]:
        return self._branches[node]

    def decide(self, node: int, cells: Sequence[int]) -> Any:
        """The leaf value of one complete situation."""
        level, branches = self._level, self._branches
        at = level[node]
        while at != _LEAF:
            node = branches[node][cells[at]]
            at = level[node]
        return self._value[node]

    def combine(self, operation: Callable[..., Hashable], *roots: int) -> int:
        """The diagram of `operation` applied to the leaves of `roots`, situation by situation."""
        memo: dict[tuple[int, ...], int] = {}

        def walk(nodes: tuple[int, ...]) -> int:
            done = memo.get(nodes)
            if done is not None:
                return done
            level = min(self._level[n] for n in nodes)
            if level == _LEAF:
                result = self.leaf(operation(*(self._value[n] for n in nodes)))
            else:
                result = self.node(
                    level,
                    [
                        walk(tuple(self._branches[n][cell] if self._level[n] == level else n for n in nodes))
                        for cell in range(self.sizes[level])
                    ],
                )
            memo[nodes] = result
            return result

        return walk(roots)

    def mapped(self, root: int, operation: Callable[[Any], Hashable], memo: dict[int, int]) -> int:
        """The diagram of `operation` applied to the leaves of one root. `memo`: kept by the caller from one
        call to the next, for one operation."""
        done = memo.get(root)
        if done is None:
            level = self._level[root]
            if level == _LEAF:
                done = self.leaf(operation(self._value[root]))
            else:
                done = self.node(level, [self.mapped(b, operation, memo) for b in self._branches[root]])
            memo[root] = done
        return done

    def restrict(self, root: int, cells: Cells) -> int:
        """What remains of `root` once the known cells are fixed."""
        memo: dict[int, int] = {}

        def walk(node: int) -> int:
            level = self._level[node]
            if level == _LEAF:
                return node
            done = memo.get(node)
            if done is None:
                cell = cells[level]
                branches = self._branches[node]
                if cell is not None:
                    done = walk(branches[cell])
                else:
                    done = self.node(level, [walk(branch) for branch in branches])
                memo[node] = done
            return done

        return walk(root)

    def reachable(self, root: int) -> list[int]:
        """Every node below and including `root`, each once, `root` first."""
        seen = {root: None}
        stack = [root]
        while stack:
            for branch in self._branches[stack.pop()]:
                if branch not in seen:
                    seen[branch] = None
                    stack.append(branch)
        return list(seen)

    def support(self, root: int) -> frozenset[int]:
        """The variables on which `root` depends: exactly those some value of which changes it."""
        found = self._support[root]
        if found is None:
            below = frozenset[int]().union(*map(self.support, set(self._branches[root])))
            found = self._support[root] = below if self.is_leaf(root) else below | {self._level[root]}
        return found

    def outcomes(self, root: int, within: Within = MappingProxyType({})) -> list[Any]:
        """The leaf values that some situation whose cells lie `within` those given reaches."""
        return [self._value[leaf] for leaf in self._leaves(root, within)]

    def always(self, root: int, within: Within, goal: Callable[[Any], bool]) -> bool:
        """Whether every situation whose cells lie `within` those given reaches a leaf that fits `goal`."""
        return all(map(goal, self.outcomes(root, within)))

    def settles(self, root: int, level: int, cell: int) -> bool:
        """Whether one leaf alone is left once variable `level` lies in `cell`."""
        return self._only_leaf(root, level, cell) is not None

    def _only_leaf(self, node: int, level: int, cell: int) -> int | None:
        own = self._level[node]
        if own >= level:
            # Below the variable nothing is fixed, and what is not a leaf there has more than one.
            rest = self._branches[node][cell] if own == level else node
            return rest if self._level[rest] == _LEAF else None
        first, *others = self._branches[node]
        leaf = self._only_leaf(first, level, cell)
        alike = leaf is not None and all(self._only_leaf(b, level, cell) == leaf for b in others)
        return leaf if alike else None

    def constant(self, root: int, within: Within) -> bool:
        """Whether all situations whose cells lie `within` those given reach the same leaf."""
        return len(self._leaves(root, within, enough=2)) == 1

    def _leaves(self, root: int, within: Within, enough: int = _LEAF) -> list[int]:
        """The leaves that situations within reach; the search ends once there are `enough`."""
        levels = self._level
        found: list[int] = []
        seen, stack = {root}, [root]
        while stack and len(found) < enough:
            node = stack.pop()
            level = levels[node]
            if level == _LEAF:
                found.append(node)
                continue
            next_up = self._branches[node]
            if level in within:
                next_up = tuple(next_up[cell] for cell in within[level])
            for branch in next_up:
                if branch not in seen:
                    seen.add(branch)
                    stack.append(branch)
        return found

    def cheapest(
        self, root: int, cost: Callable[[int, int], float], goal: Callable[[Any], bool]
    ) -> tuple[float, dict[int, int]] | None:
        """The path of least cost (sum of `cost(level, cell)`) to a leaf that satisfies `goal`.

        Returns the cost and the cells chosen on the way, or None where no such leaf can be reached.
        """
        memo: dict[int, tuple[float, dict[int, int]] | None] = {}

        def walk(node: int) -> tuple[float, dict[int, int]] | None:
            if node in memo:
                return memo[node]
            level = self._level[node]
            best: tuple[float, dict[int, int]] | None = None
            if level == _LEAF:
                best = (0.0, {}) if goal(self._value[node]) else None
            else:
                for cell, branch in enumerate(self._branches[node]):
                    below = walk(branch)
                    if below is not None:
                        total = below[0] + cost(level, cell)
                        if best is None or total < best[0]:
                            best = (total, {level: cell, **below[1]})
            memo[node] = best
            return best

        return walk(root)
