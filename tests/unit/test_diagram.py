"""Decision diagrams against truth tables."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.policy.diagram import Space

Table = dict[tuple[int, ...], int]

SIZES = (2, 3, 2, 4)
SITUATIONS = list(product(*map(range, SIZES)))

quick = settings(max_examples=80, deadline=None)
tables = st.lists(st.integers(0, 2), min_size=len(SITUATIONS), max_size=len(SITUATIONS)).map(
    lambda leaves: dict(zip(SITUATIONS, leaves, strict=True))
)
partly_known = st.tuples(*(st.one_of(st.none(), st.integers(0, size - 1)) for size in SIZES))


def built(space: Space, table: Table, prefix: tuple[int, ...] = ()) -> int:
    """The diagram of a truth table."""
    level = len(prefix)
    if level == len(SIZES):
        return space.leaf(table[prefix])
    return space.node(level, [built(space, table, (*prefix, cell)) for cell in range(SIZES[level])])


def completions(known: tuple[int | None, ...]) -> list[tuple[int, ...]]:
    return [s for s in SITUATIONS if all(k is None or k == cell for k, cell in zip(known, s, strict=True))]


def agrees(space: Space, root: int, value: Callable[[tuple[int, ...]], int]) -> bool:
    return all(space.decide(root, situation) == value(situation) for situation in SITUATIONS)


@given(tables)
@quick
def test_a_diagram_decides_as_its_table(table: Table) -> None:
    space = Space(SIZES)
    assert agrees(space, built(space, table), table.__getitem__)


@given(tables, tables)
@quick
def test_equal_functions_are_one_node_and_others_are_not(one: Table, other: Table) -> None:
    space = Space(SIZES)
    assert (built(space, one) == built(space, other)) is (one == other)


@given(tables, tables, tables)
@quick
def test_combining_diagrams_combines_their_leaves(a: Table, b: Table, c: Table) -> None:
    space = Space(SIZES)
    roots = [built(space, table) for table in (a, b, c)]
    root = space.combine(lambda x, y, z: x * 9 + y * 3 + z, *roots)
    assert agrees(space, root, lambda s: a[s] * 9 + b[s] * 3 + c[s])


@given(tables)
@quick
def test_mapping_a_diagram_maps_its_leaves_whatever_was_mapped_before(table: Table) -> None:
    space, memo = Space(SIZES), dict[int, int]()
    root = built(space, table)
    for _ in range(2):
        assert agrees(space, space.mapped(root, lambda leaf: leaf == 1, memo), lambda s: table[s] == 1)


@given(tables, partly_known)
@quick
def test_restricting_fixes_what_is_known_and_leaves_the_rest(
    table: Table, known: tuple[int | None, ...]
) -> None:
    space = Space(SIZES)
    left = space.restrict(built(space, table), known)
    for situation in completions(known):
        assert space.decide(left, situation) == table[situation]
    assert all(known[level] is None for level in space.support(left))


@given(tables)
@quick
def test_the_support_is_what_some_value_changes(table: Table) -> None:
    space = Space(SIZES)
    matters = {
        level
        for level, size in enumerate(SIZES)
        for s in SITUATIONS
        for cell in range(size)
        if table[s] != table[(*s[:level], cell, *s[level + 1 :])]
    }
    assert space.support(built(space, table)) == matters


@given(tables, partly_known)
@quick
def test_always_and_constant_look_at_every_situation_within_and_no_other(
    table: Table, known: tuple[int | None, ...]
) -> None:
    space = Space(SIZES)
    root = built(space, table)
    within = {level: (cell,) for level, cell in enumerate(known) if cell is not None}
    leaves = {table[s] for s in completions(known)}
    assert space.always(root, within, lambda leaf: leaf < 2) is all(leaf < 2 for leaf in leaves)
    assert space.constant(root, within) is (len(leaves) == 1)


@given(tables)
@quick
def test_a_value_settles_what_it_leaves_no_choice_about(table: Table) -> None:
    space = Space(SIZES)
    root = built(space, table)
    counts = [
        sum(len({table[s] for s in SITUATIONS if s[level] == cell}) == 1 for cell in range(size))
        for level, size in enumerate(SIZES)
    ]
    matters = space.support(root)
    assert space.settling(root) == {level: n for level, n in enumerate(counts) if n and level in matters}


@given(tables, st.tuples(*(st.integers(0, size - 1) for size in SIZES)))
@quick
def test_the_cheapest_path_deviates_least_and_reaches_its_goal(table: Table, usual: tuple[int, ...]) -> None:
    space = Space(SIZES)
    root = built(space, table)
    path = space.cheapest(root, lambda level, cell: float(usual[level] != cell), lambda leaf: leaf == 2)
    goals = [s for s in SITUATIONS if table[s] == 2]
    if path is None:
        assert goals == []
        return
    cost, cells = path
    assert cost == min(sum(a != b for a, b in zip(s, usual, strict=True)) for s in goals)
    reached = [cells.get(level, cell) for level, cell in enumerate(usual)]
    assert table[tuple(reached)] == 2


@given(tables)
@quick
def test_outcomes_are_the_leaves_that_occur(table: Table) -> None:
    space = Space(SIZES)
    assert sorted(space.outcomes(built(space, table))) == sorted(set(table.values()))


def test_true_and_one_are_different_leaves() -> None:
    space = Space(SIZES)
    assert space.leaf(True) != space.leaf(1)
