"""What the dialogue about circulars needs of the ledger. Moments are whole seconds since 1970; a method that
changes something returns when the change is durable, and raises Problem where it is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.campaigns.acknowledging import Entry, Outcome, Told, Wish


@dataclass(frozen=True, slots=True)
class Waiting:
    """A circular that waits for somebody's acknowledgment. `due`: hers."""

    told: Told
    due: int


class Acknowledgments(Protocol):
    async def take(self, wish: Wish) -> Outcome: ...


class Circulars(Protocol):
    async def told(self, campaign: int) -> Told | None: ...

    async def waiting(self, person: int, *, got: bool = False) -> Sequence[Waiting]:
        """Most urgent first, each version once. `got`: only those that went out to her."""

    async def given(self, person: int, since: int) -> Sequence[Entry]:
        """Her acknowledgments from `since` on that stand, the latest first."""

    async def standing(self, person: int, version: int) -> Entry | None: ...

    async def count_answer(self, version: int, rule: str, right: bool) -> None: ...

    async def open_in(self, regency: str, most: int) -> Sequence[Told]:
        """Campaigns that take acknowledgments, the latest first."""
