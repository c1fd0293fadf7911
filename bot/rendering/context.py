"""What every line of a reply needs, and conditions in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.model import Literal, Segment
from bot.rendering import dates, facts
from bot.rendering.texts import Texts
from bot.vocabulary import Vocabulary
from bot.worktime import Stretch


@dataclass(frozen=True, slots=True)
class Context:
    """What every line needs: the language, the words of rules, the moment of speaking, the regency's name.

    `stretch`: what the calendar says of the time asked about; None where it is no single stretch.
    `unaddressed`: conditions on what the person is that only leave out whom nothing addresses; they are no
    conditions of the verdict on the others. `idle`: when the act is next allowed, nobody is at work: that is
    no news of an act that is forbidden on working days.
    """

    texts: Texts
    vocabulary: Vocabulary
    now: datetime
    regency: str
    stretch: Stretch | None = None
    unaddressed: tuple[Literal, ...] = ()
    idle: bool = False


def stated(literals: tuple[Literal, ...], context: Context) -> tuple[Literal, ...]:
    """The conditions that are any to whom the circulars address."""
    return tuple(literal for literal in literals if literal not in context.unaddressed)


def spans(segments: Iterable[Segment], context: Context) -> str:
    """ "07.30–12.00, 13.00–16.00"; a day is named with the first of its parts only."""
    found: list[str] = []
    today = context.now
    for segment in segments:
        found.append(dates.span(segment.start, segment.end, today, context.texts))
        today = segment.start
    return ", ".join(found)


def provided(literals: tuple[Literal, ...], context: Context) -> str:
    """ ", asalkan …"; "" without conditions."""
    words = conditions(literals, context)
    return context.texts("verdict.provided", condition=words) if words else ""


def conditions(literals: tuple[Literal, ...], context: Context) -> str:
    """ "untuk kepentingan dinas dan lewat akun resmi instansi"; many become a list; "" for none."""
    return facts.conditions(stated(literals, context), context.texts, context.vocabulary)
