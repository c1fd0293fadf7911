"""Reads that are asked for at the same time share one statement: after a restart, or early in the morning,
everybody who taps has to be looked up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

MOST = 400
"""Keys in one statement."""


class _Group(Generic[K, V]):
    def __init__(self) -> None:
        self.keys: dict[K, None] = {}
        self.found: asyncio.Task[Mapping[K, V]] | None = None


class Gathering(Generic[K, V]):
    """`read` finds several at once; what is not among its answer is not there. What is asked for while one
    reading runs waits for the next: an answer is never older than its question."""

    def __init__(self, read: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]]) -> None:
        self._read = read
        self._group: _Group[K, V] | None = None
        self._reading = asyncio.Lock()

    async def get(self, key: K) -> V | None:
        group = self._group
        if group is None:
            group = self._group = _Group()
            group.found = asyncio.ensure_future(self._found(group))
        group.keys[key] = None
        if len(group.keys) >= MOST:
            self._group = None
        assert group.found is not None
        return (await asyncio.shield(group.found)).get(key)

    async def _found(self, group: _Group[K, V]) -> Mapping[K, V]:
        async with self._reading:
            if self._group is group:
                self._group = None
            return await self._read(list(group.keys))
