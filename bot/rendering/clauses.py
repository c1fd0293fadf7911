"""Replies to the questions around a verdict: why, what follows, which rule, from when, and the rest.

All of it comes from the circulars' own clauses and notes; what they do not regulate is said plainly, with
whom to ask.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.model import ALLOWED, Citation, Explanation, Question, Source, Verdict, VerdictKind, Window
from bot.rendering import dates
from bot.rendering.answer import answer, assembled, headline, remark, understood
from bot.rendering.context import Context, provided, spans
from bot.rendering.grounds import cited, limits, named, revoked
from bot.vocabulary import Activity

MOST_RULES = 12
"""More clauses than this fill more than a screen."""


def why(
    question: Question, verdict: Verdict, explanation: Explanation, context: Context, first: str | None = None
) -> str:
    """The rules behind the verdict, what exceptions ask for, and the purpose the circular gives. `first`:
    what the answer was, if not the verdict itself."""
    texts = context.texts
    lines = [texts("why.head", headline=first or headline(verdict, context, explanation))]
    lines += [cited(citation, context) for citation in (*explanation.basis, *explanation.others)]
    lines += limits(explanation, context)
    if not explanation.basis and not explanation.contrary:
        names = ", ".join(named(source, context) for source in explanation.sources)
        lines.append(texts("why.no_rule", circular=names or context.regency))
    lines += [remark(note, context) for note in explanation.notes if note.kind == "pengertian"]
    purposes = [remark(note, context) for note in explanation.notes if note.kind == "tujuan"]
    lines += purposes or [texts("why.no_purpose")]
    lines.append(texts("reply.understood", what=understood(question, context)))
    return "\n\n".join(lines)


def sanction(explanation: Explanation, context: Context) -> str:
    """The sanctions the circular names, each with its source; or that it names none."""
    texts = context.texts
    if not explanation.sanctions:
        names = _names(explanation.sources, context)
        return texts("sanction.none", circular=names or context.regency, regency=context.regency)
    lines = [texts("sanction.head")]
    for entry in explanation.sanctions:
        lines.append(remark(entry, context))
        if entry.quote:
            key = "reply.original" if entry.source.original_seen else "reply.reported"
            lines.append(
                texts("reply.quote", quote=entry.quote, seen=texts(key, publisher=entry.source.publisher))
            )
    lines.append(texts("sanction.process"))
    return "\n\n".join(lines)


def which_rule(explanation: Explanation, context: Context) -> str:
    """Number, subject, issuer, dates and standing of the circulars that speak of the act."""
    texts = context.texts
    if not explanation.sources and not explanation.revoked:
        return texts("which.none", regency=context.regency)
    pages = [described(source, context) for source in explanation.sources]
    rules = _contents(explanation, context)
    if len(rules) <= MOST_RULES:
        pages += ["\n".join(rules)] if rules else []
    return "\n\n".join([*pages, *(revoked(source, context) for source in explanation.revoked)])


def _contents(explanation: Explanation, context: Context) -> list[str]:
    """Every clause in a few words: "• butir 3: dilarang meninggalkan kantor"; what one clause says of several
    acts, together."""
    texts = context.texts
    acts: dict[tuple[str, str | None, str], dict[str, None]] = {}
    for rule in explanation.contents:
        key, words = _kind(rule), _act(rule, context)
        acts.setdefault((rule.ref.circular, rule.clause, key), {})[words] = None
    lines = []
    for (_, clause, key), named_acts in acts.items():
        *others, last = named_acts
        what = texts("verdict.and").join(filter(None, [", ".join(others), last]))
        line = texts(key, what=what)
        number = texts("reply.clause", clause=clause) if clause else ""
        lines.append("• " + ": ".join(filter(None, [number, line])))
    return lines


def _kind(rule: Citation) -> str:
    if rule.exception:
        return "contents.exception"
    return "contents.kewajiban_pendamping" if rule.content is not None else f"contents.{rule.modality}"


def _act(rule: Citation, context: Context) -> str:
    if rule.content is not None:
        return context.texts.word(rule.content).rstrip(".")
    return context.texts.word(context.vocabulary.activities[rule.activity].name)


def described(source: Source, context: Context) -> str:
    texts = context.texts
    lines = [
        texts(
            "which.circular", number=source.number or texts("which.no_number"), rank=texts.word(source.rank)
        ),
        texts("which.about", about=texts.word(source.about), issuer=source.issuer),
        texts(
            "which.dates",
            enacted=dates.date_of(source.enacted, texts),
            since=dates.date_of(source.since, texts),
        ),
    ]
    if source.until is not None:
        lines.append(texts("which.until", until=dates.last_day(source.until, texts)))
    if source.since_assumed:
        lines.append(texts("which.assumed", basis=source.since_assumed))
    key = "which.original" if source.original_seen else "which.reported"
    lines.append(texts(key, publisher=source.publisher))
    return "\n".join(lines)


def when_may_i(
    question: Question, verdict: Verdict, window: Window | None, explanation: Explanation, context: Context
) -> str:
    """From when the act is allowed, under which condition; `window` None: not within the horizon. That no
    circular speaks of the act is no permission, at no time."""
    if window is None or (verdict.kind is VerdictKind.NOT_PROHIBITED and not explanation.regulated):
        return answer(question, verdict, explanation, context)
    understood_line = context.texts("reply.understood", what=understood(question, context))
    first = _windows(verdict, window, context)
    return assembled(first, verdict, explanation, [understood_line], context)


def _windows(verdict: Verdict, window: Window, context: Context) -> str:
    texts, suffix = context.texts, provided(window.conditions, context)
    allowed = [segment for segment in verdict.segments if segment.kind in ALLOWED]
    if allowed:
        return texts("when.window", span=spans(allowed, context), condition=suffix)
    if verdict.kind not in ALLOWED or window.start > context.now:
        return texts(
            "when.window", span=dates.span(window.start, window.end, context.now, texts), condition=suffix
        )
    if window.end is None:
        return texts("when.now", condition=suffix)
    until = dates.moment(window.end, context.now, texts)
    return texts("when.now_until", condition=suffix, until=until)


def which_time(readings: Sequence[datetime], context: Context) -> str:
    """The question back when the readings of a time lead to different verdicts."""
    listed = context.texts("verdict.or").join(dates.moment(at, context.now, context.texts) for at in readings)
    return context.texts("ask.time", readings=listed)


def which_act(activities: Sequence[Activity], context: Context) -> str:
    """The question back when acts that the words can mean are ruled differently."""
    names = context.texts("verdict.or").join(context.texts.word(activity.name) for activity in activities)
    return context.texts("ask.activity", activities=names)


def unregulated(explanation: Explanation, context: Context) -> str:
    """Something no registered circular speaks of."""
    names = _names(explanation.sources, context)
    if not names:
        return context.texts("reply.not_covered", regency=context.regency)
    return context.texts("scope.out", circulars=names, regency=context.regency)


def _names(sources: Sequence[Source], context: Context) -> str:
    texts = context.texts
    return "; ".join(f"{named(source, context)} ({texts.word(source.about)})" for source in sources)
