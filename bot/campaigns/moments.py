"""Moments of a person's own calendar that are worth asking about: one for every kind of time there is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from bot.model import Asker, FactValue
from bot.policy.decide import RegencyEngine
from bot.policy.derived import IN_WORKING_HOURS, clock_edges
from bot.worktime import Reason, State, Stretch, stretches

_DAYS = 14
_STEP_MINUTES = 5
_CLOSE = timedelta(minutes=15)
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Moment:
    """`said`: facts that the wording must state, for the calendar is not sure of them. `stretch`: what the
    calendar says there."""

    at: datetime
    stretch: Stretch
    said: Mapping[str, FactValue]


def moments(engine: RegencyEngine, asker: Asker, first: date, last: date | None) -> Iterator[Moment]:
    """Some moments of [first, last): the middle of every stretch, and shortly after the hours end. Where the
    hours are not confirmed, or not known, the wording says whether they are working hours."""
    calendar = engine.calendar
    edges = clock_edges(engine.law.variables)
    for day in (first + n * _ONE_DAY for n in range(_DAYS)):
        if last is not None and day >= last:
            return
        midnight, end = calendar.at(day), calendar.at(day + _ONE_DAY)
        for stretch in stretches(calendar, asker.pattern, midnight, end):
            if _is_before_work(stretch, midnight, end) and not edges:
                continue  # nobody asks about half past three in the morning
            cuts = [midnight + timedelta(minutes=minute) for minute in edges]
            bounds = [stretch.start, *(c for c in cuts if stretch.start < c < stretch.end), stretch.end]
            for start, stop in pairwise(bounds):
                yield from _in_piece(start, stop, stretch)


def _in_piece(start: datetime, stop: datetime, stretch: Stretch) -> Iterator[Moment]:
    middle = start + (stop - start) / 2
    middle -= timedelta(
        minutes=middle.minute % _STEP_MINUTES, seconds=middle.second, microseconds=middle.microsecond
    )
    middle = middle if middle >= start else start
    if stretch.state is State.BREAK:
        return  # whether it counts is what few circulars say
    confirmed = stretch.pattern is not None and stretch.pattern.source.verified
    if stretch.state is State.UNKNOWN:
        yield from (Moment(middle, stretch, {IN_WORKING_HOURS: on_duty}) for on_duty in (True, False))
    elif confirmed or stretch.reason in (Reason.WEEKEND, Reason.HOLIDAY, Reason.JOINT_LEAVE):
        yield Moment(middle, stretch, {})
        if stretch.reason is Reason.OUTSIDE_HOURS and start + _CLOSE < stop:
            yield Moment(start + _CLOSE, stretch, {})
    else:
        yield Moment(middle, stretch, {IN_WORKING_HOURS: stretch.state is State.WORKING})


def _is_before_work(stretch: Stretch, midnight: datetime, end: datetime) -> bool:
    return stretch.reason is Reason.OUTSIDE_HOURS and stretch.start <= midnight and stretch.end < end
