"""What keeps a campaign from going out, for those who steer it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from bot.campaigns.costs import Waits
from bot.problems import Problem


@dataclass(frozen=True, slots=True)
class Held:
    """A campaign does not start. `count`: so many of its people would be written to by a channel that cannot
    open conversations now; `problem` says why, and how to repair it."""

    count: int
    problem: Problem


@dataclass(frozen=True, slots=True)
class Hindered:
    """`held`: before it starts; `waits`: deliveries that wait while it runs, or since it was paused."""

    held: Held | None = None
    waits: tuple[Waits, ...] = ()


Hindrances: TypeAlias = Callable[[int], Awaitable[Hindered]]
"""Of a campaign."""
