"""What a word or phrase can mean as a time.

A word can mean several things ("jam" heads a clock time and measures one; "minggu" is a day and seven of
them): its `Sense` holds them all, and the grammar takes the one that fits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import IntFlag
from typing import Any

Hours = timedelta
"""A time of day as the distance from 00:00; 24 hours and more lie in the next day."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the day. `hours[n - 1]`: what the clock figure n (1–12) means with it, in hours from 00:00;
    None: not said that way. `approximate`: a prayer, whose time moves with the sun; `night`: outside every
    ordinary working day.
    """

    id: str
    start: Hours
    end: Hours
    hours: tuple[int | None, ...]
    approximate: bool = False
    night: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """A span of the working calendar: the symbol that the words before it make of it; None: cannot be told.

    `present`: the relations ("ongoing", "done") by which it describes the present moment ("lagi istirahat",
    "sudah pulang"), whatever the calendar says. `bare`: named alone it is a time too. `likely`: the hours
    between which a clock figure said with it lies. `of_days`: it names days ("Ramadan"), not hours of a
    day; a clock time said with it holds too.
    """

    during: str | None
    present: frozenset[str] = frozenset()
    before: str | None = None
    after: str | None = None
    outside: str | None = None
    bare: bool = True
    likely: tuple[Hours, Hours] | None = None
    of_days: bool = False


@dataclass(frozen=True, slots=True)
class Unit:
    """A measure of time: seconds, or days, or months. `one`: the word says the number too ("sejam")."""

    seconds: int = 0
    days: int = 0
    months: int = 0
    one: bool = False


class Opens(IntFlag):
    """Which kinds of pieces a lexeme can begin: the grammar tries no other."""

    SIMPLE = 1
    ROLE = 2
    SPAN = 4
    BOUND = 8
    COUNT = 16
    CLOCK = 32
    DAY = 64


RELATIONS = frozenset(
    {"outside", "before", "not_yet", "after", "passed", "past", "during", "ongoing", "done"}
)
"""The roles of words before a span of the working calendar."""
BOUNDS = frozenset({"before", "after", "past", "until", "from", "between", "since"})
"""The roles of words that take what lies on one side of a time."""


@dataclass(frozen=True, slots=True)
class Sense:
    """All that one word or phrase can mean as a time. None, empty: not that."""

    part: Part | None = None
    moved: tuple[int, Part] | None = None  # "semalam": the day before, and the part
    moment: Hours | None = None  # "tengah malam"
    weekday: int | None = None  # 0: Monday
    relative: int | None = None  # days from today
    month: int | None = None
    dated: tuple[int, int] | None = None  # day, month
    feast: str | None = None  # symbol of a movable day
    span: Span | None = None
    unit: Unit | None = None
    zone: int | None = None  # hours ahead of UTC
    number: int | None = None
    digits: str = ""  # the number as typed in figures
    clock: tuple[int, int] | None = None  # written: 15.30
    date: tuple[int, int, int] | None = None  # written: day, month, year (0: none)
    from_day: int | None = None  # "H-3": days from the day named next
    scale: int | None = None  # of a number word: 0 the number itself, 10 belas, 20 puluh, 100, 1000
    roles: frozenset[str] = frozenset()  # function words: "until", "next", "glue" …
    opens: int = 0  # Opens, as a plain int


NOTHING = Sense()
"""A phrase that contains time words and is none ("jam tangan")."""


@dataclass(frozen=True, slots=True)
class Entry:
    """The phrases that begin with one word. `alone`: the word by itself, None: it is no phrase by itself;
    `longer`: by the second word, the rests of the phrases and their senses, longest first."""

    alone: Sense | None
    longer: Mapping[str, tuple[tuple[tuple[str, ...], Sense], ...]]


def opens(meaning: Mapping[str, Any]) -> int:
    """What a lexeme of this meaning can begin."""
    roles = meaning.get("roles", frozenset())
    number = meaning.get("number") is not None
    unit = meaning.get("unit")
    return int(
        (Opens.SIMPLE if any(meaning.get(name) is not None for name in _SIMPLE) else Opens(0))
        | (Opens.ROLE if roles & _OPENING_ROLES else Opens(0))
        | (Opens.SPAN if meaning.get("span") is not None or roles & RELATIONS else Opens(0))
        | (Opens.BOUND if roles & BOUNDS else Opens(0))
        | (Opens.COUNT if number or (unit and unit.one) or roles & _COUNTING else Opens(0))
        | (Opens.CLOCK if number or meaning.get("clock") or roles & {"clock", "half"} else Opens(0))
        | (Opens.DAY if number or meaning.keys() & {"weekday", "month"} or roles & _DAYS else Opens(0))
    )


_SIMPLE = ("part", "moved", "moment", "relative", "dated", "feast", "date")
_OPENING_ROLES = frozenset({"now", "earlier", "later", "daily", "every", "done", "passed"})
_COUNTING = frozenset({"half", "quarter", "within", "for"})
_DAYS = frozenset({"date", "day", "weekend", "week", "first", "last", "middle", "month", "year"})
