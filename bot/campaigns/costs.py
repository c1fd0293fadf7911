"""What a campaign costs where messages cost something, and what such a channel says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from bot.campaigns.ladder import ARRIVED, Rung

CEILING = "ceiling"
LIMIT = "limit"
TEMPLATE = "template"
"""Why deliveries wait: the campaign's ceiling is reached; so many new people a day are; the text is not
approved any more."""


WINDOW = 24 * 3_600
"""Seconds after a person's last message in which writing to her costs nothing."""


@dataclass(frozen=True, slots=True)
class Paid:
    """Who would cost something: whom none of the channels `before` reaches, and who has not written since the
    moment `since` (seconds since 1970)."""

    before: tuple[str, ...]
    since: int


@dataclass(frozen=True, slots=True)
class Waits:
    """Deliveries that wait. `until`: seconds since 1970; None: until somebody decides."""

    reason: str
    count: int
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """`rungs`: where the messages to people stand → how many. `messages`: paid ones, reminders too;
    `rupiah`: what they cost."""

    rungs: Mapping[Rung, int] = field(default_factory=dict)
    waits: tuple[Waits, ...] = ()
    messages: int = 0
    rupiah: int = 0

    @property
    def anything(self) -> bool:
        return bool(self.rungs or self.waits or self.messages)

    @property
    def arrived(self) -> int:
        return sum(self.rungs.get(rung, 0) for rung in ARRIVED)

    @property
    def read(self) -> int:
        """Seen on a phone that tells so; whoever has switched that off is not among them."""
        return self.rungs.get(Rung.READ, 0)

    @property
    def failed(self) -> int:
        return self.rungs.get(Rung.FAILED, 0)


class Costs(Protocol):
    """The ledger. A method returns when its change is durable."""

    async def set_aside(self, campaign: int, price: int, ceiling: int | None) -> bool:
        """Counts a message before it is sent. False: that would be more than the ceiling."""

    async def give_back(self, campaign: int, price: int) -> None:
        """A message that was counted was not taken."""

    async def accepted(self, message: str, campaign: int | None, template: str, price: int) -> None:
        """The channel has taken it."""
