"""Writes that come at the same time share one transaction: a commit's flush costs more than all else."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")


class Grouping(Generic[T]):
    """`write` makes several items durable at once, and may put into each what became of it."""

    def __init__(self, write: Callable[[Sequence[T]], Awaitable[None]]) -> None:
        self._write = write
        self._group: list[T] | None = None
        self._flushed: asyncio.Future[None] | None = None
        self._writing = asyncio.Lock()

    async def put(self, item: T) -> None:
        """Returns when it is durable. Raises what the writing raised."""
        if self._group is None or self._flushed is None:
            self._group = []
            self._flushed = asyncio.ensure_future(self._flush(self._group))
        self._group.append(item)
        await asyncio.shield(self._flushed)

    async def _flush(self, group: list[T]) -> None:
        """What comes while another group is being written joins this one."""
        async with self._writing:
            if self._group is group:
                self._group = None
            await self._write(group)
