"""What the dialogue about circulars needs of the ledger. Moments are whole seconds since 1970; a method that
changes something returns when the change is durable, and raises Problem where it is not."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.campaigns.acknowledging import Entry, Outcome, Told, Wish
from bot.campaigns.campaign import DeliveryState
from bot.campaigns.receipts import Receipt
from bot.model import Reply


@dataclass(frozen=True, slots=True)
class Waiting:
    """A circular that waits for somebody's acknowledgment. `due`: hers."""

    told: Told
    due: int


class Acknowledgments(Protocol):
    async def take(self, wish: Wish) -> Outcome: ...


class Circulars(Protocol):
    async def told(self, campaign: int) -> Told | None: ...

    async def waiting(self, person: int, among: Collection[DeliveryState] | None = None) -> Sequence[Waiting]:
        """Most urgent first, each version once. `among`: only those whose delivery is there; None: all."""

    async def addressed(self, person: int, version: int) -> bool:
        """Whether a campaign that takes acknowledgments brings it to her."""

    async def given(self, person: int, since: int) -> Sequence[Entry]:
        """Her acknowledgments from `since` on that stand, the latest first."""

    async def standing(self, person: int, version: int) -> Entry | None: ...

    async def count_answer(self, version: int, rule: str, right: bool) -> None: ...


class Receipts(Protocol):
    async def of(self, entry: Entry) -> Receipt | None:
        """For an acknowledgment that stands, under a checkpoint that is made if none covers it yet. None: its
        evidence was forgotten. Raises Problem where it cannot be made now, or the evidence was changed."""


class Unseen(Protocol):
    """Circulars of which only the message that opens the conversation has reached somebody."""

    async def unseen(self, person: int, campaign: int) -> bool: ...

    async def shown(self, person: int, campaign: int) -> None:
        """She was shown it now."""


class Letters(Protocol):
    async def message(self, campaign: int, language: str | None, due: int | None = None) -> Reply: ...
