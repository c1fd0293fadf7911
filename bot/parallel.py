"""Work shared among the processors, its results in order."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future

Item = TypeVar("Item")
Result = TypeVar("Result")


def batched(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """The items in lists of `size`; the last may be shorter."""
    source = iter(items)
    while chunk := list(islice(source, size)):
        yield chunk


def in_parallel(work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """`work` done on every item, results in order; only a few items are taken ahead of the results.

    Processes are forked, so that they start with all that `work` has loaded; where that cannot be done, or
    there is one processor, everything is done here.
    """
    source = iter(items)
    head = list(islice(source, 1))
    count = os.cpu_count() or 1
    if not head or count == 1 or not hasattr(os, "fork"):
        yield from map(work, chain(head, source))
        return
    import multiprocessing  # a single question needs neither
    from concurrent.futures import ProcessPoolExecutor

    # `work` reaches the forked processes by inheritance: what it has loaded need not be pickled.
    fork = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(count, fork, initializer=_inherit, initargs=(work,)) as pool:
        waiting: deque[Future[Any]] = deque()
        for item in chain(head, source):
            waiting.append(pool.submit(_do, item))
            if len(waiting) > 2 * count:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


_inherited: list[Callable[[Any], Any]] = []
"""In a forked process: the one piece of work it does."""


def _inherit(work: Callable[[Any], Any]) -> None:
    _inherited[:] = [work]


def _do(item: Any) -> Any:
    return _inherited[0](item)
