"""What a message costs, and how much a campaign may."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tariff:
    """Whole rupiah. `price`: of one message that opens a conversation; `ceiling`: of a campaign, None: there
    is none."""

    price: int = 0
    ceiling: int | None = None

    def estimate(self, people: int) -> int:
        return people * self.price

    def over(self, people: int) -> bool:
        return self.ceiling is not None and self.estimate(people) > self.ceiling
