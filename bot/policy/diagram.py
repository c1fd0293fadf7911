"""Decision diagrams over facts: one shared, reduced, ordered graph of "which value → where next".

A diagram is a function from situations (one cell per variable) to leaves (any hashable value). Equal
functions are the same node number, so "does this fact still matter?" is "does it occur below the node?",
and "does the verdict stay the same?" is a comparison of two integers. That is why facts can stay unknown
without enumerating their combinations. (The idea is Bryant's reduced ordered BDD, with as many branches
as a variable has cells.)
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from types import MappingProxyType
from typing import Any

Cells = Sequence[int | None]
"""One entry a variable, in order: the cell its value lies in, or None while it is unknown."""

Within = Mapping[int, Collection[int]]
"""The cells that some levels are confined to; a level left out may lie in any."""

_LEAF = 1 << 30  # the level of leaves: below every variable


def bits(levels: Iterable[int]) -> int:
    """A set of levels as one number."""
    found = 0
    for level in levels:
        found |= 1 << level
    return found


class Space:
    """The diagrams over variables with `sizes[level]` cells each; nodes are plain integers."""

    def __init__(self, sizes: Sequence[int]) -> None:
        self.sizes = tuple(sizes)
        self._level: list[int] = []
        self._branches: list[tuple[int, ...]] = []
        self._value: list[Any] = []
        self._support: list[int] = []
        self._unique: dict[tuple[Any, ...], int] = {}

    def leaf(self, value: Hashable) -> int:
        key = (type(value), value)
        found = self._unique.get(key)
        return self._new(key, _LEAF, (), value, 0) if found is None else found

    def node(self, level: int, branches: Sequence[int]) -> int:
        """The node that tests variable `level`; the branch itself where all branches agree."""
        first = branches[0]
        if branches.count(first) == len(branches):
            return first
        key = (level, *branches)
        found = self._unique.get(key)
        if found is not None:
            return found
        support = 1 << level
        for branch in branches:
            support |= self._support[branch]
        return self._new(key, level, tuple(branches), None, support)

    def _new(
        self, key: tuple[Any, ...], level: int, branches: tuple[int, ...], value: Hashable, support: int
    ) -> int:
        number = self._unique[key] = len(self._level)
        self._level.append(level)
        self._branches.append(branches)
        self._value.append(value)
        self._support.append(support)
        return number

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
        known = bits(level for level, cell in enumerate(cells) if cell is not None)
        memo: dict[int, int] = {}

        def walk(node: int) -> int:
            if not self._support[node] & known:
                return node
            done = memo.get(node)
            if done is None:
                level, branches = self._level[node], self._branches[node]
                cell = cells[level]
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
        support = self._support[root]
        return frozenset(level for level in range(support.bit_length()) if support >> level & 1)

    def depends(self, root: int, levels: int) -> bool:
        """Whether `root` depends on any of the levels, given as `bits`."""
        return self._support[root] & levels != 0

    def outcomes(self, root: int, within: Within = MappingProxyType({})) -> list[Any]:
        """The leaf values that some situation whose cells lie `within` those given reaches."""
        return [self._value[leaf] for leaf in self._leaves(root, within)]

    def always(self, root: int, within: Within, goal: Callable[[Any], bool]) -> bool:
        """Whether every situation whose cells lie `within` those given reaches a leaf that fits `goal`."""
        return all(map(goal, map(self._value.__getitem__, self._leaves(root, within))))

    def constant(self, root: int, within: Within) -> bool:
        """Whether all situations whose cells lie `within` those given reach the same leaf."""
        return len(list(islice(self._leaves(root, within), 2))) == 1

    def _leaves(self, root: int, within: Within) -> Iterator[int]:
        """The leaves that situations within reach, each once."""
        levels = self._level
        seen, stack = {root}, [root]
        while stack:
            node = stack.pop()
            level = levels[node]
            if level == _LEAF:
                yield node
                continue
            next_up: Sequence[int] = self._branches[node]
            if level in within:
                next_up = [next_up[cell] for cell in within[level]]
            for branch in next_up:
                if branch not in seen:
                    seen.add(branch)
                    stack.append(branch)

    def settling(self, root: int) -> dict[int, int]:
        """How many cells of a variable leave no choice: one leaf alone once it lies there. Variables that
        have none are left out."""
        levels = self._level
        memo: dict[int, dict[tuple[int, int], int]] = {}

        def walk(node: int) -> dict[tuple[int, int], int]:
            """The settling (level, cell) below `node`, each with the leaf that it leaves."""
            found = memo.get(node)
            if found is not None:
                return found
            level, branches = levels[node], self._branches[node]
            found = memo[node] = {(level, cell): b for cell, b in enumerate(branches) if levels[b] == _LEAF}
            leaves = set(found.values())
            if len(leaves) < 2 and len(found) < len(branches):
                first, *others = [walk(branch) for branch in branches if branch not in leaves]
                for key, leaf in first.items():
                    if leaves <= {leaf} and all(other.get(key) == leaf for other in others):
                        found[key] = leaf
            return found

        counts: dict[int, int] = {}
        for level, _ in walk(root):
            counts[level] = counts.get(level, 0) + 1
        return counts

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
            if level == _LEAF:
                return (0.0, {}) if goal(self._value[node]) else None
            best: tuple[float, int, dict[int, int]] | None = None
            for cell, branch in enumerate(self._branches[node]):
                below = walk(branch)
                if below is not None:
                    total = below[0] + cost(level, cell)
                    if best is None or total < best[0]:
                        best = total, cell, below[1]
            found = None if best is None else (best[0], {level: best[1], **best[2]})
            memo[node] = found
            return found

        return walk(root)
