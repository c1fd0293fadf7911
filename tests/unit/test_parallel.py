"""Work shared among processes keeps its order, and its errors reach the caller."""

from __future__ import annotations

import pytest

from bot.parallel import batched, in_parallel


def test_items_come_in_lists_of_the_size_asked_for() -> None:
    assert list(batched(range(5), 2)) == [[0, 1], [2, 3], [4]]
    assert list(batched([], 2)) == []


def test_results_come_in_the_order_of_the_items() -> None:
    offset = 100  # a closure cannot be pickled: it reaches the workers because they are forked
    assert list(in_parallel(lambda n: n + offset, range(50))) == list(range(100, 150))


def test_an_error_in_a_worker_reaches_the_caller() -> None:
    with pytest.raises(ZeroDivisionError):
        list(in_parallel(lambda n: 1 // n, [1, 0, 1]))


def test_nothing_to_do_gives_nothing() -> None:
    assert list(in_parallel(str, [])) == []
