"""A verdict and what stands behind it, as the short text that a person reads on a small phone.

Order: the verdict with its condition in the first line; clause, circular and source; what rides along; what
was understood and until when it holds; cautions. Every sentence comes from the verdict or a citation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from bot.model import (
    ALLOWED,
    Explanation,
    Question,
    Remark,
    Unknown,
    Verdict,
    VerdictKind,
)
from bot.rendering import dates, facts
from bot.rendering.context import Context, conditions, provided, spans, stated
from bot.rendering.grounds import grounds
from bot.rendering.texts import Texts
from bot.worktime import Stretch

MAX_REMARKS = 1
"""How many notes and open questions one answer carries; "kenapa?" shows them all."""

UNEXPLAINED = Explanation()

_SEGMENTED = (VerdictKind.PROHIBITED, VerdictKind.CONFLICT)


def answer(question: Question, verdict: Verdict, explanation: Explanation, context: Context) -> str:
    """The reply to "may I?"."""
    lines = [*outlook(question, verdict, context), _understood(question, context)]
    first = headline(verdict, context, explanation)
    return assembled(first, verdict, explanation, lines, context)


def assembled(
    first: str,
    verdict: Verdict,
    explanation: Explanation,
    situation: Iterable[str],
    context: Context,
    *,
    duties: bool = True,
) -> str:
    """The blocks of a reply, `first` on top. `duties` False: it has named those that ride along already."""
    blocks = [
        first,
        "\n".join(grounds(verdict, explanation, context, duties=duties)),
        "\n".join(situation),
        "\n".join(_warnings(verdict, explanation, context)),
    ]
    return "\n\n".join(block for block in blocks if block)


# --- the first line ---


def headline(verdict: Verdict, context: Context, explanation: Explanation = UNEXPLAINED) -> str:
    """The verdict with its condition. Where no circular speaks of the act, not to have found a prohibition is
    no permission."""
    texts = context.texts
    if not explanation.regulated and verdict.kind is VerdictKind.NOT_PROHIBITED:
        return texts("verdict.unregulated")
    if verdict.kind is VerdictKind.NOT_COVERED and explanation.excluded is not None:
        who = facts.condition(explanation.excluded, texts, context.vocabulary)
        return texts(f"verdict.not_covered_{explanation.excluded.fact}", who=who)
    if verdict.kind is VerdictKind.NOT_IN_FORCE and explanation.revoked:
        return texts("verdict.revoked")
    key = f"verdict.{verdict.kind.value}"
    suffix = provided(verdict.conditions, context) if verdict.kind in ALLOWED else _unless(verdict, context)
    if _mixed(verdict):
        part = spans((s for s in verdict.segments if s.kind is verdict.kind), context)
        return texts(f"{key}_part", part=part, condition=suffix)
    return texts(key, condition=suffix)


def _unless(verdict: Verdict, context: Context) -> str:
    """ ", kecuali …"; "Dilarang bila lewat internet kantor" rather than "kecuali tidak lewat …"."""
    texts, said = context.texts, stated(verdict.conditions, context)
    words = conditions(said, context)
    if not words:
        return ""
    positive = facts.affirmed(said[0], texts, context.vocabulary) if len(said) == 1 else None
    return texts("verdict.if", condition=positive) if positive else texts("verdict.unless", condition=words)


def _mixed(verdict: Verdict) -> bool:
    """Whether the time asked about has allowed parts beside those that forbid."""
    return verdict.kind in _SEGMENTED and any(segment.kind in ALLOWED for segment in verdict.segments)


# --- what was understood, until when ---


def _understood(question: Question, context: Context) -> str:
    return context.texts("reply.understood", what=understood(question, context))


def outlook(question: Question, verdict: Verdict, context: Context) -> list[str]:
    """From when it is allowed, and until when the answer holds. The time that was asked about is never named
    as one from which the act is allowed: the first line has said under which condition it is."""
    texts, now = context.texts, context.now
    lines = []
    upcoming, until = verdict.next_permitted, verdict.valid_until
    if verdict.kind is VerdictKind.NOT_COVERED:
        upcoming = None  # what is allowed to others says nothing to those whom no circular addresses
    if context.idle:
        upcoming = None
    if upcoming is not None and _mixed(verdict):
        return [texts("reply.rest", condition=provided(upcoming.conditions, context))]
    asked = _asked(question) or now
    later = upcoming is not None and upcoming.start > asked
    if upcoming is not None and later and (upcoming.start > now or upcoming.conditions != verdict.conditions):
        span = dates.span(upcoming.start, upcoming.end, now, texts)
        lines.append(texts("reply.next", span=span, condition=provided(upcoming.conditions, context)))
    elif (
        upcoming is None
        and not context.idle
        and verdict.kind is VerdictKind.PROHIBITED
        and not verdict.conditions
    ):
        lines.append(texts("reply.never"))
    if (
        until is not None
        and not context.vocabulary.momentary(question.facts)
        and (upcoming is None or upcoming.start != until)
    ):
        lines.append(texts("reply.until", until=dates.moment(until, now, texts)))
    return lines


def _asked(question: Question) -> datetime | None:
    """The start of the time asked about; of a stretch its last minute."""
    when = question.when
    if when is None or when.start is None:
        return None
    return when.start if when.end is None else max(when.start, when.end - timedelta(minutes=1))


def understood(question: Question, context: Context) -> str:
    """One line of what the question was taken to be: act, time, facts said."""
    texts, vocabulary = context.texts, context.vocabulary
    parts = []
    if question.activity is not None:
        parts.append(texts.word(vocabulary.activities[question.activity].name))
    if question.when is not None and question.when.start is not None:
        parts.append(dates.when(question.when, texts))
    if context.stretch is not None:
        parts.append(_state(context.stretch, texts))
    parts += [
        facts.said(vocabulary.facts[fact], value, texts)
        for fact, value in question.facts.items()
        if not isinstance(value, Unknown)
    ]
    return " · ".join(parts)


def _absence(stretch: Stretch | None, texts: Texts) -> str:
    """What keeps the person away, in words; leave, the ordinary case, where the words have no name for it."""
    key = f"away.{stretch.absence}" if stretch is not None else ""
    return texts(key if key in texts else "away.cuti")


def _state(stretch: Stretch, texts: Texts) -> str:
    """ "jam kerja", "jam istirahat", "cuti", "libur (Hari Raya Natal)" …"""
    if stretch.absence is not None:
        return _absence(stretch, texts)
    holiday = texts.word(stretch.holiday.names) if stretch.holiday else ""
    return texts(f"state.{stretch.reason.value}", holiday=holiday)


# --- cautions ---


def _warnings(verdict: Verdict, explanation: Explanation, context: Context) -> list[str]:
    texts = context.texts
    lines = []
    if verdict.cautions:
        values = {"regency": context.regency, "absence": _absence(context.stretch, texts)}
        cautions = [texts(f"caution.{name}", **values) for name in verdict.cautions]
        lines.append(texts("caution.all", cautions="; ".join(cautions)))
    lines += [remark(entry, context) for entry in explanation.notes if entry.kind == "pendapat"][:MAX_REMARKS]
    lines += [remark(entry, context) for entry in explanation.open_questions if entry.specific][:MAX_REMARKS]
    return lines


def remark(entry: Remark, context: Context) -> str:
    """A note with its speaker and its kind: an opinion is shown as one."""
    texts = context.texts
    values: Mapping[str, object] = {
        "content": texts.word(entry.content),
        "speaker": entry.speaker or texts.word(entry.source.rank),
    }
    return texts(f"remark.{entry.kind}", **values)
