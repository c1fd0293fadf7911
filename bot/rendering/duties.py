"""Duties in words: what must be done, by when, by whom; and what must be kept to while doing something.

The first line speaks of the duty, because that was the question: "Wajib, batas waktunya 15.00", "Belum
wajib", "Tidak wajib".
"""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.model import Citation, Duty, Explanation, Intent, Question, Verdict, VerdictKind, Window
from bot.rendering import dates
from bot.rendering.answer import assembled, headline, understood
from bot.rendering.context import Context, conditions
from bot.rendering.grounds import named

_MINUTE = timedelta(minutes=1)


def answer(
    question: Question, verdict: Verdict, duty: Duty, explanation: Explanation, context: Context
) -> str:
    """The reply about an act that is itself obligatory, now or at another time."""
    first = head(question, verdict, duty, context)
    line = context.texts("reply.understood", what=understood(question, context))
    return assembled(first, verdict, explanation, [line], context)


def accompanied(
    question: Question, verdict: Verdict, explanation: Explanation, context: Context, duties: list[Citation]
) -> str:
    """The reply to "do I have to …, while …?": what must be kept to, then whether the act is allowed."""
    texts = context.texts
    name = texts.word(context.vocabulary.activities[str(question.activity)].name)
    first = texts("duty.while", activity=name) + "".join(f"\n• {kept(d, context)}" for d in duties)
    also = texts("reply.also", activity=name, headline=headline(verdict, context))
    line = texts("reply.understood", what=understood(question, context))
    return assembled(f"{first}\n\n{also}", verdict, explanation, [line], context, duties=False)


def kept(duty: Citation, context: Context) -> str:
    """What an accompanying duty asks for, with its circular and clause."""
    texts = context.texts
    source = named(duty.source, context)
    if duty.clause:
        source = f"{source} {texts('reply.clause', clause=duty.clause)}"
    return texts("duty.kept", content=texts.word(duty.content or {"id": ""}).rstrip("."), source=source)


# --- the first line ---


def head(question: Question, verdict: Verdict, duty: Duty, context: Context) -> str:
    """ "Wajib, batas waktunya …", "Belum wajib …", "Tidak wajib …", or that the deadline has passed."""
    texts, window = context.texts, duty.window
    asked = context.now if question.when is None or question.when.start is None else question.when.start
    if window is None:
        return _none(verdict, duty, context)
    begun = window.start <= asked
    if verdict.kind is VerdictKind.EXEMPT:
        return texts("duty.exempt", condition=_except(window, context) if begun else "")
    provided = _if(window, context)
    if begun:
        return _now(verdict, duty, context)
    within = question.when is not None and question.when.end is not None and window.start < question.when.end
    if within or verdict.kind is VerdictKind.OBLIGATORY or question.intent is Intent.WHEN_MAY_I:
        return texts("duty.when", span=_span(window, duty, context), condition=provided)
    if duty.missed is not None and duty.missed.end and duty.missed.end.date() == asked.date():
        last, span = _last(duty.missed.end, context), _span(window, duty, context)
        return texts("duty.missed_next", limit=last, span=span, condition=provided)
    key = "duty.not_yet" if duty.begins else "duty.later"
    return texts(key, span=_span(window, duty, context), condition=provided)


def _none(verdict: Verdict, duty: Duty, context: Context) -> str:
    texts = context.texts
    if verdict.kind is VerdictKind.EXEMPT:
        return texts("duty.exempt", condition="")
    if duty.missed is not None and duty.missed.end:
        return texts("duty.missed", limit=_last(duty.missed.end, context))
    return texts("duty.none")


def _now(verdict: Verdict, duty: Duty, context: Context) -> str:
    """Obligatory, or only for whom the conditions name."""
    texts, window = context.texts, duty.window
    assert window is not None
    last = _last(window.end, context) if duty.limited and window.end else ""
    if verdict.kind is VerdictKind.OBLIGATORY:
        limit = texts("duty.limit", limit=last) if last else ""
        return texts("duty.obligatory", condition=_if(window, context), limit=limit)
    limit = texts("duty.limit_of", limit=last) if last else ""
    return texts("duty.only", condition=conditions(window.conditions, context), limit=limit)


def _if(window: Window, context: Context) -> str:
    words = conditions(window.conditions, context)
    return context.texts("duty.if", condition=words) if words else ""


def _except(window: Window, context: Context) -> str:
    words = conditions(window.conditions, context)
    return context.texts("verdict.unless", condition=words) if words else ""


# --- times ---


def _span(window: Window, duty: Duty, context: Context) -> str:
    """ "Jum 6 Mar, batas waktunya 15.00"; without a limit only the beginning: what ends a duty then is no
    deadline but the calendar."""
    texts, start, end = context.texts, window.start, window.end
    if not duty.limited or end is None:
        return texts("duty.from", start=_day_or_moment(start, context))
    if _midnight(start) and _midnight(end) and end - start <= timedelta(days=1):
        return _day(start, context)
    begin, last = _day_or_moment(start, context), _last(end, context, start)
    same_day = (end - _MINUTE).date() == start.date()
    return texts("duty.day_limit" if same_day and _midnight(start) else "duty.span", start=begin, limit=last)


def _last(end: datetime, context: Context, start: datetime | None = None) -> str:
    """The last day of what ends at midnight; else the hour."""
    if _midnight(end):
        return _day(end - _MINUTE, context)
    shown = end - _MINUTE if dates.at_latest(end.minute) else end
    return dates.moment(shown, start or context.now, context.texts)


def _day_or_moment(at: datetime, context: Context) -> str:
    return _day(at, context) if _midnight(at) else dates.moment(at, context.now, context.texts)


def _day(at: datetime, context: Context) -> str:
    return dates.day(at, context.texts, year=at.year != context.now.year)


def _midnight(at: datetime) -> bool:
    return at.hour == at.minute == 0
