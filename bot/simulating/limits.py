"""How many messages in which time. Each limit is asked, then told: a refused message does not count."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from bot.simulating.rules import DAY


@dataclass(slots=True)
class Pair:
    """One sender, one person: a message every `seconds`. Several may go at once, but the next burst waits as
    long as those would have taken one by one."""

    began: float = float("-inf")
    count: int = 0

    def free_at(self, now: float, seconds: float | None, burst: int) -> float:
        """When the next message may go; `now` or earlier: at once."""
        if seconds is None:
            return now
        if now < self.began + seconds and self.count < burst:
            return now
        return self.began + self.count * seconds

    def took(self, now: float, seconds: float | None) -> None:
        if seconds is None or now >= self.began + seconds:
            self.began, self.count = now, 0
        self.count += 1


@dataclass(slots=True)
class Throughput:
    """Messages of the last second."""

    times: deque[float] = field(default_factory=deque)

    def full(self, now: float, limit: int | None) -> bool:
        while self.times and self.times[0] <= now - 1:
            self.times.popleft()
        return limit is not None and len(self.times) >= limit

    def took(self, now: float) -> None:
        self.times.append(now)


@dataclass(slots=True)
class Portfolio:
    """Who got a template outside the window in the last 24 hours, and when last."""

    last: dict[str, float] = field(default_factory=dict)

    def full(self, user_id: str, now: float, limit: int | None) -> bool:
        """Whether one more person is one too many. Whoever is among them already always fits."""
        self.last = {who: when for who, when in self.last.items() if when > now - DAY}
        return limit is not None and user_id not in self.last and len(self.last) >= limit

    def took(self, user_id: str, now: float) -> None:
        self.last[user_id] = now
