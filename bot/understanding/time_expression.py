"""What was said of a time, before it is known what time it is now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from bot.understanding.time_days import Day
from bot.understanding.time_senses import Hours, Part


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock time as said: the hour's figure, 0–24, and the minute.

    `sure`: said in the 24-hour way ("15.30", "jam 08", "jam 13"). Otherwise a figure of 1–12 may lie in
    either half of the day, though one with `exact` minutes ("setengah delapan") is usually meant as said.
    """

    figure: int
    minute: int = 0
    sure: bool = False
    exact: bool = False


@dataclass(slots=True)
class Expression:
    """One time as said; what was not said is left empty. It covers the places `first` to before `after`.

    `zone`: of the clock time, in hours ahead of UTC; None: the asker's own. `now`: "sekarang"; `side`: −1
    "tadi", 1 "nanti". `shift`: away from now ("2 jam lagi") or from the clock time ("10 menit sebelum jam
    8"), with `ahead` the whole stretch until then ("2 jam ke depan"); `length`: "selama 2 jam". `end`: the
    other end of a range. `bound`: "before", "after", "until", "day_until" (from the start of the day said
    before it), "from" or "since" what the rest says. `symbol`: a span of the working calendar; `likely`: the
    hours a clock figure said with it lies between; `of_days`: it names days. `generic`: no one time ("tiap
    hari"). `spans`: the places of its pieces, when they do not touch.
    """

    first: int
    after: int
    days: tuple[Day, ...] = ()
    clock: Clock | None = None
    zone: int | None = None
    part: Part | None = None
    moment: Hours | None = None
    now: bool = False
    side: int = 0
    shift: timedelta | None = None
    ahead: bool = False
    length: timedelta | None = None
    bound: str = ""
    end: Expression | None = None
    symbol: str | None = None
    likely: tuple[Hours, Hours] | None = None
    of_days: bool = False
    generic: bool = False
    spans: tuple[tuple[int, int], ...] = ()

    @property
    def of_day(self) -> bool:
        """Whether it says something about the time of day."""
        return self.clock is not None or self.part is not None or self.moment is not None

    @property
    def vague(self) -> bool:
        """Whether no time can be worked out from it ("nanti", "tiap hari", "sebelum Ramadan")."""
        return not (self.days or self.of_day or self.now or self.shift is not None or self.symbol)


def fits(whole: Expression, piece: Expression) -> bool:
    """Whether a piece that touches `whole` can belong to the same time."""
    if piece.bound and (whole.of_day or whole.bound or whole.now or piece.days):
        return False
    if whole.end is not None or whole.shift is not None or piece.shift is not None or piece.end is not None:
        return False
    if whole.side * piece.side < 0 or (whole.now and piece.now):
        return False
    if _both(whole.part, piece.part) and whole.part is not piece.part and not _clock_at_prayer(whole):
        return False
    if (whole.moment is not None and piece.of_day) or (piece.moment is not None and whole.of_day):
        return False
    if _both(whole.symbol, piece.symbol) and whole.of_days == piece.of_days:
        return False
    return not _both(whole.clock, piece.clock)


def _clock_at_prayer(whole: Expression) -> bool:
    """ "habis isya jam 8 malam": the prayer and the part of the day both go with the clock time."""
    return whole.clock is not None and whole.part is not None and whole.part.approximate


def _both(one: object, other: object) -> bool:
    return one is not None and other is not None


def merge(whole: Expression, piece: Expression) -> None:
    """Puts what `piece` says into `whole`."""
    if piece.bound == "until" and whole.days and not piece.days:
        piece.bound = "day_until"
    whole.after = max(whole.after, piece.after)
    whole.first = min(whole.first, piece.first)
    whole.days += piece.days
    whole.clock = whole.clock or piece.clock
    whole.zone = piece.zone if whole.zone is None else whole.zone
    if piece.part is not None and _clock_at_prayer(whole):
        whole.part = piece.part
    whole.part = whole.part or piece.part
    whole.moment = piece.moment if whole.moment is None else whole.moment
    whole.now = whole.now or piece.now
    whole.side = whole.side or piece.side
    whole.length = whole.length or piece.length
    whole.bound = whole.bound or piece.bound
    whole.end = whole.end or piece.end
    if whole.symbol is None or (whole.of_days and piece.symbol is not None):
        whole.symbol = piece.symbol or whole.symbol  # "bulan puasa pas istirahat": the hours say more
        whole.of_days = piece.of_days if piece.symbol is not None else whole.of_days
    whole.likely = whole.likely or piece.likely
    whole.generic = whole.generic and piece.generic
