"""A verdict and what stands behind it, as the short text that a person reads on a small phone.

Order: the verdict with its condition in the first line; clause, circular and source; what rides along; what
was understood and until when it holds; cautions. Every sentence comes from the verdict or a citation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.model import (
    ALLOWED,
    Citation,
    Explanation,
    Literal,
    Question,
    Remark,
    Segment,
    Source,
    Unknown,
    Verdict,
    VerdictKind,
)
from bot.rendering import dates, facts
from bot.rendering.texts import Texts
from bot.vocabulary import Vocabulary
from bot.worktime import Stretch

MAX_REMARKS = 1
"""How many notes and open questions one answer carries; "kenapa?" shows them all."""

_SEGMENTED = (VerdictKind.PROHIBITED, VerdictKind.CONFLICT)


@dataclass(frozen=True, slots=True)
class Context:
    """What every line needs: the language, the words of rules, the moment of speaking, the regency's name.

    `stretch`: what the calendar says of the time asked about; None where it is no single stretch.
    """

    texts: Texts
    vocabulary: Vocabulary
    now: datetime
    regency: str
    stretch: Stretch | None = None


def answer(question: Question, verdict: Verdict, explanation: Explanation, context: Context) -> str:
    """The reply to "may I?"."""
    lines = [*_outlook(verdict, context), _understood(question, context)]
    first = headline(verdict, context, regulated=explanation.regulated)
    return assembled(first, verdict, explanation, lines, context)


def assembled(
    first: str, verdict: Verdict, explanation: Explanation, situation: Iterable[str], context: Context
) -> str:
    """The blocks of a reply, `first` on top."""
    blocks = [
        first,
        "\n".join(grounds(verdict, explanation, context)),
        "\n".join(situation),
        "\n".join(_warnings(verdict, explanation, context)),
    ]
    return "\n\n".join(block for block in blocks if block)


# --- the first line ---


def headline(verdict: Verdict, context: Context, *, regulated: bool = True) -> str:
    """The verdict with its condition. `regulated` False: no circular speaks of the act, so that not to have
    found a prohibition is no permission."""
    texts = context.texts
    if not regulated and verdict.kind is VerdictKind.NOT_PROHIBITED:
        return texts("verdict.unregulated")
    key = f"verdict.{verdict.kind.value}"
    if verdict.kind in ALLOWED:
        suffix = provided(verdict.conditions, context)
    else:
        way_out = conditions(verdict.conditions, context)
        suffix = texts("verdict.unless", condition=way_out) if way_out else ""
    if _mixed(verdict):
        part = spans((s for s in verdict.segments if s.kind is verdict.kind), context)
        return texts(f"{key}_part", part=part, condition=suffix)
    return texts(key, condition=suffix)


def _mixed(verdict: Verdict) -> bool:
    """Whether the time asked about has allowed parts beside those that forbid."""
    return verdict.kind in _SEGMENTED and any(segment.kind in ALLOWED for segment in verdict.segments)


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
    return facts.conditions(literals, context.texts, context.vocabulary)


# --- clause, circular, source ---


def grounds(verdict: Verdict, explanation: Explanation, context: Context) -> list[str]:
    texts = context.texts
    lines = [cited(citation, context) for citation in explanation.basis]
    if verdict.certain and explanation.others:
        lines.append(texts("reply.other_cases"))
        lines += [cited(citation, context) for citation in explanation.others]
    lines += limits(explanation, context)
    if not explanation.basis:
        lines += filter(None, [_unspoken(verdict, explanation, context)])
    lines += [_set_aside(citation, explanation, context) for citation in explanation.overridden]
    if verdict.kind is VerdictKind.PROHIBITED:
        lines += [texts("reply.sanction", content=texts.word(s.content)) for s in explanation.sanctions[:1]]
        return lines
    duties = [texts.word(c.content).rstrip(".") for c in explanation.duties if c.content]
    if duties:
        lines.append(texts("reply.duties", duties="; ".join(duties)))
    return lines


def _set_aside(citation: Citation, explanation: Explanation, context: Context) -> str:
    """A rule that gave way; its rank is named where rank decided."""
    texts, name = context.texts, named(citation.source, context)
    rank = texts.word(citation.source.rank)
    if all(texts.word(c.source.rank) == rank for c in explanation.basis):
        return texts("reply.overridden", circular=name)
    return texts("reply.overridden_rank", circular=name, rank=rank)


def limits(explanation: Explanation, context: Context) -> list[str]:
    """Where the conditions come from: the bans they guard against, or the clauses that lift the ban. A
    circular that the basis has named already is not named again."""
    before = {citation.ref.circular for citation in explanation.basis}
    lines = []
    for citation in explanation.contrary:
        again = citation.ref.circular in before
        words = _clause(citation, context) if again else cited(citation, context)
        key = "reply.condition" if citation.modality == "larangan" else "reply.exception"
        if words:
            lines.append(context.texts(key, citation=words))
    return lines


def cited(citation: Citation, context: Context) -> str:
    """Circular and clause, the quote, and where it was read."""
    circular, clause = named(citation.source, context), _clause(citation, context)
    key = "reply.cited_clause" if citation.clause else "reply.cited"
    line = context.texts(key, circular=circular, clause=clause) if clause else circular
    return f"{line} {seen(citation, context)}"


def _clause(citation: Citation, context: Context) -> str:
    """ "butir 3: “dilarang …”"; "" where the source gives neither number nor words."""
    texts = context.texts
    number = texts("reply.clause", clause=citation.clause) if citation.clause else ""
    if citation.quote:
        words = texts("reply.quoted", quote=citation.quote)
    elif citation.summary:
        words = texts("reply.summarised", summary=texts.word(citation.summary).rstrip("."))
    else:
        words = ""
    return ": ".join(filter(None, (number, words)))


def seen(citation: Citation, context: Context) -> str:
    key = "reply.original" if citation.source.original_seen else "reply.reported"
    return context.texts(key, publisher=citation.source.publisher)


def named(source: Source, context: Context) -> str:
    """ "Surat Edaran 800.1.6.2/3/427.72/2026"."""
    rank = context.texts.word(source.rank)
    if source.number is None:
        return context.texts("reply.unnumbered", rank=rank)
    return context.texts("reply.circular", rank=rank, number=source.number)


def _unspoken(verdict: Verdict, explanation: Explanation, context: Context) -> str:
    """What to say where no rule carries the verdict: which circulars were looked at, and whom to ask."""
    texts = context.texts
    cited_above = {citation.ref.circular for citation in explanation.contrary}
    checked = [source for source in explanation.sources if source.circular not in cited_above]
    match verdict.kind:
        case VerdictKind.NOT_IN_FORCE if explanation.sources:
            return " ".join(_force(source, context) for source in explanation.sources)
        case VerdictKind.NOT_COVERED:
            return texts("reply.not_covered", regency=context.regency)
        case _:
            partial = [named(source, context) for source in explanation.sources if not source.complete]
            names = ", ".join(named(source, context) for source in checked)
            lines = [texts("reply.not_prohibited", circular=names)] if names else []
            lines += [texts("reply.partial", circular=name) for name in partial]
            if not explanation.regulated:
                lines.append(texts("reply.unregulated", regency=context.regency))
            return " ".join(lines)


def _force(source: Source, context: Context) -> str:
    """When a circular is in force; its last day, not the day after."""
    texts, name = context.texts, named(source, context)
    since = dates.date_of(source.since, texts)
    if source.until is None:
        return texts("reply.force_from", circular=name, since=since)
    return texts("reply.force_span", circular=name, since=since, until=dates.last_day(source.until, texts))


# --- what was understood, until when ---


def _understood(question: Question, context: Context) -> str:
    return context.texts("reply.understood", what=understood(question, context))


def _outlook(verdict: Verdict, context: Context) -> list[str]:
    """From when it is allowed, and until when the answer holds."""
    texts, now = context.texts, context.now
    lines = []
    upcoming, until = verdict.next_permitted, verdict.valid_until
    if verdict.kind is VerdictKind.NOT_COVERED:
        upcoming = None  # what is allowed to others says nothing to those whom no circular addresses
    if upcoming is not None and _mixed(verdict):
        return [texts("reply.rest", condition=provided(upcoming.conditions, context))]
    if upcoming is not None and (upcoming.start > now or upcoming.conditions != verdict.conditions):
        span = dates.span(upcoming.start, upcoming.end, now, texts)
        lines.append(texts("reply.next", span=span, condition=provided(upcoming.conditions, context)))
    elif upcoming is None and verdict.kind is VerdictKind.PROHIBITED and not verdict.conditions:
        lines.append(texts("reply.never"))
    if until is not None and (upcoming is None or upcoming.start != until):
        lines.append(texts("reply.until", until=dates.moment(until, now, texts)))
    return lines


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
