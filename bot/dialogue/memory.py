"""The memory of one conversation and the draft of a question that it completes."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.model import FactValue, Intent, Unknown, When

TIME, ACTIVITY = "time", "activity"
"""What can be asked back besides a fact."""


@dataclass(frozen=True, slots=True)
class Pending:
    """What the bot has asked back: a fact, or which of several times or acts was meant. One of the three."""

    fact: str | None = None
    times: tuple[When, ...] = ()
    activities: tuple[str, ...] = ()

    @property
    def subject(self) -> str | None:
        """A fact's id, "time" or "activity"."""
        if self.fact is not None:
            return self.fact
        return TIME if self.times else ACTIVITY if self.activities else None


@dataclass(frozen=True, slots=True)
class Draft:
    """A message completed by its conversation.

    `times` are competing readings of one time; empty means that none was said (the present). `topic` is
    what later follow-ups return to: "kenapa?" in between does not change it. `day_said` and `clock_said`
    tell how the time came about, so that "kalau jam 8?" stays on the day and "kalau besok?" keeps the hour.
    `earlier`: the conversation that small talk leaves as it was, None if this message carries it on.
    `act_chosen`: the act was picked when the bot asked which one, so that it does not ask again. `must`: as
    `Understood.must`.
    """

    intent: Intent
    activities: tuple[str, ...] = ()
    times: tuple[When, ...] = ()
    facts: Mapping[str, FactValue | Unknown] = field(default_factory=dict)
    topic: Intent = Intent.MAY_I
    day_said: bool = False
    clock_said: bool = False
    earlier: Memory | None = None
    act_chosen: bool = False
    must: tuple[str, ...] | None = None

    @property
    def asked(self) -> Hashable:
        """All that an answer depends on. Whatever has the same, is answered the same."""
        return (
            self.again and self.again.asked,
            self.intent,
            self.activities,
            self.times,
            tuple(self.facts.items()),
            self.topic,
            self.act_chosen,
            self.must,
        )

    @property
    def again(self) -> Draft | None:
        """About what the bot had asked back, where this message could not be read."""
        if self.intent is not Intent.UNCLEAR or self.earlier is None or self.earlier.pending is None:
            return None
        return self.earlier.draft


@dataclass(frozen=True, slots=True)
class Memory:
    """What was asked last, what the bot asked back (None: nothing), and the instant from which it is
    forgotten."""

    draft: Draft
    pending: Pending | None
    until: datetime

    @property
    def expecting(self) -> str | None:
        """What the next message may answer: a fact's id, "time", "activity", or None."""
        return self.pending.subject if self.pending is not None else None


def remember(draft: Draft, pending: Pending | None, until: datetime) -> Memory:
    """The memory after a turn. Small talk leaves the conversation before it as it was, only fresher."""
    if draft.earlier is not None:
        return replace(draft.earlier, until=until)
    return Memory(draft, pending, until)
