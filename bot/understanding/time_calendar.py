"""Spans of the working calendar in the text: "pas istirahat", "di luar jam kerja", "kalau sudah pulang".

The words before a span say what is meant of it; what symbol that gives is data. The same words can also be
what is talked about ("jam kerja kita berapa?"): then they are no time.
"""

from __future__ import annotations

from bot.model import Token
from bot.understanding.time_expression import Expression
from bot.understanding.time_lexemes import Lexeme
from bot.understanding.time_line import Line
from bot.understanding.time_senses import RELATIONS, Span
from bot.understanding.time_words import TimeWords

_STRONGEST_FIRST = ("outside", "before", "not_yet", "after", "passed", "past", "during", "ongoing", "done")
_AFTER = frozenset({"after", "passed", "past"})


def spanned(line: Line, place: int, topics: frozenset[int]) -> Expression | None:
    """A span with the words around it: sebelum jam kerja, jam kerja selesai. `topics`: the places of spans
    that are talked about."""
    at = place
    said: frozenset[str] = frozenset()
    while line.sense(at).span is None and (line.sense(at).roles & RELATIONS) and line.joined(at + 1):
        said |= line.sense(at).roles
        at += 1
    span = line.sense(at).span
    if span is None:
        return None
    follows = line.next(at + 1).roles
    over = bool(follows & {"over", "now_over"})
    relation = "after" if over else next((role for role in _STRONGEST_FIRST if role in said), None)
    if relation is None and (not span.bare or at in topics):
        return None
    symbol = _symbol(span, relation)
    return Expression(
        place,
        at + 1 + over,
        now=relation in span.present or _reached(said | follows, relation),
        symbol=symbol,
        likely=span.likely,
        of_days=span.of_days,
        generic=symbol is None,
    )


def _reached(said: frozenset[str], relation: str | None) -> bool:
    """Whether it claims something of the present: "sudah lewat jam pulang", "sudah bukan jam kerja", "jam
    kerja sudah selesai"."""
    return relation == "passed" or "now_over" in said or (relation == "outside" and "done" in said)


def _symbol(span: Span, relation: str | None) -> str | None:
    if relation in ("before", "not_yet"):
        return span.before
    if relation in _AFTER:
        return span.after
    if relation == "outside":
        return span.outside
    return span.during


def topics(tokens: tuple[Token, ...], found: list[Lexeme], words: TimeWords) -> frozenset[int]:
    """The places of calendar spans that are spoken about and no times: "jam kerja kita berapa?"."""
    return frozenset(
        place
        for place, lexeme in enumerate(found)
        if lexeme.sense.span is not None and _is_topic(tokens, lexeme, words)
    )


def _is_topic(tokens: tuple[Token, ...], lexeme: Lexeme, words: TimeWords) -> bool:
    norms = [token.norm for token in tokens]
    before, after = norms[: lexeme.first], norms[lexeme.after :]
    if before and before[-1][0].isdigit() and before[-2:-1] not in words.date_heads:
        return True  # "8 jam kerja" measures
    if any(tuple(before[-len(p) :]) == p for p in words.topic_before):
        return True
    if any(tuple(after[: len(p)]) == p for p in words.topic_after):
        return True
    for norm in after:
        if norm in words.choosing["kalimat"] or norm in words.choosing["tanya"]:
            return False
        if norm in words.topic_question:
            return True
    return False
