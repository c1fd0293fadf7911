"""What becomes of a message on the way to a person, as the platform tells it: in any order, late, twice, or
not at all. Pure.

Whatever order the news come in, the end is the same. That a message was read is shown, and is no
acknowledgment: a phone that lies open reads too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from bot.campaigns.campaign import Unreachable
from bot.campaigns.sending import NotReached, Refused


class Rung(StrEnum):
    ACCEPTED = "accepted"  # the call was answered; nothing was told since
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


_HEIGHTS = {Rung.ACCEPTED: 0, Rung.SENT: 1, Rung.FAILED: 2, Rung.DELIVERED: 3, Rung.READ: 4}
"""A message that was sent can fail (the phone stayed off for too long); one that arrived cannot any more:
then the failure was of another copy, or is an error of the platform."""

ARRIVED = frozenset({Rung.DELIVERED, Rung.READ})

NOBODY_THERE = frozenset({131021, 131026, 131030})
"""Codes of failures that say of the account that nothing reaches it."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One piece of news. `at`: seconds since 1970, by the platform's clock. `code`: of a failure. `billable`
    None: not said. `tag`: as it came back with it."""

    message: str
    rung: Rung
    at: int
    code: int | None = None
    billable: bool | None = None
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a message stands. `at`: since when."""

    rung: Rung
    at: int
    code: int | None = None
    billable: bool | None = None

    @property
    def charged(self) -> bool:
        """Whether it costs, as far as is known."""
        return self.rung is not Rung.FAILED and self.billable is not False

    @property
    def fate(self) -> Refused | NotReached | None:
        """Of a message that has failed, as the call itself would have told it."""
        if self.rung is not Rung.FAILED:
            return None
        if self.code in NOBODY_THERE:
            return NotReached(Unreachable.NEVER_STARTED)
        return Refused(str(self.code or "unknown"))


def climbed(before: Standing, heard: Heard) -> Standing:
    """Where it stands after the news: never lower than before."""
    billable = _both(before.billable, heard.billable)
    mine = (_HEIGHTS[before.rung], -before.at, before.code or 0)
    theirs = (_HEIGHTS[heard.rung], -heard.at, heard.code or 0)
    if theirs > mine:
        return Standing(heard.rung, heard.at, heard.code, billable)
    return Standing(before.rung, before.at, before.code, billable)


def _both(one: bool | None, other: bool | None) -> bool | None:
    """What is free once is free."""
    if one is None or other is None:
        return other if one is None else one
    return one and other


class Statuses(Protocol):
    """What a channel tells the ledger."""

    async def heard(self, statuses: Sequence[Heard]) -> None:
        """Returns when it is durable; raises what the ledger raises."""
