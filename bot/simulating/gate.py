"""Whether a message may go to a person now."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from bot.simulating.errors import GraphError
from bot.simulating.limits import Portfolio, Throughput
from bot.simulating.people import Person
from bot.simulating.requests import Message
from bot.simulating.rules import Rules

PHONE = re.compile(r"\+?[\d\s().-]+")


@dataclass(slots=True)
class Gate:
    """Counts what went through."""

    _throughput: Throughput = field(default_factory=Throughput)
    _portfolio: Portfolio = field(default_factory=Portfolio)

    def check_pace(self, rules: Rules, person: Person | None, now: float) -> None:
        """Raises GraphError 130429 (too much in a second), 131056 (too much to this person)."""
        if self._throughput.full(now, rules.throughput):
            raise GraphError(130429, f"more than {rules.throughput} messages in a second")
        free = person.pair.free_at(now, rules.pair_seconds, rules.pair_burst) if person else now
        if free > now:
            raise GraphError(131056, f"too many messages to this person; the next in {free - now:.0f} s")

    def refusal(
        self, rules: Rules, message: Message, person: Person | None, template: bool, now: float
    ) -> GraphError | None:
        """Why this person cannot get this message. Who gets a template outside the window is counted."""
        if person is None and message.to is not None and not PHONE.fullmatch(message.to):
            return None  # an id in the place of a number is accepted, and never heard of again
        if person is None or not person.reachable:
            return GraphError(131026, "the number is not on WhatsApp, or does not take messages")
        if person.within(now, rules.window):
            return None
        if not template:
            return GraphError(131047, "too long since this person last wrote: send a template")
        if self._portfolio.full(person.user_id, now, rules.new_people):
            return GraphError(131048, f"{rules.new_people} new people in 24 hours are reached")
        self._portfolio.took(person.user_id, now)
        return None

    def passed(self, rules: Rules, person: Person | None, now: float) -> None:
        """A message was accepted."""
        self._throughput.took(now)
        if person is not None:
            person.pair.took(now, rules.pair_seconds)
