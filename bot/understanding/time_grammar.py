"""Lexemes → time expressions, by a small recursive-descent grammar.

Pieces that touch, perhaps with a "pada" or a comma between, make one expression; `time_joining` brings
together what was said apart.
"""

from __future__ import annotations

from datetime import timedelta

from bot.understanding.time_calendar import spanned
from bot.understanding.time_clocks import clocked, counted, figure, measured
from bot.understanding.time_dates import dayed, weekday
from bot.understanding.time_days import Day, DayKind
from bot.understanding.time_expression import Expression, fits, merge
from bot.understanding.time_line import Line
from bot.understanding.time_senses import Opens, Part, Sense

_BOUNDS = {
    "before": "before",
    "after": "after",
    "past": "after",
    "until": "until",
    "from": "from",
    "between": "from",
    "since": "since",
}
_SIMPLE, _ROLE, _SPAN, _BOUND, _COUNT, _CLOCK, _DAY = map(int, Opens)  # plain ints: tested at every place


class Grammar:
    """Reads one message. `night`: the part of the day that before a day's name means its eve; `topics`:
    places of calendar spans that are talked about ("jam kerja berapa") and so are no times."""

    def __init__(self, line: Line, night: Part | None, topics: frozenset[int] = frozenset()) -> None:
        self._line = line
        self._night = night
        self._topics = topics

    def expressions(self) -> list[Expression]:
        read: list[Expression] = []
        place = 0
        while place < len(self._line):
            expression = self._range(place)
            place = place + 1 if expression is None else expression.after
            if expression is not None:
                read.append(expression)
        return read

    # --- ranges ------------------------------------------------------------------------------

    def _range(self, place: int) -> Expression | None:
        """A time or a range of times: dari jam 8 sampai jam 10 pagi, 8-10 pagi, Senin-Jumat."""
        opened = bool(self._line.sense(place).roles & {"from", "between"}) and self._line.joined(place + 1)
        start = self._line.past_glue(place + 1) if opened else place
        left = self._lone_number(start) or self._point(start)
        if left is None or left.bound not in ("", "from"):
            return left
        left.first = place
        self._close(left, opened or bool(left.bound))
        return left

    def _close(self, left: Expression, opened: bool) -> None:
        """Looks after `left` for the other end, or for what opens it to one side."""
        line, place = self._line, left.after
        roles = line.next(place).roles
        if "until" in roles or ("and" in roles and opened) or ("to" in roles and left.clock):
            right = self._right(left, line.past_glue(place + 1))
            if right is not None and ("dash" not in roles or _alike(left, right)):
                left.end, left.after, left.bound = right, right.after, ""
                _share_month(left, right)
                return
            if "until" in roles and left.clock and line.next(place + 1).roles & {"over", "now_over"}:
                left.bound, left.after = "from", place + 2
                return
        if "onward" in roles:
            left.bound, left.after = "after", place + 1
        elif opened and left.of_day and "from" in line.sense(left.first).roles:
            left.bound = "from"

    def _lone_number(self, place: int) -> Expression | None:
        """A number that only the other end makes a time: 8-10 pagi, 17 sampai 20 Agustus."""
        sense = self._line.sense(place)
        if sense.number is None or "until" not in self._line.next(place + 1).roles:
            return None
        right = self._point(self._line.past_glue(place + 2)) if self._line.joined(place + 2) else None
        if right is None or right.bound:
            return None
        if right.clock is not None and sense.number <= 24:
            return Expression(place, place + 1, clock=figure(sense))
        date = next((day for day in right.days if day.kind is DayKind.DATE), None)
        return Expression(place, place + 1, days=(date._replace(n=sense.number),)) if date else None

    def _right(self, left: Expression, place: int) -> Expression | None:
        if not self._line.joined(place):
            return None
        right = self._point(place)
        if right is not None:
            return None if right.bound or right.end else right
        sense = self._line.sense(place)
        if sense.number is None:
            return None
        if left.clock is not None and sense.number <= 24:
            return self._continue(Expression(place, place + 1, clock=figure(sense)))
        if left.days and left.days[-1].kind in (DayKind.MONTHDAY, DayKind.DATE):
            day = left.days[-1]._replace(n=sense.number)
            return Expression(place, place + 1, days=(day,))
        return None

    # --- one point ---------------------------------------------------------------------------

    def _point(self, place: int) -> Expression | None:
        first = self._piece(place)
        return None if first is None else self._continue(first)

    def _continue(self, whole: Expression) -> Expression:
        """`whole` with the pieces that touch it, as far as they fit."""
        while self._line.joined(whole.after):
            if (whole.of_day or whole.now) and "until" in self._line.next(whole.after).roles:
                return whole
            if whole.clock is not None and (zone := self._line.next(whole.after).zone) is not None:
                whole.zone, whole.after = zone, whole.after + 1  # "jam 7 malam WITA"
                continue
            beyond = self._line.past_glue(whole.after)
            piece = self._piece(whole.after) or (self._piece(beyond) if beyond > whole.after else None)
            if piece is None or not fits(whole, piece) or (whole.days and piece.days and self._denied(whole)):
                return whole
            merge(whole, piece)
        return whole

    def _denied(self, said: Expression) -> bool:
        """Whether "bukan" stands before: "bukan besok, lusa" names two days, not one."""
        return self._line.joined(said.first) and "not" in self._line.sense(said.first - 1).roles

    def _piece(self, place: int) -> Expression | None:
        line, sense = self._line, self._line.sense(place)
        opens = sense.opens
        if not opens:
            return None
        return (
            (self._simple(place, sense) if opens & _SIMPLE else None)
            or (self._by_role(place, sense.roles) if opens & _ROLE else None)
            or (spanned(self._line, place, self._topics) if opens & _SPAN else None)
            or (self._bounded(place, sense.roles) if opens & _BOUND else None)
            or (self._reached(place, sense.roles) if opens & _ROLE else None)
            or (self._away(place) if opens & _COUNT else None)
            or (counted(line, place) if opens & _COUNT else None)
            or (clocked(line, place) if opens & _CLOCK else None)
            or (dayed(line, place, sense) if opens & _DAY else None)
        )

    def _simple(self, place: int, sense: Sense) -> Expression | None:
        after = place + 1
        if sense.part is not None:
            return self._part(place, sense.part)
        if sense.relative is not None:
            return Expression(place, after, days=(Day(DayKind.OFFSET, sense.relative),))
        if sense.moved is not None:
            offset, part = sense.moved
            return Expression(place, after, days=(Day(DayKind.OFFSET, offset),), part=part)
        if sense.moment is not None:
            return Expression(place, after, moment=sense.moment)
        if sense.dated is not None:
            return Expression(place, after, days=(Day(DayKind.DATE, *sense.dated),))
        if sense.from_day is not None:
            return self._from_day(place, sense.from_day)
        if sense.date is not None:
            return Expression(place, after, days=(Day(DayKind.DATE, *sense.date),))
        return Expression(place, after, symbol=sense.feast, of_days=True) if sense.feast is not None else None

    def _from_day(self, place: int, moved: int) -> Expression | None:
        """H-1 Natal, H+2 tanggal 5: so many days from the day named."""
        at = self._line.past_glue(place + 1)
        named = self._piece(at) if self._line.joined(place + 1) else None
        if named is None or not (named.days or named.of_days):
            return None
        moved_days = tuple(day._replace(moved=moved) for day in named.days)
        return Expression(place, named.after, days=moved_days, generic=named.of_days)

    def _part(self, place: int, part: Part) -> Expression:
        """A part of the day: of today ("malam ini"), or, before a day's name, its eve ("malam Minggu")."""
        after = place + 1
        follows = self._line.next(after)
        if "this" in follows.roles:
            return Expression(place, after + 1, days=(Day(DayKind.OFFSET, 0),), part=part)
        day = None
        if self._line.at(place).after > self._line.at(place).first + 1:
            pass  # "malam hari Jumat" is Friday's own
        elif part is self._night and follows.weekday is not None:
            day = weekday(self._line, after, after)
        elif part is self._night and follows.dated is not None:
            day = Expression(after, after + 1, days=(Day(DayKind.DATE, *follows.dated),))
        if day is None:
            return Expression(place, after, part=part)
        return Expression(place, day.after, days=(day.days[0]._replace(moved=-1),), part=part)

    def _by_role(self, place: int, roles: frozenset[str]) -> Expression | None:
        after = place + 1
        if "now" in roles:
            return Expression(place, after, now=True)
        if "earlier" in roles or "later" in roles:
            return Expression(place, after, side=-1 if "earlier" in roles else 1)
        if "daily" in roles:
            return Expression(place, after, generic=True)
        if "every" in roles and self._line.joined(after):
            each = self._piece(after)
            if each is not None:
                each.first = place
            return each
        return None

    def _bounded(self, place: int, roles: frozenset[str]) -> Expression | None:
        """sebelum, setelah, lewat, sampai, mulai before a time."""
        bound = next((name for role, name in _BOUNDS.items() if role in roles), None)
        if bound is None or "dash" in roles or not self._line.joined(place + 1):
            return None
        at = self._line.past_glue(place + 1)
        if "past" in roles and not (self._line.sense(at).roles & {"clock"} or self._line.sense(at).clock):
            return None
        inner = self._point(at)
        if inner is None or inner.bound or (inner.symbol and not inner.of_day) or inner.now:
            return None
        prayer = self._line.sense(at).part
        timed = prayer is not None and prayer.approximate and inner.clock is not None
        inner.first, inner.bound = place, "" if timed else bound  # "habis isya jam 8": the clock time itself
        return inner

    def _reached(self, place: int, roles: frozenset[str]) -> Expression | None:
        """ "sudah sore", "sudah jam 4", "sudah lewat jam 4 sore": said of the present moment.
        Only supposed ("kalau sudah lewat jam 4 sore") the last is the time after."""
        if not roles & {"done", "passed"} or not self._line.joined(place + 1):
            return None
        part = self._line.next(place + 1).part
        if part is not None:
            return Expression(place, place + 2, part=part, now=True)
        inner = clocked(self._line, place + 1)
        if inner is None:
            return None
        bound = "after" if "passed" in roles else ""
        return Expression(place, inner.after, clock=inner.clock, zone=inner.zone, bound=bound, now=True)

    def _away(self, place: int) -> Expression | None:
        """Counted from another time: sehari sebelum natal, 30 menit sebelum jam 8."""
        got = measured(self._line, place)
        if got is None or not self._line.joined(got[1] + 1):
            return None
        size, at = got
        roles = self._line.next(at).roles
        if not roles & {"before", "after"}:
            return None
        inner = self._point(self._line.past_glue(at + 1))
        sign = -1 if "before" in roles else 1
        if inner is None or inner.bound:
            return None
        if inner.of_days or (size.months and inner.days):
            return Expression(place, inner.after, generic=True)  # "10 hari sebelum lebaran" cannot be told
        if size.days and inner.days and not inner.of_day:
            moved = tuple(day._replace(moved=day.moved + sign * size.days) for day in inner.days)
            return Expression(place, inner.after, days=moved)
        if size.seconds and inner.clock is not None and sign < 0:
            inner.first, inner.shift = place, timedelta(seconds=sign * size.seconds)
            return inner
        return None


def _share_month(left: Expression, right: Expression) -> None:
    """tanggal 17 sampai 20 Agustus: the month is said of both."""
    date = next((day for day in right.days if day.kind is DayKind.DATE), None)
    if date and left.days and left.days[-1].kind is DayKind.MONTHDAY:
        left.days = (*left.days[:-1], date._replace(n=left.days[-1].n))


def _alike(left: Expression, right: Expression) -> bool:
    """Whether a dash between the two can mean "until" (it can also just be a dash)."""
    return bool((left.clock and right.clock) or (left.days and right.days) or (left.part and right.part))
