"""The times a message speaks of, and the one it asks about.

`read_times` finds them all, `asked` picks one, `when_of` says what it is, if that is beyond doubt.
"""

from __future__ import annotations

from datetime import datetime

from bot.model import TimeReading, Token, When
from bot.understanding.time_calendar import topics
from bot.understanding.time_expression import Expression
from bot.understanding.time_grammar import Grammar
from bot.understanding.time_joining import joined
from bot.understanding.time_lexemes import lexemes
from bot.understanding.time_line import Line
from bot.understanding.time_resolve import readings
from bot.understanding.time_words import TimeWords

Group = tuple[TimeReading, ...]
"""The competing readings of one time expression, best first. Equal scores: nothing in the message decides
between them ("jam 4"). A score below 0: too vague to answer on ("nanti")."""

SHORT = 4
"""A clause of so many words with its question mark asks by itself: "besok?", "kalau lusa pagi?"."""

Place = tuple[int, int]
"""Offsets (start, end) in the message."""


def read_times(tokens: tuple[Token, ...], now: datetime, words: TimeWords) -> tuple[Group, ...]:
    """One group for each time expression of the message, in order.

    `start` and `end` of a reading are the outermost offsets of what was read; words between its pieces need
    not belong to it (see `time_spans`).
    """
    return times_and_spans(tokens, now, words)[0]


def time_spans(tokens: tuple[Token, ...], words: TimeWords) -> tuple[Place, ...]:
    """The place of every piece of the message that speaks of a time, resolvable or not."""
    return _spans(tokens, expressions(tokens, words))


def times_and_spans(
    tokens: tuple[Token, ...], now: datetime, words: TimeWords
) -> tuple[tuple[Group, ...], tuple[Place, ...]]:
    """`read_times` and `time_spans`, reading the message once."""
    return resolved(tokens, expressions(tokens, words), now, words)


def resolved(
    tokens: tuple[Token, ...], said: list[Expression], now: datetime, words: TimeWords
) -> tuple[tuple[Group, ...], tuple[Place, ...]]:
    """What the expressions of a message mean at `now`, and their places. Leaves `said` as it is."""
    groups = (_group(tokens, expression, now, words) for expression in said)
    return tuple(group for group in groups if group), _spans(tokens, said)


def _group(tokens: tuple[Token, ...], said: Expression, now: datetime, words: TimeWords) -> Group:
    start, end = tokens[said.spans[0][0]].start, tokens[said.spans[-1][1] - 1].end
    return tuple(TimeReading(when, start, end, score) for when, score in readings(said, now, words))


def _spans(tokens: tuple[Token, ...], said: list[Expression]) -> tuple[Place, ...]:
    pieces = sorted(span for expression in said for span in expression.spans)
    return tuple((tokens[first].start, tokens[after - 1].end) for first, after in pieces)


def expressions(tokens: tuple[Token, ...], words: TimeWords) -> list[Expression]:
    """The time expressions of a message, whenever it is said."""
    found = lexemes(tokens, words)
    if not found:
        return []
    line = Line(found)
    said = Grammar(line, words.eve, topics(tokens, found, words)).expressions()
    for expression in said:
        expression.after = line.at(expression.after - 1).after
        expression.first = line.at(expression.first).first
    return joined(said, tokens, words)


# --- the one asked about ---------------------------------------------------------------------


def asked(tokens: tuple[Token, ...], groups: tuple[Group, ...], now: datetime, words: TimeWords) -> Group:
    """The readings of the time that the message asks about; of several equally asked about, all of them.

    A hypothetical ("kalau jam 8 malam") comes first, then a time in the clause that asks; a report of the
    past comes last, and a calendar span without a day gives way to a time of day.
    """
    usable = [group for group in groups if group[0].score >= 0] or list(groups)
    if len(usable) <= 1:
        return usable[0] if usable else ()
    weights = [_weight(tokens, group, now, words) for group in usable]
    best = [group for group, weight in zip(usable, weights, strict=True) if weight == max(weights)]
    return best[0] if len(best) == 1 else _all(best)


def _all(groups: list[Group]) -> Group:
    """Every reading once, none preferred."""
    distinct: dict[When, TimeReading] = {}
    for group in groups:
        for reading in group:
            if reading.score == group[0].score:
                distinct.setdefault(reading.when, TimeReading(reading.when, reading.start, reading.end))
    return tuple(distinct.values())


def _weight(tokens: tuple[Token, ...], group: Group, now: datetime, words: TimeWords) -> int:
    when, choosing = group[0].when, words.choosing
    clause = _clause(tokens, group[0], words)
    weight = 4 if any(norm in choosing["pengandaian"] for norm in clause) else 0
    asks = any(norm in choosing["tanya"] for norm in clause) or (
        clause[-1:] == ["?"] and len(clause) <= SHORT
    )
    weight += 2 if asks else 0
    weight -= 1 if _past(when, now) else 0
    return weight - (3 if when.symbol is not None and when.start is None else 0)


def _past(when: When, now: datetime) -> bool:
    last = when.end or when.start
    return last is not None and last < now


def _clause(tokens: tuple[Token, ...], reading: TimeReading, words: TimeWords) -> list[str]:
    """The words of the clause that the reading stands in, and the mark that ends it."""
    bounds = words.choosing["batas"]
    clause: list[str] = []
    for token in tokens:
        if token.norm in bounds:
            if token.start >= reading.end:
                return [*clause, token.norm]
            if token.start < reading.start:
                clause = []
        clause.append(token.norm)
    return clause


def when_of(tokens: tuple[Token, ...], now: datetime, words: TimeWords) -> tuple[When | None, Group]:
    """The time asked about and its readings. The time is None if none was said, or if no reading stands
    out: then `readings` lists all that compete."""
    competing = asked(tokens, read_times(tokens, now, words), now, words)
    if not competing or competing[0].score < 0:
        return None, competing
    if len(competing) > 1 and competing[0].score == competing[1].score:
        return None, competing
    return competing[0].when, competing
