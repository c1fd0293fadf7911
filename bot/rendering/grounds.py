"""The rules behind a verdict as a reply cites them: clause, words, circular, and where it was read."""

from __future__ import annotations

from bot.model import Citation, Explanation, Literal, Source, Verdict, VerdictKind
from bot.rendering import dates, facts
from bot.rendering.context import Context

_ROLES = {"larangan": "reply.condition", "kebolehan": "reply.exception", "kewajiban": "reply.duty"}
"""What a rule is to a verdict that it did not decide."""


def grounds(
    verdict: Verdict, explanation: Explanation, context: Context, *, duties: bool = True
) -> list[str]:
    """The rules behind the verdict, those that decide first; `duties`: with those that ride along."""
    texts = context.texts
    lines = [cited(citation, context) for citation in explanation.basis]
    if verdict.certain and explanation.others:
        lines.append(texts("reply.other_cases"))
        lines += [cited(citation, context) for citation in explanation.others]
    lines += limits(explanation, context)
    if not explanation.basis:
        lines += filter(None, [_unspoken(verdict, explanation, context)])
    given_way = (_set_aside(citation, explanation, context) for citation in explanation.overridden)
    lines += dict.fromkeys(given_way)
    lines += (texts("reply.not_for", who=_left_out(literal, context)) for literal in context.unaddressed)
    if verdict.kind is VerdictKind.PROHIBITED:
        lines += [texts("reply.sanction", content=texts.word(s.content)) for s in explanation.sanctions[:1]]
        return lines
    kept = [_kept(c, explanation, context) for c in explanation.duties if c.content]
    if kept and duties:
        lines.append(texts("reply.duties", duties="; ".join(kept)))
    return lines


def _kept(duty: Citation, explanation: Explanation, context: Context) -> str:
    """What a duty that rides along asks for, with its clause; with its circular too, if none is cited or
    another one."""
    texts = context.texts
    words = texts.word(duty.content or {"id": ""}).rstrip(".")
    if duty.clause is None:
        return words
    source = texts("reply.clause", clause=duty.clause)
    if any(c.ref.circular != duty.ref.circular for c in explanation.basis) or not explanation.basis:
        source = f"{named(duty.source, context)} {source}"
    return texts("duty.kept", content=words, source=source)


def _left_out(literal: Literal, context: Context) -> str:
    """The classes that a condition on what the person is leaves out: "Sekolah"."""
    options = context.vocabulary.facts[literal.fact].options
    first, *others = (option.value for option in options if option.value not in literal.values)
    left_out = Literal(literal.fact, first, also=tuple(others))
    return facts.condition(left_out, context.texts, context.vocabulary)


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
    said = {_words(citation) for citation in explanation.basis}
    given_way = {citation.ref for citation in explanation.overridden}
    lines = []
    for citation in explanation.contrary:
        if citation.ref in given_way or _words(citation) in said:
            continue
        said.add(_words(citation))
        again = citation.ref.circular in before
        words = _clause(citation, context) if again else cited(citation, context)
        if words:
            lines.append(context.texts(_ROLES[citation.modality], citation=words))
    return lines


def _words(citation: Citation) -> tuple[str, str | None, str | None, object]:
    """What of a rule a reader sees: two rules that one sentence of a circular gives are read once."""
    summary = None if citation.quote else tuple((citation.summary or {}).items()) or citation.ref
    return citation.ref.circular, citation.clause, citation.quote, summary


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
        case VerdictKind.NOT_IN_FORCE if explanation.revoked:
            lines = [revoked(source, context) for source in explanation.revoked]
            return " ".join([*lines, texts("reply.unregulated", regency=context.regency)])
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


def revoked(source: Source, context: Context) -> str:
    """Which circular revokes this one, and from when."""
    by = source.revoked_by
    assert by is not None
    since = dates.date_of(by.since, context.texts)
    return context.texts("reply.revoked", circular=named(source, context), by=named(by, context), since=since)


def _force(source: Source, context: Context) -> str:
    """When a circular is in force; its last day, not the day after."""
    texts, name = context.texts, named(source, context)
    since = dates.date_of(source.since, texts)
    if source.until is None:
        return texts("reply.force_from", circular=name, since=since)
    return texts("reply.force_span", circular=name, since=since, until=dates.last_day(source.until, texts))
