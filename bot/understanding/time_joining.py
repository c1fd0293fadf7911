"""Expressions of one message that belong together: a date and a clock time said apart, corrections.

"besok saya mau live jam 8 pagi" is one time; "jam 8 pagi, eh maksudnya jam 9" is the corrected one, which
keeps what was not corrected.
"""

from __future__ import annotations

from bot.model import Token
from bot.understanding.time_days import DayKind
from bot.understanding.time_expression import Expression, merge
from bot.understanding.time_words import TimeWords

NEAR = 4
"""Words that may stand between "tadi" or "nanti" and the clock time it belongs to."""


def joined(said: list[Expression], tokens: tuple[Token, ...], words: TimeWords) -> list[Expression]:
    """The expressions in order, those that belong together made one. Places are counted in tokens."""
    whole: list[Expression] = []
    for expression in said:
        expression.spans = ((expression.first, expression.after),)
        if (expression.symbol or expression.of_day) and _supposed(expression, tokens, words):
            expression.now = False
        last = whole[-1] if whole else None
        if last is None:
            whole.append(expression)
            continue
        between = [token.norm for token in tokens[last.after : expression.first]]
        if _corrects(last, expression, between, tokens, words):
            _inherit(expression, last)
            whole[-1] = expression
        elif _belong(last, expression, between, words):
            _join(last, expression)
        else:
            whole.append(expression)
    return whole


def _supposed(said: Expression, tokens: tuple[Token, ...], words: TimeWords) -> bool:
    """Whether "anggap", "seandainya" stands right before: then it is not the real now."""
    before = tokens[max(0, said.first - 3) : said.first]
    return said.now and any(token.norm in words.choosing["pengandaian"] for token in before)


def _corrects(
    last: Expression, new: Expression, between: list[str], tokens: tuple[Token, ...], words: TimeWords
) -> bool:
    """Whether `new` replaces `last`: "eh", "maksudnya" between, "ganti" right before it, or "bukan" before
    `last`."""
    if new.vague:
        return False
    before = tokens[last.first - 1].norm if last.first else ""
    if before in words.choosing["bukan"]:
        return True
    if between and between[-1] in words.choosing["pengganti"]:
        return True
    return any(word in words.choosing["ralat"] for word in between[-3:])


def _inherit(new: Expression, old: Expression) -> None:
    """What the correction does not say stays as it was."""
    if new.shift is not None or new.now or new.symbol:
        return
    if not new.days:
        new.days, new.side = old.days, new.side or old.side
    if new.clock is None and new.moment is None and new.end is None:
        if new.part is None or old.clock is not None:
            new.clock = old.clock
        new.part = new.part or old.part
    elif new.part is None and new.clock is not None and not new.clock.sure:
        new.part = old.part


def _belong(one: Expression, other: Expression, between: list[str], words: TimeWords) -> bool:
    if one.shift is not None or other.shift is not None or one.now or other.now:
        return False
    if between and between[-1] in words.choosing["pilihan"]:
        return False
    if _past(one) and (other.side > 0 or _turns(between, words)):
        return False  # "kemarin ada yang live, kalau nanti malam jam 8 boleh?" asks about tonight
    if one.vague or other.vague:
        return _side_fits(one, other, between, words)
    return _complete(one, other) or _complete(other, one)


def _turns(between: list[str], words: TimeWords) -> bool:
    """Whether a new sentence or a supposition begins between two expressions."""
    return any(word in words.choosing["kalimat"] or word in words.choosing["pengandaian"] for word in between)


def _past(said: Expression) -> bool:
    return said.side < 0 or any(
        day.which == "previous" or (day.kind is DayKind.OFFSET and day.n < 0) for day in said.days
    )


def _side_fits(one: Expression, other: Expression, between: list[str], words: TimeWords) -> bool:
    """ "tadi", "nanti" near a time of day without a date of its own."""
    vague, full = (one, other) if one.vague else (other, one)
    if not vague.side or full.vague or full.days or not full.of_day or full.side:
        return False
    return len(between) <= NEAR and not any(word in words.choosing["batas"] for word in between)


def _complete(dated: Expression, timed: Expression) -> bool:
    """Whether `dated` says a day (perhaps with its part) that `timed`, a time of day, lacks."""
    if timed.days or not (timed.of_day or timed.symbol) or dated.end is not None:
        return False
    if dated.clock is not None or dated.moment is not None or dated.bound:
        return False
    if dated.symbol is not None:
        return (timed.clock is not None and timed.symbol is None) or (dated.of_days and not timed.of_days)
    if dated.part is None:
        return bool(dated.days)
    if timed.symbol is not None and not timed.of_day:
        return bool(dated.days)
    return timed.clock is not None and timed.end is None and timed.part in (None, dated.part)


def _join(last: Expression, expression: Expression) -> None:
    spans = last.spans + expression.spans
    merge(last, expression)
    last.spans = spans
